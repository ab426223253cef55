/** A clock that stands still until a test moves it. Whoever sleeps wakes in the order of the times slept to. */
import { abortedError, type Clock } from '../../relayer/core/clock.ts';

export interface TestClock extends Clock {
  /** Moves on by `ms`, waking everybody on the way, and lets what they started settle. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that needs no time. */
  settle(): Promise<void>;
  /** Who sleeps now. */
  readonly sleepers: number;
}

export function createTestClock(startMs = 1_700_000_000_000): TestClock {
  let now = startMs;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  async function settle(): Promise<void> {
    for (let i = 0; i < 6; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  return {
    now: () => now,
    sleep: async (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(abortedError(signal));
          return;
        }
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(abortedError(signal));
        };
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleeper = { atMs: now + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined || next.atMs > until) break;
        now = Math.max(now, next.atMs);
        next.wake();
        await settle();
      }
      now = until;
      await settle();
    },
    settle,
    get sleepers() {
      return sleepers.size;
    },
  };
}
