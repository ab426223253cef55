import { describe, expect, it } from 'vitest';
import { substrateMutants } from './mutants.ts';

describe('corrupted Substrate proofs', () => {
  it('are never accepted', () => {
    expect(substrateMutants(2_000, 1)).toEqual({ tried: 2_000, accepted: 0 });
  });
});
