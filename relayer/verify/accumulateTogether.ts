/**
 * Accumulators of several chains side by side. A hash chain cannot go faster than its hashes one after the other: alone it takes 0.75 us
 * a packet, two side by side take 1.1 us for one of each. So blocks that came together wait a few milliseconds for each other.
 */
import type { Clock } from '../core/clock.ts';
import { PACKET_BYTES } from '../core/limits.ts';
import { type Accumulate, type AccumulatedLane, accumulateLanes } from '../core/packet.ts';

const WAIT_MS = 3;
/** Fewer packets are hashed in less time than others are waited for. */
const WORTH_PACKETS = 1_024;

export function createAccumulateTogether(clock: Clock): Accumulate {
  let waiting: { readonly lanes: readonly AccumulatedLane[]; resolve(ends: readonly Uint8Array[]): void } | undefined;

  return async (lanes) => {
    if (lanes.reduce((sum, { packets }) => sum + packets.length, 0) < WORTH_PACKETS * PACKET_BYTES) {
      return accumulateLanes(lanes);
    }
    const other = waiting;
    if (other !== undefined) {
      waiting = undefined;
      const ends = accumulateLanes([...other.lanes, ...lanes]);
      other.resolve(ends.slice(0, other.lanes.length));
      return ends.slice(other.lanes.length);
    }
    return new Promise((resolve, reject) => {
      const own = { lanes, resolve };
      waiting = own;
      clock.sleep(WAIT_MS).then(() => {
        if (waiting !== own) return;
        waiting = undefined;
        resolve(accumulateLanes(lanes));
      }, reject);
    });
  };
}
