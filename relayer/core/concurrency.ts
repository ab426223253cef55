/** Two small tools for loops: run one at a time, and sleep until woken. */
import { type Clock, ENDED_EARLY } from './clock.ts';

/** Runs tasks one after the other in the order they were given; a failed task does not stop the next. */
export function createSerial(): <T>(task: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return async (task) => {
    const run = tail.then(task, task);
    tail = run.catch(() => undefined);
    return run;
  };
}

export interface Wake {
  /** Ends the current or the next `wait` early. Many calls between two waits count once. */
  wake(): void;
  /** Resolves when woken, after `ms`, or when the signal fires. Never rejects. One wait at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWake(clock: Clock): Wake {
  let woken = false;
  let notify: (() => void) | undefined;
  return {
    wake() {
      woken = true;
      notify?.();
    },
    async wait(ms, signal) {
      if (!woken && !signal.aborted) {
        const early = new AbortController();
        const end = (): void => {
          early.abort(ENDED_EARLY);
        };
        notify = end;
        // Not `AbortSignal.any`: on Node 20 each call leaves some 60 bytes with the long-lived signal, and loops wait
        // millions of times a day.
        signal.addEventListener('abort', end);
        await clock.sleep(ms, early.signal).catch(() => undefined);
        signal.removeEventListener('abort', end);
        notify = undefined;
      }
      woken = false;
    },
  };
}
