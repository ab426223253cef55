/** The engine in plain JavaScript: for hosts without WebAssembly, and the judge of the others. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { PACKET_BYTES } from '../limits.ts';
import type { KeccakEngine } from './engine.ts';

export function createNobleEngine(): KeccakEngine {
  function hash(parts: readonly Uint8Array[]): Uint8Array {
    const hasher = keccak_256.create();
    for (const part of parts) hasher.update(part);
    return hasher.digest();
  }

  function hashSlices(bytes: Uint8Array, stride: number, prefix: readonly Uint8Array[]): Uint8Array {
    const digests = new Uint8Array(Math.ceil(bytes.length / stride) * 32);
    for (let at = 0, index = 0; at < bytes.length; at += stride, index++) {
      digests.set(hash([...prefix, bytes.subarray(at, at + stride)]), index * 32);
    }
    return digests;
  }

  return {
    name: 'noble',
    hash,
    hashEach: (bytes, stride) => hashSlices(bytes, stride, []),
    hashPrefixed: (prefix, records) => hashSlices(records, PACKET_BYTES, [prefix]),
    runChains: (chains) =>
      chains.map(({ first, records }) => {
        let digest = first;
        for (let at = 0; at < records.length; at += PACKET_BYTES) {
          digest = hash([digest, records.subarray(at, at + PACKET_BYTES)]);
        }
        return digest;
      }),
  };
}
