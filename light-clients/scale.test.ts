import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from './refusal.ts';
import { compactBytes, createScaleReader, hexOf } from './scale.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const readCompact = (input: Uint8Array): ReturnType<typeof judge<bigint>> =>
  judge(() => {
    const reader = createScaleReader(input, 'number');
    const value = reader.compact();
    reader.end();
    return value;
  });

describe('compact integers', () => {
  it('are the known ones', () => {
    const cases: [bigint, string][] = [
      [0n, '00'],
      [1n, '04'],
      [63n, 'fc'],
      [64n, '0101'],
      [16_383n, 'fdff'],
      [16_384n, '02000100'],
      [(1n << 30n) - 1n, 'feffffff'],
      [1n << 30n, '0300000040'],
      [(1n << 32n) - 1n, '03ffffffff'],
      [1n << 32n, '070000000001'],
      [(1n << 64n) - 1n, '13ffffffffffffffff'],
    ];
    for (const [value, hex] of cases) {
      expect(hexOf(compactBytes(value))).toBe(hex);
      expect(readCompact(bytes(hex))).toEqual({ kind: 'valid', value });
    }
  });

  it('have one spelling', () => {
    for (const hex of [
      '0100',
      'fd00',
      '02000000',
      'feff0000',
      '0300000000',
      '03ffffff3f',
      '070100000000',
      '0701000000',
    ]) {
      expect(readCompact(bytes(hex)).kind, hex).toBe('invalid');
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (input) => {
        const read = readCompact(input);
        if (read.kind === 'valid') expect(hexOf(compactBytes(read.value))).toBe(hexOf(input));
      }),
      { numRuns: 3_000 },
    );
  });

  it('of more than 64 bits, cut off or followed by more are refused', () => {
    for (const hex of ['', '01', '020000', '03000000', `17${'ff'.repeat(9)}`, '0000', '040400']) {
      expect(readCompact(bytes(hex)).kind, hex).toBe('invalid');
    }
  });
});

describe('the reader', () => {
  it('reads little-endian integers and views', () => {
    const reader = createScaleReader(bytes('0102030405060708090a0b0c0d0e0f0c112233'), 'fields');
    expect(reader.u8()).toBe(0x01);
    expect(reader.u16()).toBe(0x0302);
    expect(reader.u32()).toBe(0x07060504);
    expect(reader.u64()).toBe(0x0f0e0d0c0b0a0908n);
    expect(hexOf(reader.sized(3))).toBe('112233');
    expect(reader.remaining).toBe(0);
    reader.end();
  });

  it('makes nothing from a length that is not there', () => {
    expect(judge(() => createScaleReader(bytes('0c1122'), 'list').sized(10))).toEqual({
      kind: 'invalid',
      reason: 'list: ends in the middle of a field',
    });
    expect(judge(() => createScaleReader(bytes('02ffffff'), 'list').length(100)).kind).toBe('invalid');
  });
});
