/**
 * The memo of a release: which packets a transaction of the vault pays, and which of them it refuses.
 *
 *   v1d|<lane>|<first sequence>|<count>|<chunk hash>|<refused>
 *
 *   lane        the first 16 hex digits of the lane's id: enough to tell the lanes of one gateway apart
 *   chunk hash  keccak256 over the packets, 64 hex digits: binds them
 *   refused     a bit for each packet that is not paid, the lowest bit of the first byte for the first packet, in hex
 *               without zero bytes at the end; empty when all are paid
 *
 * At most 239 characters for 512 packets; chains allow 256. One spelling only.
 */
import { bytesToHex, fromHex } from '../../relayer/core/bytes.ts';
import { assert } from '../../relayer/core/errors.ts';
import { CHUNK_PACKETS_MAX } from '../../relayer/core/limits.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { LANE_DIGITS } from './gateway.ts';

export interface ReleaseMemo {
  /** The first digits of the lane's id. */
  readonly laneDigits: string;
  readonly firstSequence: bigint;
  readonly count: number;
  /** 32 bytes. */
  readonly chunkHash: Uint8Array;
  /** Positions in the chunk, ascending. */
  readonly refused: readonly number[];
}

/** The memo of a transaction that only uses a slot up. */
export const BLANK_MEMO = 'v1b';

const MEMO = /^v1d\|([0-9a-f]{16})\|(0|[1-9][0-9]{0,19})\|([1-9][0-9]{0,2})\|([0-9a-f]{64})\|((?:[0-9a-f]{2}){0,64})$/;
const U64_END = 1n << 64n;

export function encodeReleaseMemo(lane: LaneId, release: Omit<ReleaseMemo, 'laneDigits'>): string {
  const { firstSequence, count, chunkHash, refused } = release;
  const digits = lane.slice(0, LANE_DIGITS);
  return `v1d|${digits}|${firstSequence}|${count}|${bytesToHex(chunkHash)}|${bytesToHex(encodeBitmap(refused))}`;
}

/** Total: undefined for anything that is not exactly a release memo. */
export function decodeReleaseMemo(text: string): ReleaseMemo | undefined {
  const [, laneDigits, first, countText, hash, bitmap] = MEMO.exec(text) ?? [];
  if (laneDigits === undefined || first === undefined || hash === undefined || bitmap === undefined) return undefined;
  const [firstSequence, count] = [BigInt(first), Number(countText)];
  if (count > CHUNK_PACKETS_MAX || firstSequence + BigInt(count) > U64_END) return undefined;
  const refused = decodeBitmap(fromHex(bitmap), count);
  return refused && { laneDigits, firstSequence, count, chunkHash: fromHex(hash, 32), refused };
}

/** `positions` ascending. */
export function encodeBitmap(positions: readonly number[]): Uint8Array {
  const last = positions.at(-1);
  const bytes = new Uint8Array(last === undefined ? 0 : (last >> 3) + 1);
  for (const position of positions) {
    assert(position >> 3 < bytes.length, 'ascending positions');
    bytes[position >> 3] = (bytes[position >> 3] as number) | (1 << (position & 7));
  }
  return bytes;
}

/** Total: undefined when a bit lies outside, or a zero byte is at the end. */
export function decodeBitmap(bytes: Uint8Array, count: number): readonly number[] | undefined {
  if (bytes.at(-1) === 0) return undefined;
  const positions: number[] = [];
  for (let position = 0; position < bytes.length * 8; position++) {
    if ((((bytes[position >> 3] as number) >> (position & 7)) & 1) === 1) positions.push(position);
  }
  return (positions.at(-1) ?? -1) < count ? positions : undefined;
}
