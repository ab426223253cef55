import { describe, expect, it } from 'vitest';
import { countAccepted, FAMILIES } from './index.ts';

describe('corrupted headers, updates and proofs', () => {
  it.each(FAMILIES.map((family) => [family.name, family] as const))('of %s are never accepted', (_, family) => {
    expect(countAccepted(family.targets(), 150, 1)).toEqual({ tried: 150, accepted: 0, failures: [] });
  });

  it('are the same for the same seed, and are counted when something takes them', () => {
    const seen: string[][] = [[], [], []];
    [1, 1, 2].forEach((seed, run) => {
      const target = {
        name: 'credulous',
        parts: [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)],
        accepts: (parts: readonly Uint8Array[]) => {
          seen[run]!.push(Buffer.from(parts.flatMap((part) => [...part, 255])).toString('hex'));
          return true;
        },
      };
      expect(countAccepted([target], 50, seed)).toEqual({ tried: 50, accepted: 50, failures: ['credulous'] });
    });
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).not.toEqual(seen[2]);
  });

  it('are not counted against a proof that does not hold', () => {
    const broken = { name: 'proof', parts: [Uint8Array.of(1)], accepts: () => false };
    expect(() => countAccepted([broken], 1, 1)).toThrow('the proof to corrupt is not valid');
  });
});
