import { describe, expect, it } from 'vitest';
import * as suites from './index.ts';

/** Vectors that each suite must at least have: a suite that finds nothing does not pass. */
const AT_LEAST: Readonly<Record<string, number>> = {
  'grandpa live justification': 15,
  'grandpa live commit': 17,
  'grandpa scheduled change headers': 18,
  'trie para head proof': 28,
  'trie regressions': 17,
  'beefy mmr': 60,
  'beefy commitment': 102,
};

describe('substrate vectors', () => {
  for (const suite of Object.values(suites)) {
    it(suite.name, (context) => {
      const result = suite();
      // The fixtures lie beside the project, not in it.
      if (result.skipped !== undefined) context.skip(result.skipped);
      expect(result.failures).toEqual([]);
      expect(result.passed).toBe(result.total);
      expect(result.total).toBeGreaterThanOrEqual(AT_LEAST[result.name] ?? Infinity);
    });
  }
});
