/**
 * Adds to blocks the packets of the releases in them that refused some. They are known here because their source chain is
 * derived here too; when it is not yet so far, the blocks below are derived first, and these later.
 */
import { bytesToHex } from '../../relayer/core/bytes.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import type { BlockContent, Evidence } from './evidence.ts';
import type { ShardTxReader } from './shardTxs.ts';

/** The packets of a chunk as they are known here, end to end; undefined while they are not. */
export type PacketsOf = (lane: LaneId, firstSequence: bigint, count: number) => Promise<Uint8Array | undefined>;

export interface WithChunks {
  readonly evidence: Evidence;
  /** True when not even the first block has its packets: `derive` will say so. */
  readonly isMissing: boolean;
}

export async function withChunks(
  { headers, blocks }: Omit<Evidence, 'chunks'>,
  readShardTx: ShardTxReader,
  packetsOf: PacketsOf | undefined,
): Promise<WithChunks> {
  const chunks = new Map<string, Uint8Array>();
  for (const [index, block] of blocks.entries()) {
    const added = await chunksOf(block, readShardTx, packetsOf);
    if (added === undefined) {
      const known = { headers, blocks: blocks.slice(0, Math.max(index, 1)), chunks: [...chunks.values()] };
      return { evidence: known, isMissing: index === 0 };
    }
    for (const [hash, packets] of added) chunks.set(hash, packets);
  }
  return { evidence: { headers, blocks, chunks: [...chunks.values()] }, isMissing: false };
}

/** By chunk hash; undefined when some are not known. */
async function chunksOf(
  { txs, results }: BlockContent,
  readShardTx: ShardTxReader,
  packetsOf: PacketsOf | undefined,
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const chunks = new Map<string, Uint8Array>();
  for (const [index, tx] of txs.entries()) {
    const release = results[index]?.code === 0 ? readShardTx(tx)?.release : undefined;
    if (release === undefined || release.memo.refused.length === 0) continue;
    const { chunkHash, firstSequence, count } = release.memo;
    const packets = await packetsOf?.(release.lane.lane, firstSequence, count);
    if (packets === undefined) return undefined;
    chunks.set(bytesToHex(chunkHash), packets);
  }
  return chunks;
}
