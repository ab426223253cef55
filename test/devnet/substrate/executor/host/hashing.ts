/** `ext_hashing_*` and `ext_trie_*`: a pointer to the digest. */
import { createHash } from 'node:crypto';
import { keccak256, twox } from '@polkadot/wasm-crypto';
import { blake2b128, blake2b256 } from '../../../../../light-clients/blake2b.ts';
import { createScaleReader } from '../../../../../light-clients/scale.ts';
import { orderedRoot } from '../../state/state.ts';
import type { HostContext, HostFunctions } from '../hostContext.ts';

const INPUT_BYTES_MAX = 64 * 1024 * 1024;

export function hashingFunctions(host: HostContext): HostFunctions {
  const by =
    (hash: (bytes: Uint8Array) => Uint8Array) =>
    (data: bigint): number =>
      host.memory().put(hash(host.memory().viewSpan(data)));
  const ordered = (data: bigint, version: number): number => {
    const reader = createScaleReader(host.memory().copySpan(data), 'ordered root');
    const items = Array.from({ length: reader.length(INPUT_BYTES_MAX) }, () => reader.sized(INPUT_BYTES_MAX));
    return host.memory().put(orderedRoot(items, version === 1 ? 1 : 0));
  };

  return {
    ext_hashing_blake2_128_version_1: by(blake2b128),
    ext_hashing_blake2_256_version_1: by((bytes) => blake2b256(bytes)),
    ext_hashing_twox_64_version_1: by((bytes) => twox(bytes, 1)),
    ext_hashing_twox_128_version_1: by((bytes) => twox(bytes, 2)),
    ext_hashing_twox_256_version_1: by((bytes) => twox(bytes, 4)),
    ext_hashing_keccak_256_version_1: by((bytes) => keccak256(bytes)),
    ext_hashing_sha2_256_version_1: by((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())),
    ext_trie_blake2_256_ordered_root_version_1: (data: bigint) => ordered(data, 0),
    ext_trie_blake2_256_ordered_root_version_2: ordered,
  };
}
