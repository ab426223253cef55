/** Keccak-256 for the light clients, by hash-wasm. They import nothing of ours outside this folder. */
import { createKeccak } from 'hash-wasm';

const hasher = await createKeccak(256);

/** The digest (32 bytes) of the parts laid end to end. */
export function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
  hasher.init();
  for (const part of parts) hasher.update(part);
  return hasher.digest('binary');
}
