/**
 * Where a FRAME pallet keeps its storage in the state trie: twox128(pallet) ‖ twox128(item) ‖ one hashed part per map key.
 */
import { blake2b128 } from '../blake2b.ts';
import { joinBytes, u32Bytes, u64Bytes } from '../scale.ts';
import { xxhash64 } from './xxhash64.ts';

/** The key of a storage value, or the prefix of a map: `System`, `Events`. */
export function storagePrefix(pallet: string, item: string): Uint8Array {
  return joinBytes([twox128(text(pallet)), twox128(text(item))]);
}

/** `Paras.Heads(paraId)`: the relay chain's record of a parachain's head data. */
export function paraHeadKey(paraId: number): Uint8Array {
  return joinBytes([storagePrefix('Paras', 'Heads'), twox64Concat(u32Bytes(paraId))]);
}

export function twox128(bytes: Uint8Array): Uint8Array {
  return joinBytes([u64Bytes(xxhash64(bytes, 0n)), u64Bytes(xxhash64(bytes, 1n))]);
}

/** The `Twox64Concat` hasher of a map key. */
export function twox64Concat(bytes: Uint8Array): Uint8Array {
  return joinBytes([u64Bytes(xxhash64(bytes, 0n)), bytes]);
}

/** The `Blake2_128Concat` hasher of a map key. */
export function blake2Concat128(bytes: Uint8Array): Uint8Array {
  return joinBytes([blake2b128(bytes), bytes]);
}

function text(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}
