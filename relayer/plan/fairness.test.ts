import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshFairness, served, startOf } from './fairness.ts';

/** Serves whoever is furthest behind among those with work; the first of equals. */
function pick(fairness: ReturnType<typeof freshFairness<string>>, queues: readonly string[]): string {
  return queues.reduce((best, one) => (startOf(fairness, one) < startOf(fairness, best) ? one : best));
}

describe('fairness', () => {
  it.each([
    [[1, 1], 6, 'ababab'],
    [[2, 1], 6, 'abaaba'],
    [[1, 3], 8, 'abbbabbb'],
  ] as const)('weights %j: %s services go %s', (weights, count, expected) => {
    let fairness = freshFairness<string>();
    let order = '';
    for (let i = 0; i < count; i++) {
      const one = pick(fairness, ['a', 'b']);
      order += one;
      fairness = served(fairness, one, 10, weights[one === 'a' ? 0 : 1]);
    }
    expect(order).toBe(expected);
  });

  it('gives a queue that was empty no credit for it, and no debt to one that was alone', () => {
    let fairness = freshFairness<string>();
    for (let i = 0; i < 100; i++) fairness = served(fairness, 'a', 10, 1);
    let order = '';
    for (let i = 0; i < 6; i++) {
      const one = pick(fairness, ['a', 'b']);
      order += one;
      fairness = served(fairness, one, 10, 1);
    }
    expect(order).toBe('bababa');
  });

  it('keeps any two queues with work within one service each of their shares, over any stretch', () => {
    const queue = fc.record({
      weight: fc.integer({ min: 1, max: 9 }),
      costs: fc.array(fc.integer({ min: 1, max: 512 }), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(queue, { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(40),
        (queues, services, from) => {
          let fairness = freshFairness<string>();
          const names = queues.map((_, index) => `${index}`);
          const done = queues.map(() => 0);
          const count = queues.map(() => 0);
          for (let i = 0; i < from + services; i++) {
            // What went before the stretch does not count.
            if (i === from) done.fill(0);
            const at = Number(pick(fairness, names));
            const { weight, costs } = queues[at]!;
            const cost = costs[count[at]!++ % costs.length]!;
            done[at]! += cost / weight;
            fairness = served(fairness, `${at}`, cost, weight);
          }
          const most = queues.map(({ weight, costs }) => Math.max(...costs) / weight);
          for (const a of queues.keys()) {
            for (const b of queues.keys()) {
              expect(done[a]! - done[b]!).toBeLessThanOrEqual(most[a]! + most[b]! + 1e-9);
            }
          }
          expect(fairness.ends.size).toBeLessThanOrEqual(queues.length);
        },
      ),
    );
  });
});
