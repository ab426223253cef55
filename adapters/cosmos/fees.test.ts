import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CostModel, type PayoutForm, payoutsThatFit, releaseCost, SDK_053_COSTS } from './fees.ts';

const GAIA: CostModel = { ...SDK_053_COSTS, multiSendSquareGas: 400n, feePerThousandGas: 5n };

describe('what a release costs', () => {
  // Gas and bytes of real transactions of a 2-of-3 multisig, to accounts that were there and to new ones.
  it.each<[PayoutForm, number, number, number]>([
    ['send', 1, 86_100, 591],
    ['send', 100, 2_296_500, 14_700],
    ['send', 100, 3_630_000, 14_700],
    ['send', 500, 11_301_000, 71_500],
    ['multiSend', 500, 4_268_500, 31_000],
    ['multiSend', 500, 11_167_000, 31_000],
    ['mint', 500, 20_450_000, 104_000],
    ['mint', 500, 27_450_000, 104_000],
  ])('%s of %i covers what a real chain took (%i gas, %i bytes)', (form, count, gas, bytes) => {
    const cost = releaseCost(SDK_053_COSTS, form, count, 2);
    expect(cost.gas).toBeGreaterThanOrEqual(BigInt(gas));
    expect(cost.bytes).toBeGreaterThanOrEqual(bytes);
  });

  it.each<[PayoutForm, number, number, number]>([
    ['send', 100, 3_630_000, 14_700],
    ['multiSend', 500, 11_167_000, 31_000],
    ['mint', 500, 27_450_000, 104_000],
  ])('%s of %i new accounts is not far above it', (form, count, gas, bytes) => {
    const cost = releaseCost(SDK_053_COSTS, form, count, 2);
    expect(Number(cost.gas)).toBeLessThan(gas * 1.2);
    expect(cost.bytes).toBeLessThan(bytes * 1.1);
  });

  it('is paid for, and more with each attempt', () => {
    const fees = [0, 1, 2].map((attempt) => releaseCost(GAIA, 'send', 100, 2, attempt).fee);
    const { gas } = releaseCost(GAIA, 'send', 100, 2);
    expect(fees[0]).toBe((gas * 5n + 999n) / 1000n);
    expect(fees[1]! * 4n).toBeGreaterThanOrEqual(fees[0]! * 5n);
    expect(fees[2]! * 4n).toBeGreaterThanOrEqual(fees[1]! * 5n);
  });

  it('fits as many as the limits allow, and one more does not', () => {
    const model = fc.record({
      txBytesMax: fc.integer({ min: 100, max: 2_000_000 }),
      txGasMax: fc.bigInt({ min: 0n, max: 500_000_000n }),
      multiSendSquareGas: fc.bigInt({ min: 0n, max: 1_000n }),
    });
    const form = fc.constantFrom<PayoutForm>('send', 'mint', 'multiSend');
    fc.assert(
      fc.property(
        model,
        form,
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 7 }),
        (limits, kind, wanted, signatures) => {
          const chain = { ...SDK_053_COSTS, ...limits };
          const count = payoutsThatFit(chain, kind, wanted, signatures);
          const within = (n: number): boolean => {
            const { gas, bytes } = releaseCost(chain, kind, n, signatures);
            return gas <= chain.txGasMax && bytes <= chain.txBytesMax;
          };
          if (count > 0) expect(within(count)).toBe(true);
          const most = kind === 'multiSend' ? Math.min(wanted, chain.multiSendMax) : wanted;
          expect(count).toBeLessThanOrEqual(most);
          if (count < most) expect(within(count + 1)).toBe(false);
        },
      ),
    );
  });
});
