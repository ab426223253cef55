/**
 * The time of a chain whose seconds are not the host's: a local chain that runs faster, so that finality takes seconds.
 * Whatever compares with "now" for that chain asks this; waits stay the host's.
 */
import type { Clock } from '../core/clock.ts';

export interface ChainTime {
  /** A moment of the host, and the chain's time at it. */
  readonly hostMs: bigint;
  readonly chainSeconds: bigint;
  /** Seconds of the chain in one of the host. */
  readonly speed: number;
}

export function createChainClock(host: Clock, { hostMs, chainSeconds, speed }: ChainTime): Clock {
  return {
    now: () => Number(chainSeconds) * 1000 + (host.now() - Number(hostMs)) * speed,
    sleep: async (ms, signal) => host.sleep(ms, signal),
  };
}
