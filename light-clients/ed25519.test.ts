import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { testSigner } from './grandpa/chain.fixture.ts';
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
