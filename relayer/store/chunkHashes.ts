/**
 * Hashes of chunks, remembered: the attester that signs a checkpoint, the planner that cuts it and the submitter that sends
 * its chunks want the same ones, and hashing is a third of what a packet costs. For packets of our own verification alone:
 * those are never written a second time, and the store checks what it reads.
 */
import type { LaneId } from '../core/ids.ts';

/** Of one checkpoint, chunk by chunk; 32 bytes each. */
export type ChunkHashes = readonly Uint8Array[];

export interface ChunkHashBook {
  get(checkpoint: CutRange): ChunkHashes | undefined;
  put(checkpoint: CutRange, hashes: ChunkHashes): void;
}

export interface CutRange {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly packetCount: number;
  readonly chunkSize: number;
}

/** Hashes kept: some megabytes, those of 16 million packets in full chunks. */
const HASHES_KEPT = 32_768;

export function createChunkHashBook(): ChunkHashBook {
  /** Oldest first. */
  const known = new Map<string, ChunkHashes>();
  let kept = 0;
  return {
    get: (checkpoint) => known.get(keyOf(checkpoint)),
    put(checkpoint, hashes) {
      const key = keyOf(checkpoint);
      kept += hashes.length - (known.get(key)?.length ?? 0);
      known.set(key, hashes);
      for (const [oldest, { length }] of known) {
        if (kept <= HASHES_KEPT) break;
        known.delete(oldest);
        kept -= length;
      }
    },
  };
}

function keyOf({ lane, firstSequence, packetCount, chunkSize }: CutRange): string {
  return `${lane} ${firstSequence} ${packetCount} ${chunkSize}`;
}
