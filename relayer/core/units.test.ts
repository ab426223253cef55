import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from './errors.ts';
import { formatUnits, parseUnits } from './units.ts';

const amount = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

describe('units', () => {
  it('come back as they were, whatever the decimals', () => {
    fc.assert(
      fc.property(amount, fc.nat(30), (value, decimals) => {
        expect(parseUnits(formatUnits(value, decimals), decimals)).toBe(value);
      }),
    );
  });

  it.each([
    ['1.5', 6, 1_500_000n],
    ['0', 18, 0n],
    ['007', 0, 7n],
    ['0.000001', 6, 1n],
    ['1.500000000', 1, 15n],
    [' 2 ', 2, 200n],
  ])('%j with %i decimals', (text, decimals, value) => {
    expect(parseUnits(text, decimals)).toBe(value);
  });

  it.each([
    [0n, 18, '0'],
    [1n, 6, '0.000001'],
    [1_500_000n, 6, '1.5'],
    [42n, 0, '42'],
    [-15n, 1, '-1.5'],
  ])('%s with %i decimals reads well', (value, decimals, text) => {
    expect(formatUnits(value, decimals)).toBe(text);
  });

  it.each([
    '',
    '-1',
    '1e3',
    '0x10',
    '1.',
    '.5',
    '1,5',
    '1 000',
    'NaN',
    'Infinity',
    '١',
    '1.0000001',
    '1\n2',
    `1${'0'.repeat(40)}`,
  ])('refuses %j', (text) => {
    expect(() => parseUnits(text, 6)).toThrow(DecodeError);
  });

  it('says what it expected', () => {
    expect(() => parseUnits('1.0000001', 6)).toThrowErrorMatchingInlineSnapshot(`
      [DecodeError: Not an amount: "1.0000001".
      A decimal number with at most 6 digits after the point was expected, such as 1.5.]
    `);
  });
});
