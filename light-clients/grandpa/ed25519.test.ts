import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { testSigner } from './chain.fixture.ts';
import { verifyEd25519 } from './ed25519.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const message = new TextEncoder().encode('Zcash');

describe('verifyEd25519', () => {
  it('takes good signatures and no others', () => {
    const signer = testSigner('one');
    const signature = signer.sign(message);
    expect(verifyEd25519(signature, message, signer.key)).toBe(true);
    expect(verifyEd25519(signature, message.subarray(1), signer.key)).toBe(false);
    expect(verifyEd25519(signature, message, testSigner('two').key)).toBe(false);
    expect(verifyEd25519(signature.subarray(1), message, signer.key)).toBe(false);
    expect(verifyEd25519(signature, message, signer.key.subarray(1))).toBe(false);
  });

  it('takes what ZIP-215 takes and RFC 8032 does not: small-order keys and points in any spelling', () => {
    // The eight points of small order and the non-canonical spellings of some; with s = 0 every pair is valid.
    const smallOrder = [
      '0100000000000000000000000000000000000000000000000000000000000000',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0000000000000000000000000000000000000000000000000000000000000080',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      '0100000000000000000000000000000000000000000000000000000000000080',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ];
    for (const key of smallOrder) {
      for (const point of smallOrder) {
        const signature = bytes(point + '00'.repeat(32));
        expect(verifyEd25519(signature, message, bytes(key)), `${key} ${point}`).toBe(true);
      }
    }
  });

  it('takes no s of the group order or more, and no point off the curve', () => {
    const signer = testSigner('one');
    const signature = signer.sign(message);
    const order = ed25519.Point.Fn.ORDER;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    const lifted = signature.slice();
    lifted.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32);
    expect(verifyEd25519(lifted, message, signer.key)).toBe(false);
    const offCurve = bytes(`02${'00'.repeat(31)}`);
    expect(verifyEd25519(signature, message, offCurve)).toBe(false);
  });
});
