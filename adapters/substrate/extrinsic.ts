/**
 * Signed extrinsics of version 4, for any runtime: what its signed extensions add is laid out by its metadata, and a runtime
 * with an extension that adds something unknown is refused rather than guessed.
 *
 * Eras are mortal: an extrinsic that is not included within its period can never be.
 *
 * Source: sp-runtime `UncheckedExtrinsic`, `Era`.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { joinBytes, sizedBytes, u32Bytes } from '../../light-clients/scale.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { writeCompact } from './codec.ts';
import type { SigningKey } from './keys.ts';
import type { Runtime } from './runtime.ts';

/** What an extrinsic is signed for, beside its call. */
export interface SigningContext {
  readonly specVersion: number;
  readonly transactionVersion: number;
  readonly genesisHash: Uint8Array;
  /** The block that the era begins at. */
  readonly era: { readonly number: number; readonly hash: Uint8Array };
}

export interface ExtrinsicTerms {
  readonly nonce: bigint;
  readonly tip: bigint;
}

/** Blocks after its first in which an extrinsic may be included. */
export const ERA_BLOCKS = 64;
const VERSION = 0x84;
/** Longer payloads are signed by their hash. */
const PAYLOAD_BYTES_MAX = 256;

export function signExtrinsic(
  runtime: Runtime,
  call: Uint8Array,
  key: SigningKey,
  context: SigningContext,
  terms: ExtrinsicTerms,
): { readonly raw: Uint8Array; readonly hash: string } {
  const { extra, additional } = extensions(runtime, context, terms);
  const payload = joinBytes([call, extra, additional]);
  const signature = key.sign(payload.length > PAYLOAD_BYTES_MAX ? blake2b256(payload) : payload);
  const { metadata, codec } = runtime;
  const addressType = codec.entry(metadata.extrinsic.type).parameters.get('Address');
  if (addressType === undefined) throw unknownForm('no address');
  const address = codec.encode(addressType, key.account);
  const raw = sizedBytes(joinBytes([Uint8Array.of(VERSION), address, signature, extra, call]));
  return { raw, hash: toHex(blake2b256(raw)) };
}

function extensions(
  runtime: Runtime,
  context: SigningContext,
  { nonce, tip }: ExtrinsicTerms,
): { readonly extra: Uint8Array; readonly additional: Uint8Array } {
  const extras: Uint8Array[] = [];
  const additions: Uint8Array[] = [];
  for (const { name, extra, additional } of runtime.metadata.extrinsic.extensions) {
    switch (name) {
      case 'CheckSpecVersion':
        additions.push(u32Bytes(context.specVersion));
        break;
      case 'CheckTxVersion':
        additions.push(u32Bytes(context.transactionVersion));
        break;
      case 'CheckGenesis':
        additions.push(context.genesisHash);
        break;
      case 'CheckMortality':
      case 'CheckEra':
        extras.push(eraBytes(context.era.number));
        additions.push(context.era.hash);
        break;
      case 'CheckNonce':
        extras.push(writeCompact(nonce));
        break;
      case 'ChargeTransactionPayment':
        extras.push(writeCompact(tip));
        break;
      case 'ChargeAssetTxPayment':
        // No asset: the fee is paid in the chain's coin.
        extras.push(writeCompact(tip), Uint8Array.of(0));
        break;
      case 'CheckMetadataHash':
        // Mode disabled, and no hash.
        extras.push(Uint8Array.of(0));
        additions.push(Uint8Array.of(0));
        break;
      default:
        if (!isEmpty(runtime, extra) || !isEmpty(runtime, additional)) throw unknownForm(`the extension ${name}`);
    }
  }
  return { extra: joinBytes(extras), additional: joinBytes(additions) };
}

/** A mortal era that begins at a block: two bytes, the period's logarithm below the phase. */
export function eraBytes(start: number): Uint8Array {
  const encoded = (Math.log2(ERA_BLOCKS) - 1) | ((start % ERA_BLOCKS) << 4);
  return Uint8Array.of(encoded & 255, encoded >>> 8);
}

function isEmpty(runtime: Runtime, type: number): boolean {
  const { definition } = runtime.codec.entry(type);
  if (definition.kind === 'tuple') return definition.types.every((item) => isEmpty(runtime, item));
  return definition.kind === 'composite' && definition.fields.every((field) => isEmpty(runtime, field.type));
}

function unknownForm(what: string): ViaductError {
  return new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: `The chain's extrinsics have ${what}, which this version does not know how to sign.`,
  });
}
