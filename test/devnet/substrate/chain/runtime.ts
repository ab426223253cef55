/** A chain's runtime: the executor with what its metadata and version say, and storage keys by name. */
import { blake2b, twox } from '@polkadot/wasm-crypto';
import { blake2b128, blake2b256 } from '../../../../light-clients/blake2b.ts';
import { createScaleReader, joinBytes, sizedBytes } from '../../../../light-clients/scale.ts';
import { storagePrefix } from '../../../../light-clients/trie/index.ts';
import { createExecutor, type Executor } from '../executor/createExecutor.ts';
import { createOverlay } from '../executor/overlay.ts';
import { type State, stateFrom, type StateVersion } from '../state/state.ts';
import { type Metadata, readMetadata } from './metadata.ts';

export interface RuntimeVersion {
  readonly specName: string;
  readonly implName: string;
  readonly authoringVersion: number;
  readonly specVersion: number;
  readonly implVersion: number;
  /** Eight-byte ids in hex. */
  readonly apis: readonly (readonly [id: string, version: number])[];
  readonly transactionVersion: number;
  readonly stateVersion: StateVersion;
}

export interface Runtime {
  readonly executor: Executor;
  readonly version: RuntimeVersion;
  readonly metadata: Metadata;
  /** With its magic and version, as `state_getMetadata` gives it. */
  readonly metadataBytes: Uint8Array;
  /** A call that changes nothing. */
  call(state: State, method: string, argument: Uint8Array): Uint8Array;
  /** `keys` are SCALE-encoded map keys; fewer than the map has make a prefix. */
  storageKey(pallet: string, item: string, ...keys: readonly Uint8Array[]): Uint8Array;
  /** Bytes of a call: its indexes and its arguments, laid end to end. */
  encodeCall(pallet: string, call: string, ...args: readonly Uint8Array[]): Uint8Array;
  /** The version of a runtime API such as `TransactionPaymentApi`; undefined when the runtime has none. */
  apiVersion(name: string): number | undefined;
}

const NOTHING = new Uint8Array(0);
const TEXT_BYTES_MAX = 1024;
const APIS_MAX = 1024;
const METADATA_BYTES_MAX = 16 * 1024 * 1024;
const V4_UNSIGNED = Uint8Array.of(4);

export function createRuntime(code: Uint8Array): Runtime {
  const executor = createExecutor(code);
  const call = (state: State, method: string, argument: Uint8Array): Uint8Array =>
    executor.call(createOverlay(state), method, argument);

  const nowhere = stateFrom([], 0);
  const version = readVersion(call(nowhere, 'Core_version', NOTHING));
  const opaque = createScaleReader(call(nowhere, 'Metadata_metadata', NOTHING), 'metadata');
  const metadataBytes = opaque.sized(METADATA_BYTES_MAX);
  const metadata = readMetadata(metadataBytes);

  return {
    executor,
    version,
    metadata,
    metadataBytes,
    call,
    storageKey: (pallet, item, ...keys) => {
      const hashers = metadata.hashers(pallet, item);
      if (keys.length > hashers.length) throw new Error(`${pallet}.${item} has ${hashers.length} keys`);
      const hashed = keys.map((key, index) => hashKey(hashers[index] ?? -1, key));
      return joinBytes([storagePrefix(pallet, item), ...hashed]);
    },
    encodeCall: (pallet, name, ...args) => joinBytes([metadata.callIndex(pallet, name), ...args]),
    apiVersion: (name) => {
      const id = Buffer.from(blake2b64(name)).toString('hex');
      return version.apis.find(([known]) => known === id)?.[1];
    },
  };
}

/** An unsigned extrinsic, as inherents are. */
export function unsignedExtrinsic(call: Uint8Array): Uint8Array {
  return sizedBytes(joinBytes([V4_UNSIGNED, call]));
}

/** The id of a runtime API. */
function blake2b64(name: string): Uint8Array {
  return blake2b(new TextEncoder().encode(name), NOTHING, 8);
}

function readVersion(bytes: Uint8Array): RuntimeVersion {
  const reader = createScaleReader(bytes, 'runtime version');
  const text = (): string => Buffer.from(reader.sized(TEXT_BYTES_MAX)).toString('utf8');
  const specName = text();
  const implName = text();
  const [authoringVersion, specVersion, implVersion] = [reader.u32(), reader.u32(), reader.u32()];
  const apis = Array.from(
    { length: reader.length(APIS_MAX) },
    () => [Buffer.from(reader.bytes(8)).toString('hex'), reader.u32()] as const,
  );
  const transactionVersion = reader.u32();
  const stateVersion = reader.remaining > 0 && reader.u8() === 1 ? 1 : 0;
  return {
    specName,
    implName,
    authoringVersion,
    specVersion,
    implVersion,
    apis,
    transactionVersion,
    stateVersion,
  };
}

/** frame-metadata `StorageHasher`. */
function hashKey(hasher: number, key: Uint8Array): Uint8Array {
  switch (hasher) {
    case 0:
      return blake2b128(key);
    case 1:
      return blake2b256(key);
    case 2:
      return joinBytes([blake2b128(key), key]);
    case 3:
      return twox(key, 2);
    case 4:
      return twox(key, 4);
    case 5:
      return joinBytes([twox(key, 1), key]);
    case 6:
      return key;
    default:
      throw new Error(`storage hasher ${hasher}`);
  }
}
