/**
 * A node's transaction pool: validates by the runtime, orders by tags and priority, and tells watchers what becomes of
 * a transaction. What it refuses, it refuses in the words of a node (`rpc/author.ts`).
 *
 * DIFF FROM NODE: nothing is gossiped, and a transaction is validated anew only when a block is made.
 */
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { createScaleReader, joinBytes } from '../../../../light-clients/scale.ts';
import { RuntimeTrap } from '../executor/createExecutor.ts';
import { type Block, hashBytes, hexText, stateOf } from './block.ts';
import type { Runtime } from './runtime.ts';
import { isRefusal, readValidity, type Refusal, type Validity } from './validity.ts';

/** As `author_extrinsicUpdate` gives it. */
export type TransactionStatus =
  | 'ready'
  | 'future'
  | 'dropped'
  | 'invalid'
  | { readonly broadcast: readonly string[] }
  | { readonly inBlock: string }
  | { readonly retracted: string }
  | { readonly finalized: string }
  | { readonly usurped: string };

export type Watcher = (status: TransactionStatus) => void;

export type SubmitFailure =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'badFormat' | 'banned' | 'full' }
  | { readonly kind: 'known'; readonly hash: string }
  | { readonly kind: 'priority'; readonly old: bigint; readonly new: bigint };

export class SubmitError extends Error {
  readonly failure: SubmitFailure;

  constructor(failure: SubmitFailure) {
    super(`transaction not taken: ${failure.kind}`);
    this.name = 'SubmitError';
    this.failure = failure;
  }
}

export interface TransactionPool {
  /** The transaction's hash. Throws `SubmitError`. */
  submit(bytes: Uint8Array, best: Block, watcher?: Watcher): string;
  /** What a block may take, in an order that keeps every dependency. */
  ready(): readonly Uint8Array[];
  /** In the order of arrival. */
  pending(): readonly Uint8Array[];
  /** Tags that ready transactions provide: how a node finds the next free nonce. */
  readyTags(): ReadonlySet<string>;
  /** A block became part of the best chain. */
  included(block: Block): void;
  /** A block is no longer part of it: its transactions wait again. */
  retracted(block: Block, best: Block): void;
  finalized(block: Block): void;
  /** A block's author could not apply it. */
  refused(transaction: Uint8Array, refusal: Refusal): void;
  unwatch(watcher: Watcher): void;
}

interface Waiting {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly validity: Validity;
  readonly requires: Set<string>;
}

/** A node's defaults: `--pool-limit`, `--pool-kbytes`. */
const TRANSACTIONS_MAX = 8_192;
const POOL_BYTES_MAX = 20 * 1024 * 1024;
const BANNED_MAX = 4_096;
/** Transactions of blocks whose watchers are remembered until finality. No specific reason. */
const WATCHED_MAX = 100_000;
const EXTERNAL_SOURCE = Uint8Array.of(2);

