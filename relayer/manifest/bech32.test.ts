import { fromBech32, toBech32 } from '@cosmjs/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBech32, encodeBech32 } from './bech32.ts';

const prefixes = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
const accounts = fc.uint8Array({ minLength: 1, maxLength: 32 });

describe('bech32', () => {
  it('writes and reads what cosmjs does', () => {
    fc.assert(
      fc.property(prefixes, accounts, (prefix, bytes) => {
        const text = encodeBech32(prefix, bytes);
        expect(text).toBe(toBech32(prefix, bytes));
        expect(decodeBech32(text)).toEqual({ kind: 'valid', prefix, bytes });
        expect(decodeBech32(text.toUpperCase())).toEqual({ kind: 'valid', prefix, bytes });
      }),
    );
  });

  it('is total, and takes nothing that cosmjs refuses', () => {
    const mangled = fc.tuple(prefixes, accounts, fc.nat(80), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(mangled, ([prefix, bytes, at, put]) => {
        const text = encodeBech32(prefix, bytes);
        const other = text.slice(0, at) + put + text.slice(at + 1);
        const read = decodeBech32(other);
        if (read.kind === 'valid') expect(fromBech32(other, 128)).toEqual({ prefix: read.prefix, data: read.bytes });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['valid', 'invalid']).toContain(decodeBech32(text).kind);
      }),
    );
  });

  it('says what is wrong', () => {
    const good = encodeBech32('cosmos', new Uint8Array(20).fill(7));
    const reason = (text: string): unknown => {
      const read = decodeBech32(text);
      return read.kind === 'invalid' ? read.reason : read;
    };
    expect(reason(`${good.slice(0, -1)}${good.endsWith('q') ? 'p' : 'q'}`)).toMatch(/checksum is wrong/);
    expect(reason(`C${good.slice(1)}`)).toMatch(/upper and lower case/);
    expect(reason(`${good.slice(0, -1)}b`)).toMatch(/character that bech32 does not have/);
    expect(reason('cosmos')).toMatch(/no prefix/);
    expect(reason('cosmos1qqq')).toMatch(/too short/);
    expect(reason('x'.repeat(200))).toMatch(/more than 128/);
    expect(reason(encodeBech32('cosmos', new Uint8Array(33)))).toMatch(/33 bytes/);
    expect(reason(encodeBech32('cosmos', new Uint8Array(0)))).toMatch(/0 bytes/);
  });
});
