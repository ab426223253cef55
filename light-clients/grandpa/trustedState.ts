/**
 * What the client keeps between updates, as bytes: our own and trusted when they come back (the store guards them).
 *
 *   version 0x01 ‖ header of the finalized block as Vec<u8> ‖ set id u64 ‖ AuthorityList ‖ Option<parachain header as Vec<u8>>
 *
 * The authority set is the one that signs descendants of that block.
 */
import { Refusal } from '../refusal.ts';
import { createScaleReader, joinBytes, type ScaleReader, sizedBytes, u64Bytes } from '../scale.ts';
import { type AuthoritySet, encodeAuthorities, readAuthorities } from './authoritySet.ts';
import { HEADER_BYTES_MAX } from './limits.ts';

export interface TrustedState {
  /** The finalized relay-chain (or solo-chain) header. */
  readonly header: Uint8Array;
  readonly set: AuthoritySet;
  /** The newest proven header of the parachain, when the client follows one. */
  readonly parachainHeader: Uint8Array | undefined;
}

const VERSION = 1;

export function encodeTrustedState(state: TrustedState): Uint8Array {
  return joinBytes([
    Uint8Array.of(VERSION),
    sizedBytes(state.header),
    u64Bytes(state.set.setId),
    encodeAuthorities(state.set.authorities),
    optionBytes(state.parachainHeader),
  ]);
}

/** Throws `Refusal`. */
export function decodeTrustedState(bytes: Uint8Array): TrustedState {
  const reader = createScaleReader(bytes, 'trusted state');
  if (reader.u8() !== VERSION) throw new Refusal('trusted state: unknown version');
  const header = reader.sized(HEADER_BYTES_MAX);
  const setId = reader.u64();
  const authorities = readAuthorities(reader);
  const parachainHeader = readOption(reader, () => reader.sized(HEADER_BYTES_MAX));
  reader.end();
  return { header, set: { setId, authorities }, parachainHeader };
}

export function optionBytes(bytes: Uint8Array | undefined): Uint8Array {
  return bytes === undefined ? Uint8Array.of(0) : joinBytes([Uint8Array.of(1), sizedBytes(bytes)]);
}

export function readOption<T>(reader: ScaleReader, read: () => T): T | undefined {
  const tag = reader.u8();
  if (tag > 1) throw new Refusal('an option is neither there nor absent');
  return tag === 1 ? read() : undefined;
}
