/**
 * A transaction of the simulated chains, flat: signature (65 bytes), nonce (u64), attempt (u32), call. What is signed binds a
 * chunk's packets by the checkpoint's root and the chunk's place under it, which the gateway checks: a real chain would have them
 * hashed twice more.
 */
import { concatBytes, readU64, toHex, writeU32, writeU64 } from '../../../relayer/core/bytes.ts';
import { decodeDelivery, encodeWorkItem } from '../../../relayer/core/certificate.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import type { Delivery, SignedTransaction } from '../../../relayer/core/ports.ts';
import { sign } from '../../../relayer/core/secp256k1.ts';

const SIGNATURE_BYTES = 65;
export const TRANSACTION_HEAD_BYTES = SIGNATURE_BYTES + 12;

/** The delivery as bytes, with room before them for the head of the first transaction that carries them. */
export function callOf(delivery: Delivery): Uint8Array {
  const head = encodeWorkItem({ ...delivery, packets: undefined });
  const bytes = new Uint8Array(TRANSACTION_HEAD_BYTES + head.length + delivery.packets.length);
  bytes.set(head, TRANSACTION_HEAD_BYTES);
  bytes.set(delivery.packets, TRANSACTION_HEAD_BYTES + head.length);
  return bytes.subarray(TRANSACTION_HEAD_BYTES);
}

export function signTransaction(call: Uint8Array, slot: bigint, attempt: number, key: Uint8Array): SignedTransaction {
  const raw = attempt === 0 && hasRoom(call) ? new Uint8Array(call.buffer) : withRoom(call);
  writeU64(raw, SIGNATURE_BYTES, slot);
  writeU32(raw, SIGNATURE_BYTES + 8, attempt);
  const digest = digestOf(raw);
  raw.set(sign(digest, key));
  return { slot, attempt, call, raw, hash: transactionHash(raw) };
}

export function readTransaction(raw: Uint8Array): { readonly slot: number; readonly call: Uint8Array } {
  return { slot: Number(readU64(raw, SIGNATURE_BYTES)), call: raw.subarray(TRANSACTION_HEAD_BYTES) };
}

export function transactionHash(raw: Uint8Array): string {
  return toHex(keccak256(raw.subarray(0, SIGNATURE_BYTES), digestOf(raw)));
}

/** Of everything before the packets. */
function digestOf(raw: Uint8Array): Uint8Array {
  const { call } = readTransaction(raw);
  const packets = call.length === 0 ? 0 : decodeDelivery(call).packets.length;
  return keccak256(raw.subarray(SIGNATURE_BYTES, raw.length - packets));
}

function hasRoom(call: Uint8Array): boolean {
  return (
    call.byteOffset === TRANSACTION_HEAD_BYTES && call.byteLength + TRANSACTION_HEAD_BYTES === call.buffer.byteLength
  );
}

function withRoom(call: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array(TRANSACTION_HEAD_BYTES), call);
}
