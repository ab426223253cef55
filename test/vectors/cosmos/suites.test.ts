import { describe, expect, it } from 'vitest';
import { COSMOS_SUITES } from './index.ts';

/** Vectors that each suite must at least have: a suite that finds no files does not pass. */
const AT_LEAST: Readonly<Record<string, number>> = {
  'cometbft mbt': 30,
  'tendermint-rs mc4': 62,
  'cometbft rpc': 863,
  'cosmos recorded': 86,
  ics23: 75,
  'ics07 simd': 7,
};

describe('vectors of others', () => {
  for (const suite of COSMOS_SUITES) {
    const result = suite();
    it.skipIf(result.skipped !== undefined)(`${result.name}${result.skipped ? ` (${result.skipped})` : ''}`, () => {
      expect(result.failures).toEqual([]);
      expect(result.passed).toBe(result.total);
      expect(result.total).toBeGreaterThanOrEqual(AT_LEAST[result.name] ?? Infinity);
    });
  }
});
