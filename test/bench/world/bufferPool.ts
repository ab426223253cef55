/**
 * Large buffers used again: left to the collector, each of a second's 50 MB would have to be found dead by a walk through the whole
 * heap. Whoever gives one back holds nothing of it any more.
 */
import { Buffer } from 'node:buffer';

export interface BufferPool {
  /** Of any content. */
  take(size: number): Uint8Array;
  /** Takes back what a view is of; what is not the pool's is left alone. */
  give(bytes: Uint8Array): void;
}

const POOLED_BYTES_MIN = 32 * 1024;
/** Of one capacity: more are left to the collector. */
const FREE_MAX = 256;

export function createBufferPool(): BufferPool {
  const own = new WeakSet<ArrayBufferLike>();
  /** By capacity. */
  const free = new Map<number, ArrayBufferLike[]>();
  return {
    take(size) {
      if (size < POOLED_BYTES_MIN) return Buffer.allocUnsafe(size);
      const capacity = capacityFor(size);
      const buffer = free.get(capacity)?.pop() ?? Buffer.allocUnsafeSlow(capacity).buffer;
      own.add(buffer);
      return new Uint8Array(buffer, 0, size);
    },
    give({ buffer }) {
      // Given once; `take` makes it the pool's again.
      if (!own.delete(buffer)) return;
      const same = free.get(buffer.byteLength) ?? [];
      free.set(buffer.byteLength, same);
      if (same.length < FREE_MAX) same.push(buffer);
    },
  };
}

/** A power of two, or half as much more. */
function capacityFor(size: number): number {
  const power = 2 ** Math.floor(Math.log2(size));
  return size === power ? power : size <= power * 1.5 ? power * 1.5 : power * 2;
}
