import { describe, expect, it } from 'vitest';
import {
  afterProgress,
  busyRate,
  DELIVERIES_REMEMBERED,
  freshLaneStats,
  idleSeconds,
  type LaneStats,
} from './laneStats.ts';

/** Steps as `[second, derived, delivered]`. */
function run(steps: readonly (readonly [number, number, number])[], from = freshLaneStats(EMPTY, 0)): LaneStats {
  return steps.reduce((stats, [second, derived, delivered]) => {
    return afterProgress(stats, { derived: BigInt(derived), delivered: BigInt(delivered) }, second * 1000);
  }, from);
}
const EMPTY = { derived: 0n, delivered: 0n };

describe('what is learned of a lane', () => {
  it('is nothing before a delivery', () => {
    const stats = run([
      [1, 5, 0],
      [9, 9, 0],
    ]);
    expect([idleSeconds(stats), busyRate(stats)]).toEqual([undefined, undefined]);
  });

  it('is the time from derivation to delivery, and the rate', () => {
    const stats = run([
      [10, 100, 0],
      [14, 100, 100],
    ]);
    expect([idleSeconds(stats), busyRate(stats)]).toEqual([4, 25]);
  });

  it('does not time what was there before it looked', () => {
    const stats = run([[60, 50, 50]], freshLaneStats({ derived: 50n, delivered: 0n }, 0));
    expect(idleSeconds(stats)).toBeUndefined();
  });

  it('counts neither idle hours in the rate nor queues in the time of an idle lane', () => {
    const stats = run([
      [0, 1, 0],
      [5, 1, 1],
      [5_000, 101, 1],
      [5_010, 101, 51],
      [5_020, 101, 101],
      [5_030, 102, 101],
      [5_035, 102, 102],
      [5_040, 103, 102],
      [5_045, 103, 103],
    ]);
    expect([idleSeconds(stats), busyRate(stats)]).toEqual([5, 5]);
  });

  it('forgets what is long ago, and stays small whatever happens', () => {
    let stats = freshLaneStats(EMPTY, 0);
    for (let i = 1; i <= 500; i++) stats = afterProgress(stats, { derived: BigInt(i), delivered: 0n }, i);
    expect(stats.marks.length).toBeLessThanOrEqual(64);
    for (let i = 501; i <= 1_000; i++) stats = run([[i, i, i]], stats);
    expect(stats.marks).toEqual([]);
    expect(stats.seconds.length).toBe(DELIVERIES_REMEMBERED);
    expect(stats.rates.length).toBe(DELIVERIES_REMEMBERED);
  });
});
