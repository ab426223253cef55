/**
 * Chain time faster than the wall clock: a slot every `slotMs`, though it is whole seconds of chain time. Slot n is made
 * when the network's clock says n and never before, so that nobody sees a signature from the future.
 */
import type { Clock } from '../../../relayer/core/clock.ts';
import type { BeaconChain } from './beaconChain.ts';

/** Chain time runs from here at `speed` times the wall clock. */
export interface ChainClock {
  readonly hostMs: number;
  readonly chainSeconds: number;
  readonly speed: number;
}

export interface Pace {
  readonly clock: ChainClock;
  /** Resolves when the signal fired; rejects when a slot cannot be made. */
  readonly ended: Promise<void>;
}

export function paceSlots(
  chain: BeaconChain,
  options: { readonly slotMs: number; readonly secondsPerSlot: number },
  deps: { readonly clock: Clock },
  signal: AbortSignal,
): Pace {
  const { slotMs, secondsPerSlot } = options;
  const { clock } = deps;
  const first = chain.slot;
  const hostMs = clock.now();

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const dueMs = hostMs + (chain.slot + 1 - first) * slotMs;
      const waitMs = dueMs - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
      if (clock.now() >= dueMs && !signal.aborted) await chain.mineSlot();
    }
  };
  return {
    clock: {
      hostMs,
      chainSeconds: chain.genesisTime + first * secondsPerSlot,
      speed: (secondsPerSlot * 1000) / slotMs,
    },
    ended: run(),
  };
}
