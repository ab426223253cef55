/**
 * Runs work while a lease is held: started when it is taken, its signal fired when it is lost, started again when it is
 * taken again. For work that one process of many should do.
 */
import { createWake } from '../core/concurrency.ts';
import type { Clock } from '../core/clock.ts';
import type { Bus } from './port.ts';

export interface WhileLeasedOptions {
  readonly holder: string;
  readonly ttlMs: number;
}

/** How often it looks whether the lease is there, beside being told. */
const LOOK_MS = 60_000;

/** Ends when the signal fires; rejects when the work does while the lease is held, and gives the lease back. */
export async function whileLeased(
  deps: { readonly bus: Bus; readonly clock: Clock },
  name: string,
  options: WhileLeasedOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { wake, wait } = createWake(deps.clock);
  const ending = new AbortController();
  let turn = new AbortController();
  const end = (): void => turn.abort();
  signal.addEventListener('abort', end);
  const lease = deps.bus.lease(name, {
    ...options,
    signal: ending.signal,
    onChange: (held) => {
      if (!held) turn.abort();
      wake();
    },
  });
  try {
    while (!signal.aborted) {
      if (!lease.held) {
        await wait(LOOK_MS, signal);
        continue;
      }
      turn = new AbortController();
      try {
        await work(turn.signal);
      } catch (error) {
        if (!turn.signal.aborted) throw error;
      }
      // Work that ends by itself is not started again at once.
      if (!turn.signal.aborted) await wait(LOOK_MS, signal);
    }
  } finally {
    signal.removeEventListener('abort', end);
    // Only now: what is given back is not used any more.
    ending.abort();
  }
}
