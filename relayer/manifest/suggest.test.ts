import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './suggest.ts';

describe('nearest', () => {
  it.each([
    ['endpoint', 'endpoints'],
    ['Roles', 'roles'],
    ['acounts', 'accounts'],
    ['chian', 'chains'],
    ['xyz', undefined],
    ['a', undefined],
  ])('%s: %s', (word, meant) => {
    expect(nearest(word, ['endpoints', 'roles', 'accounts', 'chains'])).toBe(meant);
  });
});

describe('editDistance', () => {
  it('counts edits', () => {
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('abc', 'acb')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });

  it('is zero for equals only, symmetric, and at most the longer length', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance === 0).toBe(a === b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
