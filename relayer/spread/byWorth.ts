/**
 * Which of several ways is the best, and why. Pure. Times are forecasts: those within a tenth of each other are alike, and of
 * these the one with the lower fee wins, then the one with fewer deliveries, each of which some account pays for on its own
 * chain. What different chains charge is counted in different units, so it is shown and never added up.
 */
export interface Worth {
  readonly seconds: number;
  /** In units of the asset. */
  readonly fee: bigint;
  /** Transactions on targets, those in the middle too. */
  readonly deliveries: number;
}

/** Forecasts closer than this, as a ratio, say the same. */
const ALIKE = 1.1;

/** Steps of a scale rather than pairs, so that the order has no circles. */
function timeStep(seconds: number): number {
  return Math.round(Math.log(Math.max(seconds, 1)) / Math.log(ALIKE));
}

/** Negative when `a` is better. */
export function byWorth(a: Worth, b: Worth): number {
  const times = timeStep(a.seconds) - timeStep(b.seconds);
  if (times !== 0) return times;
  if (a.fee !== b.fee) return a.fee < b.fee ? -1 : 1;
  return a.deliveries - b.deliveries || a.seconds - b.seconds;
}

/** For people: what made the first one better than the second. Undefined where nothing did. */
export function whyFirst(first: Worth, second: Worth): string | undefined {
  const saved = Math.ceil(second.seconds) - Math.ceil(first.seconds);
  if (timeStep(first.seconds) !== timeStep(second.seconds)) return `It comes first: ${saved} s sooner than the next.`;
  if (first.fee !== second.fee) return 'It comes first: the next takes about as long, at a higher fee.';
  if (first.deliveries !== second.deliveries) {
    return `It comes first: the next takes about as long, with ${second.deliveries} deliveries in place of ${first.deliveries}.`;
  }
  return saved > 0 ? `It comes first: ${saved} s sooner than the next.` : undefined;
}
