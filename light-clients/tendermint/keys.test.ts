import { describe, expect, it } from 'vitest';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import secp256k1 from 'secp256k1';
import { verifyEd25519, verifyNative, verifyZip215 } from '../ed25519.ts';
import { sha256 } from './canonical.ts';
import { addressOf, verifySignature } from './keys.ts';
import { makeSecpSigner, makeSigner } from './chain.fixture.ts';

const MESSAGE = new TextEncoder().encode('Zcash');
const ORDER = ed25519.Point.Fn.ORDER;

/** Every encoding of a point of order 1, 2, 4 or 8, canonical or not. */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
}

function scalarOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) % ORDER;
}

describe('ed25519 as CometBFT verifies it', () => {
  it('accepts all 196 small-order signatures of ZIP-215, most of which the native rule rejects', () => {
    let accepted = 0;
    let rejectedByNative = 0;
    for (const key of SMALL_ORDER) {
      for (const point of SMALL_ORDER) {
        const signature = Buffer.concat([point, new Uint8Array(32)]);
        if (verifyEd25519(signature, MESSAGE, key)) accepted++;
        const native = verifyNative(signature, MESSAGE, key);
        if (!native) rejectedByNative++;
        // What the faster rule takes the rule of the chain takes as well.
        expect(native && !verifyZip215(signature, MESSAGE, key)).toBe(false);
      }
    }
    expect(accepted).toBe(196);
    expect(rejectedByNative).toBeGreaterThan(100);
  });

  it('accepts a signature by a key with a small-order part, which only the cofactored equation does', () => {
    const torsion = ed25519.Point.fromBytes(SMALL_ORDER[4] as Uint8Array, true);
    const base = ed25519.Point.BASE;
    const [secret, nonce] = [123_456_789n, 987_654_321n];
    const key = base.multiply(secret).add(torsion).toBytes();
    const point = base.multiply(nonce).toBytes();
    let disagreements = 0;
    for (let i = 0; i < 8; i++) {
      const message = Uint8Array.of(i);
      const challenge = scalarOf(sha512(Buffer.concat([point, key, message])));
      const signature = Buffer.concat([point, littleEndian((nonce + challenge * secret) % ORDER)]);
      expect(verifyEd25519(signature, message, key)).toBe(true);
      if (!verifyNative(signature, message, key)) disagreements++;
    }
    expect(disagreements).toBeGreaterThan(0);
  });

  it('rejects S not reduced, a key that is no point, and lengths other than 64 and 32', () => {
    const signer = makeSigner('a', 1n);
    const { publicKey } = signer.validator;
    const signature = signer.sign(MESSAGE);
    expect(verifySignature(publicKey, MESSAGE, signature)).toBe(true);
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`);
    const unreduced = Buffer.concat([signature.subarray(0, 32), littleEndian(s + ORDER)]);
    expect(verifySignature(publicKey, MESSAGE, unreduced)).toBe(false);
    const noPoint = Buffer.from('0200000000000000000000000000000000000000000000000000000000000000', 'hex');
    expect(verifyEd25519(signature, MESSAGE, noPoint)).toBe(false);
    for (const bad of [new Uint8Array(0), signature.subarray(1), Buffer.concat([signature, Buffer.of(0)])]) {
      expect(verifySignature(publicKey, MESSAGE, bad)).toBe(false);
    }
    expect(verifySignature({ type: 'ed25519', bytes: new Uint8Array(31) }, MESSAGE, signature)).toBe(false);
  });
});

describe('secp256k1 as CometBFT verifies it', () => {
  it('takes the lower S only', () => {
    const signer = makeSecpSigner('s', 1n);
    const { publicKey } = signer.validator;
    const signature = signer.sign(MESSAGE);
    expect(verifySignature(publicKey, MESSAGE, signature)).toBe(true);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).toString('hex')}`);
    const high = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'),
    ]);
    expect(verifySignature(publicKey, MESSAGE, high)).toBe(false);
    expect(secp256k1.ecdsaVerify(secp256k1.signatureNormalize(high), sha256(MESSAGE), publicKey.bytes)).toBe(true);
    expect(verifySignature(publicKey, MESSAGE, new Uint8Array(64))).toBe(false);
    expect(verifySignature({ type: 'secp256k1', bytes: new Uint8Array(33) }, MESSAGE, signature)).toBe(false);
  });

  it('derives addresses of both key types', () => {
    // From CometBFT's and the SDK's definitions: SHA-256 cut to 20 bytes, and RIPEMD-160 of SHA-256.
    const ed = makeSigner('a', 1n).validator;
    expect(addressOf(ed.publicKey)).toEqual(sha256(ed.publicKey.bytes).subarray(0, 20));
    expect(addressOf(makeSecpSigner('s', 1n).validator.publicKey).length).toBe(20);
  });
});
