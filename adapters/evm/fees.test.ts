import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FeeLimits, nextFees, raised } from './fees.ts';

const LIMITS: FeeLimits = { maxFeePerGasMax: 1_000n, priorityFeePerGasMin: 2n, priorityFeePerGasMax: 50n };

describe('nextFees', () => {
  it.each<[string, bigint, bigint, number, [bigint, bigint] | undefined, string]>([
    ['first: twice the base fee and the tip', 100n, 10n, 0, undefined, '210/10'],
    ['first: at least the least tip', 100n, 0n, 0, undefined, '202/2'],
    ['first: at most the most tip', 100n, 900n, 0, undefined, '250/50'],
    ['first: never above the limit', 900n, 10n, 0, undefined, '1000/10'],
    ['replacement in a calm market: an eighth more', 10n, 2n, 1, [800n, 40n], '900/45'],
    ['replacement rounds up', 10n, 2n, 1, [801n, 41n], '902/47'],
    ['replacement in a hot market: what the market asks', 400n, 50n, 1, [210n, 10n], '850/50'],
    ['replacement that the limit forbids', 10n, 2n, 1, [990n, 10n], 'capped at need of 1114'],
    ['after a restart: the market raised once for each attempt', 100n, 10n, 2, undefined, '267/14'],
  ])('%s', (_, baseFeePerGas, priorityFeePerGas, attempt, previous, expected) => {
    const last = previous === undefined ? undefined : { maxFeePerGas: previous[0], maxPriorityFeePerGas: previous[1] };
    const offer = nextFees({ baseFeePerGas, priorityFeePerGas }, attempt, last, LIMITS);
    const shown =
      offer.kind === 'offer'
        ? `${offer.fees.maxFeePerGas}/${offer.fees.maxPriorityFeePerGas}`
        : `capped at need of ${offer.needed}`;
    expect(shown).toBe(expected);
  });

  it('never passes the limit, never tips more than it pays, and always replaces', () => {
    const fee = fc.bigInt({ min: 0n, max: 2_000n });
    fc.assert(
      fc.property(
        fee,
        fee,
        fc.nat(5),
        fc.option(fc.tuple(fee, fee)),
        (baseFeePerGas, priorityFeePerGas, attempt, pair) => {
          const previous =
            pair === null
              ? undefined
              : { maxFeePerGas: pair[0], maxPriorityFeePerGas: pair[1] < pair[0] ? pair[1] : pair[0] };
          const offer = nextFees({ baseFeePerGas, priorityFeePerGas }, attempt, previous, LIMITS);
          if (offer.kind === 'capped') return;
          expect(offer.fees.maxFeePerGas).toBeLessThanOrEqual(LIMITS.maxFeePerGasMax);
          expect(offer.fees.maxPriorityFeePerGas).toBeLessThanOrEqual(offer.fees.maxFeePerGas);
          if (previous === undefined) return;
          const floor = raised(previous);
          expect(offer.fees.maxFeePerGas).toBeGreaterThanOrEqual(floor.maxFeePerGas);
          expect(offer.fees.maxPriorityFeePerGas).toBeGreaterThanOrEqual(floor.maxPriorityFeePerGas);
          // geth asks for 10 % of both.
          expect(offer.fees.maxFeePerGas * 10n).toBeGreaterThanOrEqual(previous.maxFeePerGas * 11n);
        },
      ),
    );
  });
});
