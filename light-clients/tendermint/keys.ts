/**
 * Validator keys: addresses and signatures.
 *
 * CometBFT verifies ed25519 by ZIP-215 (the cofactored equation, non-canonical points allowed), Node's native code by the
 * narrower rule of RFC 8032. What native code accepts ZIP-215 accepts too; what it rejects is asked again under ZIP-215, so
 * that this verifier never splits from the chain. Native costs 0.1 ms, the second opinion 2 ms: a caller that stops at the
 * first bad signature pays it once.
 */
import { createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import secp256k1 from 'secp256k1';
import { sha256 } from './canonical.ts';
import type { PublicKey } from './types.ts';

export const KEY_BYTES: Record<PublicKey['type'], number> = { ed25519: 32, secp256k1: 33 };
export const ADDRESS_BYTES = 20;
const SIGNATURE_BYTES = 64;

/** The address that a key has: a hash of the key, so that an address cannot be claimed for another key. */
export function addressOf(key: PublicKey): Uint8Array {
  const once = sha256(key.bytes);
  return key.type === 'ed25519' ? once.subarray(0, ADDRESS_BYTES) : ripemd160(once);
}

export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || key.bytes.length !== KEY_BYTES[key.type]) return false;
  return key.type === 'ed25519'
    ? verifyEd25519(key.bytes, message, signature)
    : verifySecp256k1(key.bytes, message, signature);
}

export function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifyNative(key, message, signature) || verifyZip215(key, message, signature);
}

export function verifyNative(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    // Importing a key as JWK costs a tenth of importing it as DER.
    const x = Buffer.from(key).toString('base64url');
    const imported = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, imported, signature);
  } catch {
    // Node throws for keys it does not take at all; ZIP-215 decides then.
    return false;
  }
}

export function verifyZip215(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
}

/** CometBFT: ECDSA over SHA-256, R ‖ S, the lower S only (libsecp256k1 refuses the higher one as well). */
function verifySecp256k1(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return secp256k1.ecdsaVerify(signature, sha256(message), key);
  } catch {
    return false;
  }
}
