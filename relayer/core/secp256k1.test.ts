import fc from 'fast-check';
import { secp256k1 as curve } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { bytesToHex, fromHex } from './bytes.ts';
import { addressOf, isPrivateKey, recover, sign } from './secp256k1.ts';

// TEST KEYS: the first account of the well-known test mnemonic.
const KEY = fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
const ADDRESS = 'f39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const DIGEST = new Uint8Array(32).fill(7);
const ORDER = curve.Point.CURVE().n;

describe('secp256k1', () => {
  it('knows the address of a key', () => {
    expect(bytesToHex(addressOf(KEY))).toBe(ADDRESS);
  });

  it('recovers who signed, and another implementation agrees', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
        const signature = sign(digest, KEY);
        expect(signature).toHaveLength(65);
        expect(bytesToHex(recover(digest, signature)!)).toBe(ADDRESS);
        expect(curve.verify(signature.slice(0, 64), digest, curve.getPublicKey(KEY), { prehash: false })).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('signs the same way each time', () => {
    expect(sign(DIGEST, KEY)).toEqual(sign(DIGEST, KEY));
  });

  it('refuses the malleable twin, other recovery ids, lengths and zeros', () => {
    const signature = sign(DIGEST, KEY);
    const s = BigInt(`0x${bytesToHex(signature.slice(32, 64))}`);
    const twin = signature.slice();
    twin.set(fromHex((ORDER - s).toString(16).padStart(64, '0')), 32);
    twin[64] = signature[64] === 27 ? 28 : 27;
    expect(recover(DIGEST, twin)).toBeUndefined();
    for (const v of [0, 1, 26, 29, 255]) {
      const other = signature.slice();
      other[64] = v;
      expect(recover(DIGEST, other)).toBeUndefined();
    }
    expect(recover(DIGEST, signature.slice(1))).toBeUndefined();
    expect(recover(DIGEST.slice(1), signature)).toBeUndefined();
    const zero = new Uint8Array(65);
    zero[64] = 27;
    expect(recover(DIGEST, zero)).toBeUndefined();
    expect(recover(DIGEST, new Uint8Array(65).fill(255))).toBeUndefined();
  });

  it('takes no key of zero, of the order or of another length, and says nothing of it', () => {
    const order = fromHex(ORDER.toString(16));
    for (const bad of [new Uint8Array(32), order, KEY.slice(1)]) {
      expect(isPrivateKey(bad)).toBe(false);
      expect(() => sign(DIGEST, bad)).toThrowErrorMatchingInlineSnapshot(
        `[ViaductError: Assertion failed: a private key has 32 bytes and lies below the order of the curve]`,
      );
    }
  });
});
