/**
 * The runtimes of one chain that are known here, by spec version. The manifest pins the hash of each one's metadata; nodes
 * serve the bytes. So what an extrinsic or event means comes from the manifest, and a runtime that it does not name is not
 * read at all: the chain's lanes stop there and go on once its pin is added.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { createRuntime, type Runtime } from './runtime.ts';

export interface Runtimes {
  /** The runtime of a pinned spec version whose metadata has been brought; undefined otherwise. */
  get(specVersion: number): Runtime | undefined;
  isPinned(specVersion: number): boolean;
  /** Takes metadata for a spec version when its hash is the pinned one; false when it is another. */
  bring(specVersion: number, metadata: Uint8Array): boolean;
}

/** `pins`: spec version to the Blake2b-256 of the metadata (as `state_getMetadata` answers it), 64 hex digits. */
export function createRuntimes(pins: ReadonlyMap<number, string>): Runtimes {
  const known = new Map<number, Runtime>();
  return {
    get: (specVersion) => known.get(specVersion),
    isPinned: (specVersion) => pins.has(specVersion),
    bring: (specVersion, metadata) => {
      if (known.has(specVersion)) return true;
      if (pins.get(specVersion)?.replace(/^0x/, '').toLowerCase() !== metadataHash(metadata)) return false;
      known.set(specVersion, createRuntime(metadata));
      return true;
    },
  };
}

export function metadataHash(metadata: Uint8Array): string {
  return bytesToHex(blake2b256(metadata));
}

export function unpinned(specVersion: number): ViaductError {
  return new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: `The chain runs spec version ${specVersion}, whose metadata the manifest does not pin.`,
    metaMessages: [
      'Nothing of it is read until the manifest names the hash of that metadata; nothing is lost meanwhile.',
    ],
  });
}
