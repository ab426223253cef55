/** When chains showed what, by the host's clock: blocks as they came, and as they became final. */
import { systemClock } from '../../../relayer/core/clock.ts';
import type { ChainEye } from './chainEye.ts';

export interface EyeWatch {
  /** Unix milliseconds at which the block was seen first; undefined for one that nobody saw come. */
  headMs(height: bigint): number | undefined;
  finalMs(height: bigint): number | undefined;
}

export interface Watches {
  of(eye: ChainEye): EyeWatch;
  stop(): Promise<void>;
}

/** Fine enough for blocks of half a second, and some forty small calls a second on each chain. */
const LOOK_MS = 25;

export async function watchEyes(eyes: readonly ChainEye[]): Promise<Watches> {
  const stopping = new AbortController();
  const watches = new Map<ChainEye, EyeWatch>();
  const loops: Promise<void>[] = [];
  for (const eye of new Set(eyes)) {
    const [heads, finals] = [createSeen(), createSeen()];
    const look = async (): Promise<void> => {
      const [head, final] = [await eye.head(stopping.signal), await eye.finalized(stopping.signal)];
      heads.note(head);
      finals.note(final);
    };
    await look();
    watches.set(eye, { headMs: heads.at, finalMs: finals.at });
    loops.push(repeat(look, stopping.signal));
  }
  return {
    of: (eye) => watches.get(eye) ?? { headMs: () => undefined, finalMs: () => undefined },
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** A chain that does not answer for a moment is asked again: what it showed meanwhile counts from then. */
async function repeat(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(LOOK_MS, signal).catch(() => undefined);
    if (!signal.aborted) await look().catch(() => undefined);
  }
}

function createSeen() {
  const seen = new Map<bigint, number>();
  let last: bigint | undefined;
  return {
    note: (height: bigint): void => {
      const now = systemClock.now();
      for (let one = last === undefined ? height : last + 1n; one <= height; one++) seen.set(one, now);
      if (last === undefined || height > last) last = height;
    },
    at: (height: bigint): number | undefined => seen.get(height),
  };
}
