import { RLP } from '@ethereumjs/rlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRlp, encodeRlp, integerBytes, type RlpItem, rlpInteger } from './rlp.ts';

const MAX = 100_000;
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const items = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 4 },
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ maxLength: 2 }),
    fc.array(tie('item'), { maxLength: 6 }),
  ),
})).item;

describe('RLP', () => {
  it('decodes what the library encodes', () => {
    fc.assert(
      fc.property(items, (item) => {
        expect(decodeRlp(encodeRlp(item), MAX)).toEqual(item);
      }),
    );
    for (const length of [0, 1, 55, 56, 255, 256, 65_535, 65_536]) {
      const bytes = new Uint8Array(length).fill(0x90);
      expect(decodeRlp(encodeRlp(bytes), MAX)).toEqual(bytes);
      expect(decodeRlp(encodeRlp([bytes, bytes.subarray(1)]), 2 * MAX)).toEqual([bytes, bytes.subarray(1)]);
    }
  });

  it('accepts only bytes that encode again to themselves', () => {
    const changed = fc.tuple(items, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([item, at, change]) => {
      const bytes = encodeRlp(item);
      return bytes.map((byte, i) => (i === at % bytes.length ? byte ^ change : byte));
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 90 })), (bytes) => {
        const item = decodeRlp(bytes, MAX);
        if (item !== undefined) expect(encodeRlp(item)).toEqual(Uint8Array.from(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['nothing', ''],
    ['a trailing byte', '8000'],
    ['a small byte as a string', '8105'],
    ['a short string with a long length', 'b801ff'],
    ['a length with a leading zero', `b90038${'ff'.repeat(56)}`],
    ['a short list with a long length', 'f80180'],
    ['a string that ends early', '83ffff'],
    ['a list that ends early', 'c3c080'],
    ['an item that leaves its list', 'c282ff'],
    ['a length that ends early', 'b9ff'],
    ['a length of eight bytes', 'bf0000000000000001ff'],
    ['the longest length', 'ffffffffffffffffff'],
    ['nine lists', 'c8c7c6c5c4c3c2c1c0'],
  ])('refuses %s', (_, text) => {
    expect(decodeRlp(unhex(text), MAX)).toBeUndefined();
  });

  it('allows eight lists, and no more bytes than it is told', () => {
    const eight = unhex('c7c6c5c4c3c2c1c0');
    expect(decodeRlp(eight, MAX)).toEqual(RLP.decode(eight));
    expect(decodeRlp(eight, 7)).toBeUndefined();
  });

  it('gives copies', () => {
    const bytes = Buffer.from('c482ffee05', 'hex');
    const item = decodeRlp(bytes, MAX);
    bytes.fill(0);
    expect(item).toEqual([Uint8Array.of(0xff, 0xee), Uint8Array.of(5)]);
  });

  it('reads integers without leading zeros', () => {
    expect(rlpInteger(integerBytes(0), 8)).toBe(0n);
    expect(rlpInteger(integerBytes(256), 8)).toBe(256n);
    expect(rlpInteger(Uint8Array.of(0, 1), 8)).toBeUndefined();
    expect(rlpInteger(new Uint8Array(9).fill(1), 8)).toBeUndefined();
    expect(rlpInteger([], 8)).toBeUndefined();
  });
});
