import { describe, expect, it } from 'vitest';
import { findAnvil } from '../anvil.ts';
import { followBothWays } from './followBothWays.ts';

// Skipped where no anvil is installed: it is an optional dependency.
describe.skipIf(findAnvil() === undefined)('a proof-of-stake chain of our own', () => {
  it(
    'goes through the forks and is followed by our light client and by Lodestar with the same verdicts',
    { timeout: 120_000 },
    async () => {
      const result = await followBothWays({ slots: 600, forkEpochs: [12, 28, 44], mutateEvery: 8 });
      expect(result.disagreements).toEqual([]);
      expect(result.mutantsAccepted).toEqual([]);
      expect(result.versions).toEqual(['capella', 'deneb', 'electra', 'fulu']);
      expect(result.finalizedSlot).toBeGreaterThanOrEqual(568);
      expect(result.accepted).toBeGreaterThanOrEqual(60);
      expect(result.mutants).toBeGreaterThan(300);
      expect(result).toMatchObject({ missed: 28, reorgs: 6, periods: 10 });
    },
  );
});
