/**
 * Where the packet with a source reference is: for look-ups on chains whose deposits get their sequence when they are derived.
 * Reads the newest frames of the lane, as a search by transfer id does.
 */
import { equalBytes } from './core/bytes.ts';
import type { LaneId } from './core/ids.ts';
import { ID_SEARCH_FRAMES_MAX, PACKET_BYTES } from './core/limits.ts';
import { PACKET_OFFSETS } from './core/packet.ts';
import type { Journal } from './store/journal.ts';

const REFERENCE_BYTES = 32;

export async function sequenceOf(
  journal: Pick<Journal, 'latestFrames'>,
  lane: LaneId,
  sourceReference: Uint8Array,
): Promise<bigint | undefined> {
  for await (const { firstSequence, count, packets } of journal.latestFrames(lane, ID_SEARCH_FRAMES_MAX)) {
    for (let index = 0; index < count; index++) {
      const at = index * PACKET_BYTES + PACKET_OFFSETS.sourceReference;
      if (equalBytes(packets.subarray(at, at + REFERENCE_BYTES), sourceReference)) return firstSequence + BigInt(index);
    }
  }
  return undefined;
}
