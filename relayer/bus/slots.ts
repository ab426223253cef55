/** A bound on things in flight: whoever comes on top waits, first come, first served. */
import type { Clock } from '../core/clock.ts';
import { busUnavailable } from './checks.ts';

export interface Slots {
  /** Resolves with the function that gives the slot back. Throws `BUS_UNAVAILABLE` after the time. */
  take(timeoutMs: number, signal: AbortSignal): Promise<() => void>;
  readonly taken: number;
}

export function createSlots(slotsMax: number, clock: Clock): Slots {
  const waiting: AbortController[] = [];
  let taken = 0;

  function giveBack(): void {
    taken -= 1;
    waiting.shift()?.abort();
  }

  return {
    async take(timeoutMs, signal) {
      const untilMs = clock.now() + timeoutMs;
      while (taken >= slotsMax) {
        const turn = new AbortController();
        waiting.push(turn);
        const left = Math.max(1, untilMs - clock.now());
        await clock.sleep(left, AbortSignal.any([turn.signal, signal])).catch(() => undefined);
        if (turn.signal.aborted && taken < slotsMax) break;
        const place = waiting.indexOf(turn);
        if (place >= 0) waiting.splice(place, 1);
        if (signal.aborted || clock.now() >= untilMs) throw busUnavailable('Too many messages wait to be published.');
      }
      taken += 1;
      let given = false;
      return () => {
        if (given) return;
        given = true;
        giveBack();
      };
    },
    get taken() {
      return taken;
    },
  };
}
