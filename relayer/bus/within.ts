/** Waits for work to end, but not for ever, and leaves no timer behind. */
import type { Clock } from '../core/clock.ts';

export async function within(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).catch(() => undefined);
  await Promise.race([work, late]);
  over.abort();
}
