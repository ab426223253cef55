/**
 * BEEFY commitments: what the relay chain's validators sign, by secp256k1 and Keccak-256, for chains that cannot check
 * GRANDPA. Decoding and encoding only; `verifySignedCommitment` says what one proves.
 *
 *   commitment: Vec<(id [u8; 2], Vec<u8>)> ‖ block number u32 ‖ validator set id u64
 *   signed, compact form: 0x01 (V1) ‖ commitment ‖ signers bitfield Vec<u8> ‖ set size u32 ‖ Vec<signature (65)>
 *
 * The bitfield has its highest bit first and always one byte more than the whole bytes of the size (the encoder pads a full
 * last byte by another). Here bits and signatures must agree in number and no padding bit may be set.
 */
import { keccak256 } from '../keccak.ts';
import { Refusal, must } from '../refusal.ts';
import {
  compactBytes,
  createScaleReader,
  joinBytes,
  type ScaleReader,
  sizedBytes,
  u32Bytes,
  u64Bytes,
} from '../scale.ts';

export interface Commitment {
  /** `id` is two characters, such as `mh` for the MMR root; ascending and without repetition. */
  readonly payload: readonly { readonly id: string; readonly data: Uint8Array }[];
  readonly blockNumber: number;
  readonly setId: bigint;
}

export interface SignedCommitment {
  readonly commitment: Commitment;
  /** One place a member: its signature (r ‖ s ‖ recovery id), or undefined. */
  readonly signatures: readonly (Uint8Array | undefined)[];
}

/** No specific reason: one item is in use. */
const PAYLOAD_ITEMS_MAX = 16;
const PAYLOAD_BYTES_MAX = 1_024;
/** Ten times the largest known set. */
export const BEEFY_AUTHORITIES_MAX = 10_000;

/** Decodes a commitment alone. Throws `Refusal`. */
export function decodeCommitment(bytes: Uint8Array): Commitment {
  const reader = createScaleReader(bytes, 'commitment');
  const commitment = readCommitment(reader);
  reader.end();
  return commitment;
}

export function encodeCommitment(commitment: Commitment): Uint8Array {
  return joinBytes([
    compactBytes(commitment.payload.length),
    ...commitment.payload.flatMap(({ id, data }) => [
      Uint8Array.from(id, (character) => character.charCodeAt(0)),
      sizedBytes(data),
    ]),
    u32Bytes(commitment.blockNumber),
    u64Bytes(commitment.setId),
  ]);
}

/** What is signed. */
export function hashCommitment(commitment: Commitment): Uint8Array {
  return keccak256(encodeCommitment(commitment));
}

/** Decodes `VersionedFinalityProof::V1`, as `beefy_subscribeJustifications` gives it. Throws `Refusal`. */
export function decodeSignedCommitment(bytes: Uint8Array): SignedCommitment {
  const reader = createScaleReader(bytes, 'signed commitment');
  if (reader.u8() !== 1) throw new Refusal('signed commitment: unknown version');
  const commitment = readCommitment(reader);
  const bits = reader.sized(BEEFY_AUTHORITIES_MAX / 8 + 1);
  const size = reader.u32();
  must(size > 0 && size <= BEEFY_AUTHORITIES_MAX, 'signed commitment: no such set size');
  must(bits.length === Math.floor(size / 8) + 1, 'signed commitment: the bitfield does not fit the set');
  const count = reader.length(size);
  const signatures: (Uint8Array | undefined)[] = [];
  let used = 0;
  for (let member = 0; member < bits.length * 8; member++) {
    const signed = (((bits[member >>> 3] as number) >>> (7 - (member & 7))) & 1) === 1;
    must(!signed || member < size, 'signed commitment: a bit beyond the set');
    must(!signed || used < count, 'signed commitment: more bits than signatures');
    if (signed) used++;
    if (member < size) signatures.push(signed ? reader.bytes(65) : undefined);
  }
  must(used === count, 'signed commitment: more signatures than bits');
  reader.end();
  return { commitment, signatures };
}

export function encodeSignedCommitment({ commitment, signatures }: SignedCommitment): Uint8Array {
  const bits = new Uint8Array(Math.floor(signatures.length / 8) + 1);
  signatures.forEach((signature, member) => {
    if (signature !== undefined) bits[member >>> 3] = (bits[member >>> 3] as number) | (0x80 >>> (member & 7));
  });
  const given = signatures.filter((signature) => signature !== undefined);
  return joinBytes([
    Uint8Array.of(1),
    encodeCommitment(commitment),
    sizedBytes(bits),
    u32Bytes(signatures.length),
    compactBytes(given.length),
    ...given,
  ]);
}

function readCommitment(reader: ScaleReader): Commitment {
  const payload: { readonly id: string; readonly data: Uint8Array }[] = [];
  for (let left = reader.length(PAYLOAD_ITEMS_MAX); left > 0; left--) {
    const id = String.fromCharCode(...reader.bytes(2));
    const before = payload[payload.length - 1];
    must(before === undefined || before.id < id, 'commitment: payload ids are not ascending');
    payload.push({ id, data: reader.sized(PAYLOAD_BYTES_MAX) });
  }
  return { payload, blockNumber: reader.u32(), setId: reader.u64() };
}
