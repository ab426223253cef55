import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  equalBytes,
  fromHex,
  padWord,
  readU32,
  readU64,
  toBigInt,
  toHex,
  utf8,
  word,
  writeU32,
  writeU64,
} from './bytes.ts';
import { DecodeError } from './errors.ts';

describe('hex', () => {
  it('goes there and back, with and without 0x', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromHex(toHex(bytes).slice(2).toUpperCase(), bytes.length)).toEqual(bytes);
      }),
    );
    expect(toHex(Uint8Array.of(0, 0xab))).toBe('0x00ab');
  });

  it.each(['0', '0x0', 'zz', '0x 0', '0X00', '-1', '00\n'])('refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(DecodeError);
  });

  it('refuses another length than the one asked for', () => {
    expect(() => fromHex('0x0011', 3)).toThrow('Hex string of 3 bytes expected, got 2.');
    expect(() => fromHex('', 1)).toThrow(DecodeError);
    expect(fromHex('', 0)).toEqual(new Uint8Array(0));
  });
});

describe('order', () => {
  it('compares as text of hex does', () => {
    const small = fc.uint8Array({ maxLength: 4, max: 3 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        const [left, right] = [toHex(a), toHex(b)];
        expect(Math.sign(compareBytes(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
        expect(equalBytes(a, b)).toBe(left === right);
      }),
    );
  });
});

describe('integers', () => {
  it('reads what it wrote, big-endian, also inside a larger buffer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat({ max: 0xffffffff }), (large, small) => {
        const bytes = new Uint8Array(40).subarray(3);
        writeU64(bytes, 5, large);
        writeU32(bytes, 20, small);
        expect(readU64(bytes, 5)).toBe(large);
        expect(readU32(bytes, 20)).toBe(small);
        expect(toBigInt(bytes.subarray(5, 13))).toBe(large);
      }),
    );
  });

  it('throws outside the buffer instead of reading past it', () => {
    expect(() => readU64(new Uint8Array(new ArrayBuffer(32), 0, 8), 1)).toThrow(/a u32 within the bytes/);
    expect(() => readU32(new Uint8Array(3), 0)).toThrow(/a u32 within the bytes/);
  });

  it('makes EVM words', () => {
    expect(toHex(word(0))).toBe(`0x${'00'.repeat(32)}`);
    expect(toHex(word(0x1234))).toBe(`0x${'00'.repeat(30)}1234`);
    expect(toBigInt(word((1n << 256n) - 1n))).toBe((1n << 256n) - 1n);
    expect(toHex(padWord(Uint8Array.of(1, 2)))).toBe(`0x${'00'.repeat(30)}0102`);
    expect(() => padWord(new Uint8Array(33))).toThrow(RangeError);
    expect(toBigInt(new Uint8Array(0))).toBe(0n);
  });

  it('encodes text as UTF-8', () => {
    expect(toHex(utf8('é'))).toBe('0xc3a9');
  });
});
