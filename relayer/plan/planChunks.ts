/**
 * Which chunks to hand out now, for one target chain. Pure: (view, limits) to a list, fair across lanes.
 *
 * A lane's checkpoints are accepted in order, so the chunks of one checkpoint go out only when every checkpoint before
 * it has been accepted; its own chunks go out together, since any of them can carry the acceptance.
 */
import type { LaneId } from '../core/ids.ts';

export interface CheckpointView {
  readonly firstSequence: bigint;
  readonly packetCount: number;
  readonly chunkSize: number;
}

export interface LanePlanView<C extends CheckpointView> {
  readonly lane: LaneId;
  readonly paused: boolean;
  /** First sequence that the target has not accepted, as it says now. */
  readonly accepted: bigint;
  /** Certificates that may still have work, by first sequence, ascending. */
  readonly certificates: readonly C[];
  /** True when the chunk's packets are known to be delivered. */
  isDelivered(firstSequence: bigint): boolean;
  /** True when the chunk was handed out and its answer is still awaited. */
  isInFlight(certificate: C, chunkIndex: number): boolean;
}

export interface PlannedChunk<C extends CheckpointView> {
  readonly lane: LaneId;
  readonly certificate: C;
  readonly chunkIndex: number;
}

/** At most `room` chunks, one lane after the other in turn, each lane's lowest sequences first. */
export function planChunks<C extends CheckpointView>(
  lanes: readonly LanePlanView<C>[],
  room: number,
): PlannedChunk<C>[] {
  const queues = lanes.filter((lane) => !lane.paused).map((lane) => readyChunks(lane, room));
  const planned: PlannedChunk<C>[] = [];
  for (let round = 0; planned.length < room; round++) {
    const taken = queues.map((queue) => queue[round]).filter((chunk) => chunk !== undefined);
    if (taken.length === 0) break;
    planned.push(...taken.slice(0, room - planned.length));
  }
  return planned;
}

function readyChunks<C extends CheckpointView>(view: LanePlanView<C>, room: number): PlannedChunk<C>[] {
  const ready: PlannedChunk<C>[] = [];
  for (const certificate of view.certificates) {
    if (certificate.firstSequence > view.accepted) break;
    const chunks = Math.ceil(certificate.packetCount / certificate.chunkSize);
    for (let chunkIndex = 0; chunkIndex < chunks && ready.length < room; chunkIndex++) {
      const first = certificate.firstSequence + BigInt(chunkIndex * certificate.chunkSize);
      if (view.isDelivered(first) || view.isInFlight(certificate, chunkIndex)) continue;
      ready.push({ lane: view.lane, certificate, chunkIndex });
    }
  }
  return ready;
}
