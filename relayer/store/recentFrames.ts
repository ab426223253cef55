/**
 * The newest frames of our own verification, in memory beside the store: attester and submitter read each of them within
 * seconds of its writing, and a look into the store costs four turns of the thread pool. They are the bytes that were written,
 * and are never written a second time; whatever is not here is in the store.
 */
import { assert } from '../core/errors.ts';
import { viewFrame } from '../core/frame.ts';
import type { LaneId } from '../core/ids.ts';
import { PACKET_BYTES } from '../core/limits.ts';

export interface RecentFrames {
  /** Takes frames that are in the store, in the order of each lane's packets. */
  put(frames: readonly Uint8Array[]): void;
  /** A copy of the packets [first, first + count), or undefined when not all are here. */
  read(lane: LaneId, first: bigint, count: number): Uint8Array | undefined;
}

/** Some 400,000 packets in full frames: two seconds of 200,000 a second. */
const BYTES_KEPT = 56 * 1024 * 1024;
/** What a frame costs beside its packets, so that many small ones are no more memory than few large ones. */
const FRAME_COST_BYTES = 512;

interface Recent {
  readonly first: bigint;
  readonly end: bigint;
  readonly packets: Uint8Array;
}

export function createRecentFrames(bytesKept = BYTES_KEPT): RecentFrames {
  const lanes = new Map<LaneId, Recent[]>();
  /** The lane of each frame, oldest first. */
  let order: LaneId[] = [];
  let dropped = 0;
  let bytes = 0;

  function add(frame: Uint8Array): void {
    const { lane, firstSequence: first, count, packets } = viewFrame(frame);
    const own = lanes.get(lane) ?? [];
    assert(own.length === 0 || own.at(-1)?.end === first, 'frames of a lane follow each other without a gap');
    own.push({ first, end: first + BigInt(count), packets });
    lanes.set(lane, own);
    order.push(lane);
    bytes += FRAME_COST_BYTES + packets.length;
  }

  function dropOldest(): void {
    const frame = lanes.get(order[dropped++] as LaneId)?.shift();
    bytes -= FRAME_COST_BYTES + (frame?.packets.length ?? 0);
    if (dropped * 2 < order.length) return;
    order = order.slice(dropped);
    dropped = 0;
  }

  return {
    put(frames) {
      frames.forEach(add);
      while (bytes > bytesKept) dropOldest();
    },
    read(lane, first, count) {
      const own = lanes.get(lane);
      const [oldest, newest] = [own?.[0], own?.at(-1)];
      if (own === undefined || oldest === undefined || newest === undefined) return undefined;
      if (first < oldest.first || first + BigInt(count) > newest.end) return undefined;
      const packets = new Uint8Array(count * PACKET_BYTES);
      let filled = 0;
      for (let index = indexOf(own, first); filled < packets.length; index++) {
        const frame = own[index] as Recent;
        const skip = filled === 0 ? Number(first - frame.first) * PACKET_BYTES : 0;
        const part = frame.packets.subarray(skip, skip + packets.length - filled);
        packets.set(part, filled);
        filled += part.length;
      }
      return packets;
    },
  };
}

/** The frame that holds the sequence. */
function indexOf(frames: readonly Recent[], sequence: bigint): number {
  let [low, high] = [0, frames.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((frames[middle] as Recent).first <= sequence) low = middle;
    else high = middle - 1;
  }
  return low;
}
