/**
 * The remarks that name a chunk on the chain.
 *
 *   v1d|<lane>|<first sequence>|<count>|<chunk hash>|<refused>    last in the call that pays the chunk
 *   v1o|<lane>|<first sequence>|<count>|<chunk hash>|<refused>    last in the extrinsic that opens its operation
 *
 * `refused` is empty, or a bitmap in hex: bit i, from the high bit of the first byte on, stands for packet i of the chunk. There
 * is one spelling only.
 */
import { bytesToHex, fromHex, utf8 } from '../../relayer/core/bytes.ts';
import { assert } from '../../relayer/core/errors.ts';
import { laneId, type LaneId } from '../../relayer/core/ids.ts';
import { CHUNK_PACKETS_MAX } from '../../relayer/core/limits.ts';

export interface ReleaseRemark {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly count: number;
  /** 32 bytes. */
  readonly chunkHash: Uint8Array;
  /** Positions in the chunk, ascending. */
  readonly refused: readonly number[];
}

const TAGS = { pays: 'v1d', opens: 'v1o' } as const;
export type RemarkTag = keyof typeof TAGS;

const REMARK =
  /^(v1[do])\|([0-9a-f]{64})\|(0|[1-9][0-9]{0,19})\|([1-9][0-9]{0,2})\|([0-9a-f]{64})\|((?:[0-9a-f]{2})*)$/;
const REMARK_BYTES_MAX = 512;
const U64_END = 1n << 64n;

export function encodeReleaseRemark(tag: RemarkTag, remark: ReleaseRemark): Uint8Array {
  const { lane, firstSequence, count, chunkHash, refused } = remark;
  assert(count >= 1 && count <= CHUNK_PACKETS_MAX && chunkHash.length === 32, 'a chunk');
  return utf8(
    `${TAGS[tag]}|${lane}|${firstSequence}|${count}|${bytesToHex(chunkHash)}|${bytesToHex(toBitmap(refused, count))}`,
  );
}

/** Total: undefined for anything else. */
export function decodeReleaseRemark(tag: RemarkTag, bytes: Uint8Array): ReleaseRemark | undefined {
  if (bytes.length > REMARK_BYTES_MAX) return undefined;
  const [, found, lane, first, counted, hash, bitmap] = REMARK.exec(String.fromCharCode(...bytes)) ?? [];
  if (found !== TAGS[tag] || lane === undefined || first === undefined || hash === undefined) return undefined;
  const count = Number(counted);
  const firstSequence = BigInt(first);
  const refused = fromBitmap(fromHex(bitmap ?? ''), count);
  if (count > CHUNK_PACKETS_MAX || firstSequence + BigInt(count) >= U64_END || refused === undefined) return undefined;
  return { lane: laneId(lane), firstSequence, count, chunkHash: fromHex(hash, 32), refused };
}

export function toBitmap(positions: readonly number[], count: number): Uint8Array {
  const bitmap = new Uint8Array(positions.length === 0 ? 0 : Math.ceil(count / 8));
  for (const position of positions) {
    assert(position >= 0 && position < count, 'a position in the chunk');
    bitmap[position >> 3] = (bitmap[position >> 3] as number) | (0x80 >> (position & 7));
  }
  return bitmap;
}

/** Undefined for a bitmap of another length, one of no positions, and one that goes beyond the chunk. */
export function fromBitmap(bitmap: Uint8Array, count: number): readonly number[] | undefined {
  if (bitmap.length === 0) return [];
  if (bitmap.length !== Math.ceil(count / 8)) return undefined;
  const positions = Array.from({ length: bitmap.length * 8 }, (_, i) => i).filter(
    (i) => ((bitmap[i >> 3] as number) & (0x80 >> (i & 7))) !== 0,
  );
  const last = positions.at(-1);
  return last === undefined || last >= count ? undefined : positions;
}
