import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyParts, lastAtOrBelow, lastNumber, rangeOf, storeKey } from './keys.ts';

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('store keys', () => {
  it('pads numbers to sixteen hex digits', () => {
    expect(storeKey('frame', 'lane-a', 480n)).toBe('frame/lane-a/00000000000001e0');
    expect(lastNumber('frame/lane-a/00000000000001e0')).toBe(480n);
    expect(keyParts('frame/lane-a/1')).toEqual(['frame', 'lane-a', '1']);
  });

  it('sorts as the numbers do', () => {
    fc.assert(
      fc.property(u64, u64, (a, b) => {
        expect(storeKey('x', a) < storeKey('x', b)).toBe(a < b);
        expect(lastNumber(storeKey('x', a))).toBe(a);
      }),
    );
  });

  it('bounds exactly what lies below a prefix', () => {
    expect(rangeOf('a', 'b')).toEqual({ gte: 'a/b/', lt: 'a/b0' });
    expect(lastAtOrBelow(7n, 'a')).toEqual({ gte: 'a/', lte: 'a/0000000000000007', reverse: true, limit: 1 });
  });

  it('refuses parts that could reach into another one, and numbers beyond u64', () => {
    for (const part of ['', 'a/b', 'a b', 'é', '*']) expect(() => storeKey(part)).toThrow('Assertion failed');
    expect(() => storeKey('a', 1n << 64n)).toThrow('Assertion failed');
    expect(() => storeKey('a', -1n)).toThrow('Assertion failed');
    expect(() => lastNumber('a/b')).toThrow('Assertion failed');
  });
});
