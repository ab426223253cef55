import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byWorth, whyFirst, type Worth } from './byWorth.ts';

const way = (seconds: number, fee = 0n, deliveries = 1): Worth => ({ seconds, fee, deliveries });

describe('byWorth', () => {
  it.each<[string, Worth, Worth, string]>([
    ['the sooner one, whatever it costs', way(30, 9n, 4), way(60), '30 s sooner than the next'],
    ['the lower fee where times are alike', way(61, 1n, 2), way(60, 2n), 'at a higher fee'],
    ['fewer deliveries where fees are the same too', way(61), way(60, 0n, 3), '3 deliveries in place of 1'],
    ['the little that is left', way(60), way(61), '1 s sooner'],
  ])('prefers %s', (_, best, other, why) => {
    expect(byWorth(best, other)).toBeLessThan(0);
    expect(byWorth(other, best)).toBeGreaterThan(0);
    expect(whyFirst(best, other)).toContain(why);
  });

  it('has nothing to say about two that are the same', () => {
    expect(byWorth(way(60), way(60))).toBe(0);
    expect(whyFirst(way(60), way(60))).toBeUndefined();
  });

  it('is an order: what is sorted stays sorted, whatever the start; no way is far slower than the next', () => {
    const ways = fc.array(
      fc.record({
        seconds: fc.double({ min: 0, max: 5_000, noNaN: true }),
        fee: fc.bigInt(0n, 3n),
        deliveries: fc.nat(3),
      }),
      { minLength: 2, maxLength: 8 },
    );
    fc.assert(
      fc.property(ways, (all) => {
        const sorted = [...all].sort(byWorth);
        const again = [...all].reverse().sort(byWorth);
        expect(again.map((one) => byWorth(one, one))).toEqual(all.map(() => 0));
        expect(again.map(({ fee, deliveries }) => [fee, deliveries])).toEqual(
          sorted.map(({ fee, deliveries }) => [fee, deliveries]),
        );
        for (const [index, next] of sorted.slice(1).entries()) {
          const before = sorted[index] as Worth;
          expect(Math.max(before.seconds, 1)).toBeLessThanOrEqual(Math.max(next.seconds, 1) * 1.1);
        }
      }),
    );
  });
});
