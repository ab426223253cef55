import { describe, expect, it } from 'vitest';
import { EXTRA_CHAINS, FAMILIES, lanePairs, parseExtra, parseFamilies, planFor } from './networkPlan.ts';

describe('the plan of a local network', () => {
  const namesOf = (...args: Parameters<typeof planFor>): string[] => planFor(...args).chains.map(({ name }) => name);

  it('has extra chains only when they are named, and of the families asked for', () => {
    expect(namesOf(FAMILIES)).toEqual(['anvil-a', 'anvil-b', 'cosmos-a', 'cosmos-b', 'asset-hub']);
    expect(namesOf(FAMILIES, EXTRA_CHAINS)).toContain('asset-hub-b');
    expect(namesOf(['substrate'], EXTRA_CHAINS)).toEqual(['asset-hub', 'asset-hub-b']);
    expect(namesOf(['evm'], EXTRA_CHAINS)).toEqual(['anvil-a', 'anvil-b']);
  });

  it('has the assets that are at home there, and lanes between families in every direction', () => {
    const plan = planFor(FAMILIES, EXTRA_CHAINS);
    expect(plan.assets.map(({ symbol }) => symbol)).toContain('HUBB');
    expect(planFor(FAMILIES).assets.map(({ symbol }) => symbol)).not.toContain('HUBB');
    const familyOf = new Map(plan.chains.map(({ name, family }) => [name, family]));
    const pairs = lanePairs(plan).map(({ source, target }) => `${familyOf.get(source)} ${familyOf.get(target)}`);
    expect(new Set(pairs).size).toBe(FAMILIES.length ** 2);
  });

  it('is asked for in words', () => {
    expect(parseExtra('')).toEqual([]);
    expect(parseExtra('asset-hub-b')).toEqual(['asset-hub-b']);
    expect(() => parseExtra('asset-hub')).toThrow(/no extra chain "asset-hub"[^]*It has asset-hub-b\./);
    expect(parseFamilies('substrate,evm')).toEqual(['substrate', 'evm']);
    expect(() => parseFamilies('evm,solana')).toThrow(/no family "solana"/);
  });
});
