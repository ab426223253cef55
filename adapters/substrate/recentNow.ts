/**
 * The chain as it was a moment ago, for whoever plans or signs: several that ask at once share one question. What is finalized
 * stays so, and an extrinsic's era has 64 blocks: half a second of age changes nothing of what is made with it.
 */
import type { Clock } from '../../relayer/core/clock.ts';
import type { ChainNow, ChainView } from './chainView.ts';

export interface RecentNow {
  /** At most so old. */
  recent(signal: AbortSignal): Promise<ChainNow>;
  /** Asked for now; what `recent` answers from then on. */
  fresh(signal: AbortSignal): Promise<ChainNow>;
}

export const RECENT_MS = 500;

export function createRecentNow(clock: Clock, view: ChainView, keptMs = RECENT_MS): RecentNow {
  let known: { readonly now: Promise<ChainNow>; readonly atMs: number } | undefined;
  const fresh = async (signal: AbortSignal): Promise<ChainNow> => {
    const own = { now: view.now(signal), atMs: clock.now() };
    known = own;
    try {
      return await own.now;
    } catch (error) {
      // The next one asks for itself: this one may only have been stopped.
      if (known === own) known = undefined;
      throw error;
    }
  };
  return {
    fresh,
    recent: async (signal) => {
      const { now, atMs } = known ?? {};
      return now === undefined || atMs === undefined || clock.now() - atMs >= keptMs ? fresh(signal) : now;
    },
  };
}
