/**
 * What a node says of a chain right now: its runtime, storage, nonces, what a call weighs; and sending extrinsics. Unverified:
 * good for planning and for what costs the asker alone, never for settlement.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { createScaleReader, joinBytes, sizedBytes, u32Bytes } from '../../light-clients/scale.ts';
import { fromHex, toHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { EndpointRing } from '../endpoints/index.ts';
import { fieldOf, integerOf, isStruct, readCompact, type Value } from './codec.ts';
import { type SubmitMeaning, submitMeaning } from './errors.ts';
import type { SigningContext } from './extrinsic.ts';
import { pullFinalizedHash } from './finality.ts';
import { asBytes, asBytesList, asHeader, asNumber, asRecord } from './json.ts';
import type { SubstrateEndpoint } from './rpc.ts';
import { type Runtime, type RuntimeEvent, type Weight } from './runtime.ts';
import type { Runtimes } from './runtimes.ts';

export interface BlockRef {
  readonly number: number;
  /** `0x` text. */
  readonly hash: string;
}

export interface ChainNow {
  readonly runtime: Runtime;
  readonly context: SigningContext;
  readonly finalized: BlockRef;
}

export interface ChainView {
  /** The runtime in charge, pinned, and the newest finalized block. */
  now(signal: AbortSignal): Promise<ChainNow>;
  /** At a block, or the best one. */
  storage(
    runtime: Runtime,
    key: Uint8Array,
    at: string | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>;
  /** Several values at once, in the order of their keys; at a block, or the best one. */
  storages(
    keys: readonly Uint8Array[],
    at: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /** All entries under a prefix, at most `max`. */
  entries(prefix: Uint8Array, at: string, max: number, signal: AbortSignal): Promise<readonly StorageEntry[]>;
  /** The account's next nonce at a block, or at the best one. */
  nonce(runtime: Runtime, account: Uint8Array, at: string | undefined, signal: AbortSignal): Promise<bigint>;
  /** Likewise, after what waits in a node's pool. */
  nextIndex(address: string, signal: AbortSignal): Promise<bigint>;
  /** What a call weighs by the runtime's own account. */
  weightOf(runtime: Runtime, call: Uint8Array, signal: AbortSignal): Promise<Weight>;
  events(runtime: Runtime, at: string, signal: AbortSignal): Promise<readonly RuntimeEvent[]>;
  extrinsics(at: string, signal: AbortSignal): Promise<readonly Uint8Array[]>;
  hashAt(number: number, signal: AbortSignal): Promise<string | undefined>;
  best(signal: AbortSignal): Promise<BlockRef>;
  /** Sends to every endpoint; the best of what they say. */
  submit(
    raw: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ readonly meaning: SubmitMeaning | 'taken'; readonly words: readonly string[] }>;
}

export interface StorageEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const UNSIGNED = 0x04;

export function createChainView(
  ring: EndpointRing<SubstrateEndpoint>,
  runtimes: Runtimes,
  genesisHash: string,
): ChainView {
  const storageAt = async (
    endpoint: SubstrateEndpoint,
    key: Uint8Array,
    at: string | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> => {
    const value = await endpoint.result('state_getStorage', at === undefined ? [toHex(key)] : [toHex(key), at], signal);
    return value === null ? undefined : (asBytes(value) ?? malformed(endpoint, 'a storage value'));
  };

  return {
    now: async (signal) =>
      ring.ask(async (endpoint) => {
        const hash = await pullFinalizedHash(endpoint, signal);
        const [headerJson, versionJson] = await endpoint.results(
          [
            { method: 'chain_getHeader', params: [hash] },
            { method: 'state_getRuntimeVersion', params: [hash] },
          ],
          signal,
        );
        const [header, version] = [asHeader(headerJson), asRecord(versionJson)];
        const specVersion = asNumber(version?.['specVersion']);
        const transactionVersion = asNumber(version?.['transactionVersion']);
        if (specVersion === undefined || transactionVersion === undefined) return malformed(endpoint, 'a version');
        if (header === undefined) return malformed(endpoint, 'a header');
        const runtime = await bringRuntime(endpoint, runtimes, specVersion, hash, signal);
        const era = { number: header.number, hash: fromHex(hash, 32) };
        const context = { specVersion, transactionVersion, genesisHash: fromHex(genesisHash, 32), era };
        return { runtime, context, finalized: { number: header.number, hash } };
      }, signal),
    storage: async (_, key, at, signal) => ring.ask(async (endpoint) => storageAt(endpoint, key, at, signal), signal),
    storages: async (keys, at, signal) =>
      ring.ask(async (endpoint) => queryStorage(endpoint, keys.map(toHex), at, signal), signal),
    entries: async (prefix, at, max, signal) =>
      ring.ask(async (endpoint) => {
        const keys = asBytesList(await endpoint.result('state_getKeysPaged', [toHex(prefix), max, null, at], signal));
        if (keys === undefined) return malformed(endpoint, 'a list of keys');
        const values = await queryStorage(endpoint, keys.map(toHex), at, signal);
        return keys.flatMap((key, index) => {
          const value = values[index];
          return value === undefined ? [] : [{ key, value }];
        });
      }, signal),
    nonce: async (runtime, account, at, signal) =>
      ring.ask(async (endpoint) => {
        const key = runtime.storageKey('System', 'Account', account);
        const bytes = await storageAt(endpoint, key, at, signal);
        const info = bytes === undefined ? undefined : runtime.readStorage('System', 'Account', bytes);
        return (isStruct(info) ? integerOf(fieldOf(info, 'nonce', 0)) : undefined) ?? 0n;
      }, signal),
    nextIndex: async (address, signal) =>
      ring.ask(async (endpoint) => {
        const index = asNumber(await endpoint.result('system_accountNextIndex', [address], signal));
        return index === undefined ? malformed(endpoint, 'a nonce') : BigInt(index);
      }, signal),
    weightOf: async (runtime, call, signal) =>
      ring.ask(async (endpoint) => {
        // An unsigned extrinsic is enough to be weighed; the runtime's call takes it with its length behind it.
        const extrinsic = sizedBytes(joinBytes([Uint8Array.of(UNSIGNED), call]));
        const argument = toHex(joinBytes([extrinsic, u32Bytes(extrinsic.length)]));
        const answer = await endpoint.result('state_call', ['TransactionPaymentApi_query_info', argument], signal);
        return readWeight(runtime, asBytes(answer) ?? malformed(endpoint, 'a weight'));
      }, signal),
    events: async (runtime, at, signal) =>
      ring.ask(async (endpoint) => {
        const bytes = await storageAt(endpoint, runtime.storageKey('System', 'Events'), at, signal);
        return bytes === undefined ? [] : runtime.readEvents(bytes);
      }, signal),
    extrinsics: async (at, signal) =>
      ring.ask(async (endpoint) => {
        const block = asRecord(asRecord(await endpoint.result('chain_getBlock', [at], signal))?.['block']);
        return asBytesList(block?.['extrinsics']) ?? malformed(endpoint, 'a block');
      }, signal),
    hashAt: async (number, signal) =>
      ring.ask(async (endpoint) => {
        const hash = await endpoint.result('chain_getBlockHash', [number], signal);
        return asBytes(hash, 32) === undefined ? undefined : (hash as string);
      }, signal),
    best: async (signal) =>
      ring.ask(async (endpoint) => {
        const header = asHeader(await endpoint.result('chain_getHeader', [], signal));
        if (header === undefined) return malformed(endpoint, 'the header of the best block');
        return { number: header.number, hash: toHex(blake2b256(header.encoded)) };
      }, signal),
    submit: async (raw, signal) => {
      const answers = await Promise.all(
        ring.all.map(async (endpoint) => {
          try {
            const answer = await endpoint.call('author_submitExtrinsic', [toHex(raw)], signal);
            if (answer.kind === 'result') return { meaning: 'taken' as const, words: '' };
            return { meaning: submitMeaning(answer.code, answer.data), words: `${answer.message} ${answer.data}` };
          } catch (error) {
            if (!(error instanceof ViaductError) || error.code !== 'ENDPOINT_FAILED') throw error;
            return { meaning: 'other' as const, words: error.shortMessage };
          }
        }),
      );
      const ranked = [...answers].sort((a, b) => RANK.indexOf(a.meaning) - RANK.indexOf(b.meaning));
      return {
        meaning: ranked[0]?.meaning ?? 'other',
        words: answers.map(({ words }) => words).filter((w) => w !== ''),
      };
    },
  };
}

/** Of keys that stand for several payments, each is asked for once. */
async function queryStorage(
  endpoint: SubstrateEndpoint,
  keys: readonly string[],
  at: string | undefined,
  signal: AbortSignal,
): Promise<readonly (Uint8Array | undefined)[]> {
  const asked = [...new Set(keys)];
  const values = new Map<string, Uint8Array | undefined>();
  for (let i = 0; i < asked.length; i += QUERY_KEYS_MAX) {
    const some = asked.slice(i, i + QUERY_KEYS_MAX);
    const params = at === undefined ? [some] : [some, at];
    const answer = await endpoint.result('state_queryStorageAt', params, signal);
    const changes = Array.isArray(answer) ? asRecord(answer[0])?.['changes'] : undefined;
    for (const change of Array.isArray(changes) ? (changes as readonly unknown[]) : []) {
      const [key, value] = Array.isArray(change) ? (change as readonly unknown[]) : [];
      const bytes = value === null ? undefined : (asBytes(value) ?? malformed(endpoint, 'a storage value'));
      if (typeof key === 'string') values.set(key, bytes);
    }
    if (!some.every((key) => values.has(key))) return malformed(endpoint, 'storage without what was asked for');
  }
  return keys.map((key) => values.get(key));
}

/** Keys in one question: of a chunk's payments there are up to three each. */
const QUERY_KEYS_MAX = 1_000;

/** The most hopeful answer counts: one node that took it is enough. */
const RANK: readonly (SubmitMeaning | 'taken')[] = [
  'taken',
  'known',
  'stale',
  'underpriced',
  'outOfFunds',
  'outdated',
  'tooLarge',
  'full',
  'other',
];

async function bringRuntime(
  endpoint: SubstrateEndpoint,
  runtimes: Runtimes,
  specVersion: number,
  hash: string,
  signal: AbortSignal,
): Promise<Runtime> {
  // The source calls the operator; whoever plans or signs only waits, and other chains go on.
  if (!runtimes.isPinned(specVersion)) throw endpoint.failed(`runs spec version ${specVersion}, which is not pinned`);
  const known = runtimes.get(specVersion);
  if (known !== undefined) return known;
  const metadata = asBytes(await endpoint.result('state_getMetadata', [hash], signal));
  if (metadata === undefined || !runtimes.bring(specVersion, metadata)) {
    throw endpoint.failed(`serves metadata of spec version ${specVersion} that is not the pinned one`);
  }
  return runtimes.get(specVersion) ?? malformed(endpoint, 'metadata');
}

/** `RuntimeDispatchInfo`: first the weight, one number in runtimes whose weights are that, two compacts in later ones. */
function readWeight(runtime: Runtime, bytes: Uint8Array): Weight {
  const reader = createScaleReader(bytes, 'weight');
  const zero = { refTime: 0n, proofSize: 0n };
  const isNumber = typeof runtime.weightFor('Multisig', 'as_multi', 'max_weight', zero) === 'bigint';
  if (isNumber) return { refTime: reader.u64(), proofSize: 0n };
  return { refTime: readCompact(reader), proofSize: readCompact(reader) };
}

function malformed(endpoint: SubstrateEndpoint, what: string): never {
  throw endpoint.failed(`answered ${what} that is malformed`);
}

/** The free balance in an `AccountInfo` of either form. */
export function freeBalance(info: Value): bigint {
  const data = isStruct(info) ? fieldOf(info, 'data', 4) : undefined;
  return (isStruct(data) ? integerOf(fieldOf(data, 'free', 0)) : undefined) ?? 0n;
}
