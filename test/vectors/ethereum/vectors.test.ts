import { describe, expect, it } from 'vitest';
import { forks, forksCorrupted, fuluDevnet, mainnetBlock, sepolia, sepoliaCorrupted, specSync } from './index.ts';

describe('recorded light-client data', () => {
  for (const suite of [specSync, forks, fuluDevnet, mainnetBlock, sepolia, forksCorrupted, sepoliaCorrupted]) {
    it(suite.name, ({ skip }) => {
      const result = suite();
      skip(result.skipped !== undefined, result.skipped);
      expect(result.failures).toEqual([]);
      expect(result.total).toBeGreaterThan(0);
      expect(result.passed).toBe(result.total);
    });
  }
});
