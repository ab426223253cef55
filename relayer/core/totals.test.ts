import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetsFrom } from '../../test/sim/statements.ts';
import { concatBytes } from './bytes.ts';
import { assetId } from './ids.ts';
import { addPackets, sumTotals } from './totals.ts';

describe('totals', () => {
  it('are the sums of the amounts by asset, however large and in whatever order', () => {
    const row = fc.record({ asset: fc.integer({ min: 0, max: 2 }), amount: fc.bigInt(0n, 2n ** 128n - 1n) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), fc.bigInt(0n, 2n ** 130n), (rows, before) => {
        const sums = new Map([[assetId(1), before]]);
        for (const { asset, amount } of rows) sums.set(assetId(asset), (sums.get(assetId(asset)) ?? 0n) + amount);
        const packets = rows.map(({ asset, amount }, i) =>
          packetsFrom(BigInt(i), 1, { asset: assetId(asset), amount }),
        );
        const start = new Map([[assetId(1), before]]);
        expect(addPackets(start, concatBytes(...packets))).toEqual(sums);
        expect(start).toEqual(new Map([[assetId(1), before]]));
      }),
    );
  });

  it('of several lanes are added', () => {
    const [one, two] = [assetId(1), assetId(2)];
    expect(
      sumTotals([
        new Map([[one, 1n]]),
        new Map([
          [two, 5n],
          [one, 2n],
        ]),
      ]),
    ).toEqual(
      new Map([
        [one, 3n],
        [two, 5n],
      ]),
    );
  });
});