export function createTransactionPool(runtime: Runtime): TransactionPool {
  const waiting = new Map<string, Waiting>();
  /** By the tags that they provide: no two of them provide the same. */
  const byTag = new Map<string, Waiting>();
  const banned = new Set<string>();
  const watchers = new Map<string, Set<Watcher>>();
  let bytesWaiting = 0;
  /** Of what waits now; undefined since something came or went. */
  let ordered: readonly Waiting[] | undefined;

  const inOrder = (): readonly Waiting[] => {
    ordered ??= order(waiting);
    return ordered;
  };
  const tell = (hash: string, status: TransactionStatus): void => {
    for (const watcher of watchers.get(hash) ?? []) watcher(status);
  };
  const end = (hash: string, status: TransactionStatus): void => {
    tell(hash, status);
    watchers.delete(hash);
  };
  const ban = (hash: string): void => {
    const oldest = banned.values().next().value;
    if (banned.size >= BANNED_MAX && oldest !== undefined) banned.delete(oldest);
    banned.add(hash);
  };
  const take = (hash: string): Waiting | undefined => {
    const entry = waiting.get(hash);
    if (entry === undefined) return undefined;
    waiting.delete(hash);
    for (const tag of entry.validity.provides) byTag.delete(tag);
    ordered = undefined;
    bytesWaiting -= entry.bytes.length;
    return entry;
  };
  const checkRoom = (entry: Waiting): void => {
    if (waiting.size >= TRANSACTIONS_MAX || bytesWaiting + entry.bytes.length > POOL_BYTES_MAX) {
      throw new SubmitError({ kind: 'full' });
    }
  };
  const replaceSameTags = (entry: Waiting): void => {
    const same = [...new Set(entry.validity.provides.flatMap((tag) => byTag.get(tag) ?? []))];
    const old = same.reduce((most, { validity }) => (validity.priority > most ? validity.priority : most), -1n);
    if (old >= entry.validity.priority) {
      throw new SubmitError({ kind: 'priority', old, new: entry.validity.priority });
    }
    for (const { hash } of same) {
      take(hash);
      end(hash, { usurped: entry.hash });
    }
  };
  const add = (bytes: Uint8Array, best: Block): Waiting => {
    const validity = validate(runtime, bytes, best);
    const entry = { hash: hexText(blake2b256(bytes)), bytes, validity, requires: new Set(validity.requires) };
    replaceSameTags(entry);
    checkRoom(entry);
    waiting.set(entry.hash, entry);
    for (const tag of validity.provides) byTag.set(tag, entry);
    ordered = undefined;
    bytesWaiting += bytes.length;
    return entry;
  };

  return {
    submit: (bytes, best, watcher) => {
      if (!isOpaque(bytes)) throw new SubmitError({ kind: 'badFormat' });
      const hash = hexText(blake2b256(bytes));
      if (waiting.has(hash)) throw new SubmitError({ kind: 'known', hash });
      if (banned.has(hash)) throw new SubmitError({ kind: 'banned' });
      const entry = add(bytes, best);
      if (watcher === undefined) return hash;
      if (watchers.size < WATCHED_MAX) watchers.set(hash, new Set([watcher]));
      tell(hash, entry.requires.size === 0 || inOrder().includes(entry) ? 'ready' : 'future');
      return hash;
    },
    ready: () => inOrder().map(({ bytes }) => bytes),
    pending: () => [...waiting.values()].map(({ bytes }) => bytes),
    readyTags: () => new Set(inOrder().flatMap(({ validity }) => validity.provides)),
    included: (block) => {
      for (const bytes of block.extrinsics) {
        const hash = hexText(blake2b256(bytes));
        const entry = take(hash);
        if (entry === undefined) continue;
        ban(hash);
        ordered = undefined;
        for (const other of waiting.values()) for (const tag of entry.validity.provides) other.requires.delete(tag);
        tell(hash, { inBlock: block.hash });
      }
    },
    retracted: (block, best) => {
      for (const bytes of block.extrinsics) {
        const hash = hexText(blake2b256(bytes));
        tell(hash, { retracted: block.hash });
        banned.delete(hash);
        try {
          if (!waiting.has(hash)) add(bytes, best);
        } catch (error) {
          // In the new best chain already, or no longer valid: nothing to wait for. Inherents end here too.
          if (!(error instanceof SubmitError)) throw error;
        }
      }
    },
    finalized: (block) => {
      for (const bytes of block.extrinsics) end(hexText(blake2b256(bytes)), { finalized: block.hash });
    },
    refused: (bytes, refusal) => {
      // Not now is not never.
      if (refusal.kind === 'invalid' && (refusal.reason === 'ExhaustsResources' || refusal.reason === 'Future')) return;
      const hash = hexText(blake2b256(bytes));
      take(hash);
      ban(hash);
      end(hash, 'invalid');
    },
    unwatch: (watcher) => {
      for (const [hash, set] of watchers) if (set.delete(watcher) && set.size === 0) watchers.delete(hash);
    },
  };
}

function validate(runtime: Runtime, bytes: Uint8Array, best: Block): Validity {
  let answer: Uint8Array;
  try {
    const argument = joinBytes([EXTERNAL_SOURCE, bytes, hashBytes(best)]);
    answer = runtime.call(stateOf(best), 'TaggedTransactionQueue_validate_transaction', argument);
  } catch (error) {
    if (!(error instanceof RuntimeTrap)) throw error;
    throw new SubmitError({ kind: 'refused', refusal: { kind: 'trap', text: error.message } });
  }
  const validity = readValidity(answer);
  if (isRefusal(validity)) throw new SubmitError({ kind: 'refused', refusal: validity });
  return validity;
}

/** Higher priority first, but never before what it requires; what requires something unknown is left out. */
function order(waiting: ReadonlyMap<string, Waiting>): readonly Waiting[] {
  const byPriority = [...waiting.values()].sort((a, b) =>
    a.validity.priority === b.validity.priority ? 0 : a.validity.priority > b.validity.priority ? -1 : 1,
  );
  const blocked = new Map<string, Waiting[]>();
  const missing = new Map<Waiting, number>();
  const ordered: Waiting[] = [];
  const queue: Waiting[] = [];
  for (const entry of byPriority) {
    missing.set(entry, entry.requires.size);
    if (entry.requires.size === 0) queue.push(entry);
    for (const tag of entry.requires) blocked.set(tag, [...(blocked.get(tag) ?? []), entry]);
  }
  for (let at = 0; at < queue.length; at++) {
    const entry = queue[at] as Waiting;
    ordered.push(entry);
    for (const tag of entry.validity.provides) {
      for (const next of blocked.get(tag) ?? []) {
        const left = (missing.get(next) ?? 0) - 1;
        missing.set(next, left);
        if (left === 0) queue.push(next);
      }
    }
  }
  return ordered;
}

/** An opaque extrinsic is `Vec<u8>`. */
function isOpaque(bytes: Uint8Array): boolean {
  try {
    const reader = createScaleReader(bytes, 'extrinsic');
    reader.sized(bytes.length);
    reader.end();
    return true;
  } catch {
    return false;
  }
}
