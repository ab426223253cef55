/**
 * Branded ids, made only by the parsers here. Names match `[a-z0-9-]+`, so they are safe as a NATS token, in a store
 * key and in a path.
 */
import { bytesToHex, fromHex } from './bytes.ts';
import { ViaductError } from './errors.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** An operator's short name of a chain in the manifest, such as `anvil-a`. */
export type ChainName = Branded<string, 'ChainName'>;
/** A chain's CAIP-2 id, such as `eip155:11155111`. */
export type Caip2 = Branded<string, 'Caip2'>;
/** Lane id: 64 lower-case hex digits of 32 bytes, without `0x`: a NATS token, a key and a URL part as it is. */
export type LaneId = Branded<string, 'LaneId'>;
/** Transfer id: 64 lower-case hex digits. */
export type TransferId = Branded<string, 'TransferId'>;
/** A token's number in the manifest, u32. */
export type AssetId = Branded<number, 'AssetId'>;

export type Family = 'evm' | 'cosmos' | 'substrate';

export function chainName(text: string): ChainName {
  if (!/^[a-z0-9-]{1,32}$/.test(text)) throw malformed('chain name', '1 to 32 of a-z, 0-9 and -', text);
  return text as ChainName;
}

/** CAIP-2: namespace of 3 to 8, reference of 1 to 32 characters. */
export function caip2(text: string): Caip2 {
  if (!/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/.test(text)) throw malformed('CAIP-2 chain id', 'such as eip155:1', text);
  return text as Caip2;
}

export function laneId(value: string | Uint8Array): LaneId {
  return digest(value, 'lane id') as LaneId;
}

export function transferId(value: string | Uint8Array): TransferId {
  return digest(value, 'transfer id') as TransferId;
}

export function assetId(value: number): AssetId {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw malformed('asset id', 'an integer from 0 to 4294967295', String(value));
  }
  return value as AssetId;
}

/** The 32 bytes of a lane or transfer id. */
export function idBytes(id: LaneId | TransferId): Uint8Array {
  return fromHex(id, 32);
}

function digest(value: string | Uint8Array, what: string): string {
  const hex = typeof value === 'string' ? value.replace(/^0x/, '').toLowerCase() : bytesToHex(value);
  if (!/^[0-9a-f]{64}$/.test(hex)) throw malformed(what, '32 bytes as 64 hex digits', hex);
  return hex;
}

function malformed(what: string, expected: string, got: string): ViaductError {
  return new ViaductError({
    code: 'DECODE_FAILED',
    shortMessage: `Malformed ${what}.`,
    metaMessages: [`Expected ${expected}; got ${JSON.stringify(got.slice(0, 80))}.`],
  });
}
