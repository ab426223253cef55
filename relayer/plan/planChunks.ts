/**
 * Which chunks to hand out now, for one target chain. Pure: (view, places, fairness) to a list, fair across lanes.
 *
 * A lane's checkpoints are accepted in order, so the chunks of one checkpoint go out only when every checkpoint before
 * it has been accepted; its own chunks go out together, since any of them can carry the acceptance. Lanes get packets in
 * proportion to their weights (see `fairness.ts`), each its lowest sequences first.
 *
 * Chunks that cannot go through hold their places for long: a value limit is used up, the gateway misses something. So
 * half of each lane's share of the places is kept for it alone, and one lane can never stop the others.
 */
import type { LaneId } from '../core/ids.ts';
import { type Fairness, served, startOf } from './fairness.ts';

export interface CheckpointView {
  readonly firstSequence: bigint;
  readonly packetCount: number;
  readonly chunkSize: number;
}

export interface LanePlanView<C extends CheckpointView> {
  readonly lane: LaneId;
  /** Its part of what the target takes, beside those of the other lanes; above 0. */
  readonly weight: number;
  readonly paused: boolean;
  /** Chunks handed out and not yet reported. */
  readonly taken: number;
  /** First sequence that the target has not accepted, as it says now. */
  readonly accepted: bigint;
  /** Certificates that may still have work, by first sequence, ascending. */
  readonly certificates: readonly C[];
  /** True when the chunk's packets are known to be delivered. */
  isDelivered(firstSequence: bigint): boolean;
  /** True when the chunk was handed out and its answer is still awaited, or cannot be handed out now. */
  isInFlight(certificate: C, chunkIndex: number): boolean;
}

export interface PlannedChunk<C extends CheckpointView> {
  readonly lane: LaneId;
  readonly certificate: C;
  readonly chunkIndex: number;
  readonly packets: number;
}

/** The part of a lane's share that is kept for it: less, and one lane alone could hold more when the others are idle. */
const KEPT_PART = 2;

/** At most what fits into `places` beside what is taken, in the order in which it should go. */
export function planChunks<C extends CheckpointView>(
  lanes: readonly LanePlanView<C>[],
  places: number,
  fairness: Fairness<LaneId>,
): PlannedChunk<C>[] {
  const open = lanes.filter(({ paused }) => !paused);
  const weights = open.reduce((sum, { weight }) => sum + weight, 0);
  const taken = lanes.reduce((sum, lane) => sum + lane.taken, 0);
  const queues = open.map((lane) => ({
    lane,
    taken: lane.taken,
    kept: open.length < 2 ? 0 : keptPlaces(places, lane.weight, weights),
    ready: readyChunks(lane, places),
  }));
  const planned: PlannedChunk<C>[] = [];
  let state = fairness;
  for (let free = places - taken; free > 0; free--) {
    const missing = queues.reduce((sum, queue) => sum + Math.max(0, queue.kept - queue.taken), 0);
    const able = queues.filter((queue) => {
      const [next] = queue.ready;
      // Its own part is always there for it; what is kept for the others is not.
      return next !== undefined && (queue.taken < queue.kept || free > missing);
    });
    const [first, ...others] = able;
    if (first === undefined) break;
    const queue = others.reduce(
      (best, other) => (startOf(state, other.lane.lane) < startOf(state, best.lane.lane) ? other : best),
      first,
    );
    const chunk = queue.ready.shift();
    if (chunk === undefined) break;
    queue.taken += 1;
    planned.push(chunk);
    state = served(state, chunk.lane, chunk.packets, queue.lane.weight);
  }
  return planned;
}

/** Places that a lane may count on: never more than it would get by its weight. */
export function keptPlaces(places: number, weight: number, weights: number): number {
  return Math.floor((places * weight) / (KEPT_PART * weights));
}

function readyChunks<C extends CheckpointView>(view: LanePlanView<C>, most: number): PlannedChunk<C>[] {
  const ready: PlannedChunk<C>[] = [];
  for (const certificate of view.certificates) {
    if (certificate.firstSequence > view.accepted) break;
    const { firstSequence, packetCount, chunkSize } = certificate;
    const chunks = Math.ceil(packetCount / chunkSize);
    for (let chunkIndex = 0; chunkIndex < chunks && ready.length < most; chunkIndex++) {
      const before = chunkIndex * chunkSize;
      if (view.isDelivered(firstSequence + BigInt(before)) || view.isInFlight(certificate, chunkIndex)) continue;
      const packets = Math.min(chunkSize, packetCount - before);
      ready.push({ lane: view.lane, certificate, chunkIndex, packets });
    }
  }
  return ready;
}
