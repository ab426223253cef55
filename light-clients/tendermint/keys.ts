/**
 * Validator keys: addresses and signatures. ed25519 goes by ZIP-215 (see `ed25519.ts`), so that this verifier never splits
 * from the chain; other key types than ed25519 and secp256k1 are refused by name where keys are decoded.
 */
import { ripemd160 } from '@noble/hashes/legacy.js';
import secp256k1 from 'secp256k1';
import { verifyEd25519 } from '../ed25519.ts';
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
    ? verifyEd25519(signature, message, key.bytes)
    : verifySecp256k1(key.bytes, message, signature);
}

/** CometBFT: ECDSA over SHA-256, R ‖ S, the lower S only (libsecp256k1 refuses the higher one as well). */
function verifySecp256k1(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return secp256k1.ecdsaVerify(signature, sha256(message), key);
  } catch {
    return false;
  }
}
