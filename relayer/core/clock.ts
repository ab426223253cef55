/** Time and randomness as dependencies, so that a simulator can own them. Nothing else reads the host's clock. */
import { randomBytes } from 'node:crypto';
import { ViaductError } from './errors.ts';

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with `ABORTED` when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Randomness {
  bytes(length: number): Uint8Array;
}

/** A longer timer would fire at once; 24 days are long enough for any loop to look again. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemRandomness: Randomness = { bytes: (length) => new Uint8Array(randomBytes(length)) };

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortedError(signal));
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(abortedError(signal));
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(ms, TIMER_MS_MAX),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** The reason to give when a wait ends early in normal life: an error made for each one costs its stack, some 10 us. */
export const ENDED_EARLY = new ViaductError({ code: 'ABORTED', shortMessage: 'No longer waited for.' });

export function abortedError(signal?: AbortSignal): ViaductError {
  if (signal?.reason === ENDED_EARLY) return ENDED_EARLY;
  return new ViaductError({ code: 'ABORTED', shortMessage: 'Stopped on request.', cause: signal?.reason });
}

/** The wait before try number `attempt` (0 = the first retry): doubles from `minMs`, never above `maxMs`. */
export function nextDelay(attempt: number, minMs: number, maxMs: number): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
}

/** A signal that fires after `ms`, for a single call to the outside. */
export function timeoutSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}
