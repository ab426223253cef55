/**
 * The terms of a release: what its transaction depends on besides the chunk, the shard, the slot and the manifest. They are
 * proposed by whoever asks, and each member checks them.
 *
 * | offset | size | field                                                   |
 * |--------|------|---------------------------------------------------------|
 * | 0      | 1    | version                                                 |
 * | 1      | 8    | account number, u64                                     |
 * | 9      | 8    | time that the packets are judged by, unix seconds, u64  |
 * | 17     | 8    | timeout height, u64                                     |
 * | 25     | 1    | fee step                                                |
 * | 26     | 0-64 | refused packets, as in a release memo                   |
 */
import { copyBytes, readU64, writeU64 } from '../../relayer/core/bytes.ts';
import { CHUNK_PACKETS_MAX } from '../../relayer/core/limits.ts';
import { decodeBitmap, encodeBitmap } from './releaseMemo.ts';

export interface ReleaseTerms {
  /** The shard's, as the chain numbers it. A wrong one makes signatures useless, not dangerous. */
  readonly accountNumber: bigint;
  /** Chain time that deadlines are judged by, unix seconds. */
  readonly asOf: bigint;
  /** The last block that may hold the transaction. */
  readonly timeoutHeight: bigint;
  /** How often the fee was raised. */
  readonly feeStep: number;
  /** Positions in the chunk, ascending. */
  readonly refused: readonly number[];
}

/** A fee grows by a quarter each step: six times what the cost model says at the most. */
export const FEE_STEPS_MAX = 8;

const VERSION = 1;
const HEAD_BYTES = 26;

export function encodeTerms(terms: ReleaseTerms): Uint8Array {
  const bitmap = encodeBitmap(terms.refused);
  const bytes = new Uint8Array(HEAD_BYTES + bitmap.length);
  bytes[0] = VERSION;
  writeU64(bytes, 1, terms.accountNumber);
  writeU64(bytes, 9, terms.asOf);
  writeU64(bytes, 17, terms.timeoutHeight);
  bytes[25] = terms.feeStep;
  bytes.set(bitmap, HEAD_BYTES);
  return bytes;
}

/** Total: undefined for what is not exactly that. `count`: packets in the chunk. */
export function decodeTerms(bytes: Uint8Array, count: number): ReleaseTerms | undefined {
  if (bytes.length < HEAD_BYTES || bytes.length > HEAD_BYTES + CHUNK_PACKETS_MAX / 8) return undefined;
  const feeStep = bytes[25] as number;
  const refused = decodeBitmap(copyBytes(bytes, HEAD_BYTES, bytes.length), count);
  if (bytes[0] !== VERSION || feeStep > FEE_STEPS_MAX || refused === undefined) return undefined;
  const [accountNumber, asOf, timeoutHeight] = [readU64(bytes, 1), readU64(bytes, 9), readU64(bytes, 17)];
  return { accountNumber, asOf, timeoutHeight, feeStep, refused };
}
