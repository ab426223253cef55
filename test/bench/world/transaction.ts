/** A transaction of the simulated chains, flat: signature (65 bytes), nonce (u64), attempt (u32), call. */
import { concatBytes, readU64, toHex, writeU32, writeU64 } from '../../../relayer/core/bytes.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import type { SignedTransaction } from '../../../relayer/core/ports.ts';
import { sign } from '../../../relayer/core/secp256k1.ts';

const SIGNATURE_BYTES = 65;
export const TRANSACTION_HEAD_BYTES = SIGNATURE_BYTES + 12;

/** Signed as a real one is: over the hash of everything in it. */
export function signTransaction(call: Uint8Array, slot: bigint, attempt: number, key: Uint8Array): SignedTransaction {
  const head = new Uint8Array(12);
  writeU64(head, 0, slot);
  writeU32(head, 8, attempt);
  const raw = concatBytes(sign(keccak256(head, call), key), head, call);
  return { slot, attempt, call, raw, hash: toHex(keccak256(raw)) };
}

export function readTransaction(raw: Uint8Array): { readonly slot: number; readonly call: Uint8Array } {
  return { slot: Number(readU64(raw, SIGNATURE_BYTES)), call: raw.subarray(TRANSACTION_HEAD_BYTES) };
}
