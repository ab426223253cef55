/**
 * What is learned of one lane from how it went lately: how long a packet takes from its verification to its verified
 * delivery, and how many a second get through. Pure: each step takes what was known and says what is known now. Nothing is
 * decided by it but what a quote says.
 */
export interface LaneStats {
  /** First sequence not derived, and how many are delivered, at the last step. */
  readonly derived: bigint;
  readonly delivered: bigint;
  /** When packets below `end` had been derived, oldest first; those delivered since are gone. */
  readonly marks: readonly { readonly end: bigint; readonly atMs: number }[];
  /** When something was delivered last, or when the first of those that wait came. */
  readonly busySinceMs: number;
  /** The newest, oldest first. */
  readonly seconds: readonly number[];
  readonly rates: readonly number[];
}

export interface LaneProgress {
  readonly derived: bigint;
  /** Packets delivered, whatever their order. */
  readonly delivered: bigint;
}

/** Deliveries that are looked back on: enough to forget a bad hour within the next busy one. */
export const DELIVERIES_REMEMBERED = 32;
/** Marks of packets under way: with more, the newest of them are timed by an older one. */
const MARKS_MAX = 64;
/** Two derivations in one go are not infinitely fast. */
const SECONDS_MIN = 0.001;

export function freshLaneStats({ derived, delivered }: LaneProgress, now: number): LaneStats {
  // What was there before has no time: only what comes from now on is measured.
  return { derived, delivered, marks: [], busySinceMs: now, seconds: [], rates: [] };
}

export function afterProgress(stats: LaneStats, { derived, delivered }: LaneProgress, now: number): LaneStats {
  let { marks, busySinceMs, seconds, rates } = stats;
  if (derived > stats.derived) {
    if (stats.delivered >= stats.derived) busySinceMs = now;
    marks = marks.length < MARKS_MAX ? [...marks, { end: derived, atMs: now }] : marks;
  }
  if (delivered > stats.delivered) {
    const took = marks.filter(({ end }) => end <= delivered).map(({ atMs }) => (now - atMs) / 1000);
    seconds = newest([...seconds, ...took]);
    marks = marks.filter(({ end }) => end > delivered);
    const rate = Number(delivered - stats.delivered) / Math.max(SECONDS_MIN, (now - busySinceMs) / 1000);
    rates = newest([...rates, rate]);
    busySinceMs = now;
  }
  return { derived, delivered, marks, busySinceMs, seconds, rates };
}

/** Seconds from verification to verified delivery when nothing waits: the faster of the newest. Undefined before any. */
export function idleSeconds({ seconds }: LaneStats): number | undefined {
  const sorted = [...seconds].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 4)];
}

/** Packets a second under load: the fastest of the newest, since what was slower had less to do. Undefined before any. */
export function busyRate({ rates }: LaneStats): number | undefined {
  return rates.length === 0 ? undefined : Math.max(...rates);
}

function newest(all: readonly number[]): readonly number[] {
  return all.slice(-DELIVERIES_REMEMBERED);
}
