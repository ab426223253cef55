import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { createReceivers } from './receivers.ts';

const PLAN = { seed: 's', holders: 10, freshPercent: 0, per: 'deposit', length: 20 } as const;

describe('receivers of a load', () => {
  it('are the same for the same seed, and others for another', () => {
    const account = (seed: string): string => bytesToHex(createReceivers({ ...PLAN, seed }).receiver(3));
    expect(account('s')).toBe(account('s'));
    expect(account('s')).not.toBe(account('t'));
  });

  it('are taken from the pool, or fresh in the part that was asked for', () => {
    const accounts = (freshPercent: number): Set<string> => {
      const receivers = createReceivers({ ...PLAN, freshPercent });
      return new Set(Array.from({ length: 1_000 }, (_, number) => bytesToHex(receivers.receiver(number))));
    };
    expect(accounts(0).size).toBe(10);
    expect(accounts(100).size).toBe(1_000);
    expect(accounts(30).size).toBe(300 + 10);
  });

  it('come to the sum of their amounts, whatever the range', () => {
    const receivers = createReceivers(PLAN);
    for (const [first, count] of [
      [0, 0],
      [0, 1],
      [5, 9],
      [7, 1_234],
      [100, 18],
    ] as const) {
      let sum = 0n;
      for (let number = first; number < first + count; number++) sum += receivers.amount(number);
      expect(receivers.total(first, count)).toBe(sum);
    }
  });

  it('are credited what was included, one receiver a deposit or one a transaction', () => {
    const ranges = [
      { first: 0, count: 25 },
      { first: 50, count: 10 },
    ];
    for (const per of ['deposit', 'transaction'] as const) {
      const receivers = createReceivers({ ...PLAN, per });
      const credits = receivers.credits(ranges);
      const sum = [...credits.values()].reduce((total, amount) => total + amount, 0n);
      expect(sum).toBe(receivers.total(0, 25) + receivers.total(50, 10));
      // Numbers 0 and 50 are the same place in a pool of ten.
      expect(credits.size).toBe(per === 'deposit' ? 10 : 1);
    }
  });
});
