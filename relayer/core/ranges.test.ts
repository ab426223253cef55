import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRange, emptyWatermark, isIn, type Watermark } from './ranges.ts';

const MAX = 40;
const range = fc.tuple(fc.nat(MAX), fc.nat(12));

describe('watermark', () => {
  it('says what a set says, stays ascending and disjoint, and does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const set = new Set<number>();
        let mark: Watermark = emptyWatermark;
        for (const [first, count] of ranges) {
          mark = addRange(mark, BigInt(first), BigInt(first + count));
          for (let i = first; i < first + count; i++) set.add(i);
        }
        for (let i = 0; i < MAX + 14; i++) expect(isIn(mark, BigInt(i))).toBe(set.has(i));
        let last = mark.through;
        for (const [first, end] of mark.above) {
          expect(first > last && end > first).toBe(true);
          last = end;
        }
        const backwards = [...ranges]
          .reverse()
          .reduce((sum, [first, count]) => addRange(sum, BigInt(first), BigInt(first + count)), emptyWatermark);
        expect(backwards).toEqual(mark);
      }),
    );
  });

  it.each([
    ['joins at the watermark', [[0n, 4n]], { through: 4n, above: [] }],
    ['keeps what is above', [[8n, 12n]], { through: 0n, above: [[8n, 12n]] }],
    [
      'closes a gap',
      [
        [4n, 8n],
        [8n, 12n],
        [0n, 4n],
      ],
      { through: 12n, above: [] },
    ],
    [
      'joins neighbours above',
      [
        [4n, 8n],
        [12n, 16n],
        [8n, 12n],
      ],
      { through: 0n, above: [[4n, 16n]] },
    ],
    [
      'ignores empty and reversed ranges',
      [
        [3n, 3n],
        [5n, 2n],
      ],
      { through: 0n, above: [] },
    ],
    [
      'swallows what it covers',
      [
        [4n, 5n],
        [6n, 7n],
        [0n, 9n],
      ],
      { through: 9n, above: [] },
    ],
  ] as const)('%s', (_, ranges, expected) => {
    expect(ranges.reduce((mark, [first, end]) => addRange(mark, first, end), emptyWatermark)).toEqual(expected);
  });
});
