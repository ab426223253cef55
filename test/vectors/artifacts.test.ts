import { describe, expect, it } from 'vitest';
import { compileArtifacts, staleArtifacts } from '../../contracts/evm/build.ts';

describe('contract artifacts', () => {
  it('are what the committed sources compile to', { timeout: 240_000 }, () => {
    expect(staleArtifacts(compileArtifacts())).toEqual([]);
  });
});
