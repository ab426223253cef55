import { describe, expect, it } from 'vitest';
import { createGasLimits } from './gasLimits.ts';

const CHUNK_BYTES = 512 * 135 + 700;

describe('gas limits learned from deliveries', () => {
  it('suggest nothing before anything was learned', () => {
    expect(createGasLimits().suggest(CHUNK_BYTES)).toBeUndefined();
  });

  it('suggest for the same size at least what it took, and little more', () => {
    for (const gas of [100_000n, 4_837_092n, 13_606_183n]) {
      const limits = createGasLimits();
      limits.learn(CHUNK_BYTES, gas);
      const suggested = limits.suggest(CHUNK_BYTES) ?? 0n;
      expect(suggested).toBeGreaterThanOrEqual(gas);
      expect(suggested).toBeLessThanOrEqual(gas > 300_000n ? gas + 100n : 300_000n);
    }
  });

  it('grow with the size of the call', () => {
    const limits = createGasLimits();
    limits.learn(CHUNK_BYTES, 4_837_092n);
    const half = limits.suggest(CHUNK_BYTES / 2) ?? 0n;
    expect(half).toBeGreaterThan(2_400_000n);
    expect(half).toBeLessThan(2_700_000n);
  });

  it('go by the dearest of the last 32, and forget it after them', () => {
    const limits = createGasLimits();
    limits.learn(CHUNK_BYTES, 13_600_000n);
    for (let i = 0; i < 31; i++) limits.learn(CHUNK_BYTES, 4_800_000n);
    expect(limits.suggest(CHUNK_BYTES)).toBeGreaterThanOrEqual(13_600_000n);
    limits.learn(CHUNK_BYTES, 4_800_000n);
    expect(limits.suggest(CHUNK_BYTES)).toBeLessThan(4_900_000n);
  });

  it('take whatever they are told', () => {
    const limits = createGasLimits();
    limits.learn(0, 10n ** 9n);
    expect(limits.suggest(0)).toBe(300_000n);
  });
});
