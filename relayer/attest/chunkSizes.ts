/**
 * The chunk sizes that lanes learn from what submitters say their transactions used. A hint from the bus: a false one makes
 * chunks small, down to the floor in the lane's rules, or leaves them as large as the lane allows.
 *
 * A lane begins with its maximum: whoever wrote the manifest vouches for it. What is learned can only take from that.
 */
import { packetsInChunk } from '../core/certificate.ts';
import type { LaneId } from '../core/ids.ts';
import type { ChunkOutcome } from '../core/outcome.ts';
import type { Journal } from '../store/journal.ts';
import { type ChunkCost, CHUNKS_REMEMBERED, nextChunkSize } from './nextChunkSize.ts';
import type { AttestedLane } from './laneAttester.ts';

export interface ChunkSizes {
  /** Undefined for a lane without a budget: it has one size. */
  of(lane: LaneId): number | undefined;
  hear(outcome: ChunkOutcome): Promise<void>;
}

/** Certificates looked at for the one that a chunk is of: a few members may propose the same start. */
const SAME_START_MAX = 8;

export function createChunkSizes(lanes: readonly AttestedLane[], journal: Pick<Journal, 'certificates'>): ChunkSizes {
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const histories = new Map<LaneId, ChunkCost[]>();

  return {
    of(id) {
      const lane = byId.get(id);
      if (lane?.budget === undefined) return undefined;
      const { chunkSize: packetsMax, chunkSizeMin: packetsMin = packetsMax } = lane.rules;
      const tried: ChunkCost = { packets: packetsMax, used: 0 };
      return nextChunkSize([...(histories.get(id) ?? []), tried], { ...lane.budget, packetsMax, packetsMin });
    },
    async hear({ lane, firstSequence, chunkIndex, kind, used }) {
      if (kind !== 'done' || used === undefined || byId.get(lane)?.budget === undefined) return;
      for (const { checkpoint } of await journal.certificates(lane, firstSequence, SAME_START_MAX)) {
        if (checkpoint.firstSequence !== firstSequence) continue;
        const packets = packetsInChunk(checkpoint, chunkIndex);
        if (packets < 1) return;
        const history = histories.get(lane) ?? [];
        histories.set(lane, [...history, { packets, used: Number(used) }].slice(1 - CHUNKS_REMEMBERED));
        return;
      }
    },
  };
}
