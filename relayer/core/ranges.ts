/** A watermark with exceptions: everything below `through` is in, and so are the ranges above it. */

export interface Watermark {
  /** First sequence not in. */
  readonly through: bigint;
  /** Ranges [first, end) above `through`, ascending, disjoint, never touching. */
  readonly above: readonly (readonly [first: bigint, end: bigint])[];
}

export const emptyWatermark: Watermark = { through: 0n, above: [] };

export function addRange(mark: Watermark, first: bigint, end: bigint): Watermark {
  if (end <= first || end <= mark.through) return mark;
  let [low, high] = [first, end];
  const rest: (readonly [bigint, bigint])[] = [];
  for (const range of mark.above) {
    if (range[1] < low || range[0] > high) rest.push(range);
    else [low, high] = [range[0] < low ? range[0] : low, range[1] > high ? range[1] : high];
  }
  if (low <= mark.through) return { through: high, above: rest };
  return { through: mark.through, above: [...rest, [low, high] as const].sort((a, b) => (a[0] < b[0] ? -1 : 1)) };
}

export function isIn(mark: Watermark, sequence: bigint): boolean {
  return sequence < mark.through || mark.above.some(([first, end]) => sequence >= first && sequence < end);
}

/** True when anything of [first, end) is in. */
export function overlaps(mark: Watermark, first: bigint, end: bigint): boolean {
  return first < mark.through || mark.above.some((range) => range[0] < end && range[1] > first);
}

/** The first sequence from `sequence` on that is not in. */
export function endOfRun(mark: Watermark, sequence: bigint): bigint {
  if (sequence < mark.through) return mark.through;
  return mark.above.find(([first, end]) => sequence >= first && sequence < end)?.[1] ?? sequence;
}
