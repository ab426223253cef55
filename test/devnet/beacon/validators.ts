/**
 * The validators of the local chain: deterministic keys that everybody knows, held by one process. What many of them sign
 * together is signed once, with the sum of their keys: the same bytes as the aggregate of their signatures.
 */
import { blst, transition } from './lodestar.ts';

export interface Validators {
  /** Compressed, 48 bytes each. */
  readonly publicKeys: readonly Uint8Array[];
  sign(index: number, message: Uint8Array): Uint8Array;
  signTogether(indices: readonly number[], message: Uint8Array): Uint8Array;
}

/** The order of the scalar field of BLS12-381. */
const ORDER = 52435875175126190479447740508185965837690552500527637822603658699938581184513n;
/** What an empty aggregate is. */
export const INFINITY_SIGNATURE: Uint8Array = Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0));

export function createValidators(count: number): Validators {
  const keys = transition.interopSecretKeys(count);
  const scalars = keys.map((key) => BigInt(`0x${Buffer.from(key.toBytes()).toString('hex')}`));
  return {
    publicKeys: keys.map((key) => key.toPublicKey().toBytes()),
    sign: (index, message) => keys[index]!.sign(message).toBytes(),
    signTogether: (indices, message) => {
      if (indices.length === 0) return INFINITY_SIGNATURE;
      const sum = indices.reduce((total, index) => total + scalars[index]!, 0n) % ORDER;
      const bytes = Buffer.from(sum.toString(16).padStart(64, '0'), 'hex');
      return blst.SecretKey.fromBytes(bytes).sign(message).toBytes();
    },
  };
}
