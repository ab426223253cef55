/**
 * The store in memory, for tests and the simulator: the same port, order and group commit as the one on disk. `crash`
 * forgets what was not synced, as a power failure may; what is returned then is what a reopened store would hold.
 */
import { ViaductError } from '../core/errors.ts';
import { createGroupCommit } from './groupCommit.ts';
import type { Entry, Operation, Range, Store } from './port.ts';
import { createWatchers } from './watchers.ts';

export interface MemoryStore extends Store {
  /** Ends this store without a word; the returned one holds everything up to the last synced commit. */
  crash(): MemoryStore;
  /** Makes every later commit fail as a broken disk does. */
  breakDisk(): void;
}

export interface MemoryStoreOptions {
  /** What it holds at the start. */
  readonly entries?: Iterable<readonly [string, Uint8Array]>;
}

export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const watchers = createWatchers();
  const values = new Map<string, Uint8Array>(options.entries);
  const sortedKeys = [...values.keys()].sort(byText);
  let synced = new Map(values);
  let unsynced: Operation[] = [];
  let state: 'open' | 'broken' | 'closed' = 'open';

  const group = createGroupCommit(async (operations, sync) => {
    if (state !== 'open') throw unavailable('No space left on the memory disk.');
    for (const operation of operations) apply(values, operation, sortedKeys);
    unsynced.push(...operations);
    if (sync) {
      for (const operation of unsynced) apply(synced, operation);
      unsynced = [];
    }
  }, watchers);

  function assertOpen(): void {
    if (state === 'closed') throw unavailable('The store is closed.');
  }

  function close(): void {
    state = 'closed';
    watchers.clear();
  }

  return {
    async get(key) {
      assertOpen();
      return values.get(key)?.slice();
    },
    async getMany(keys) {
      assertOpen();
      return keys.map((key) => values.get(key)?.slice());
    },
    async *range(range) {
      assertOpen();
      yield* select(values, sortedKeys, range);
    },
    async visit(range, see) {
      assertOpen();
      for (const { key, value } of select(values, sortedKeys, range)) if (see(key, value) === 'stop') return;
    },
    write: async (batch, writeOptions) => group.write(batch.map(copied), writeOptions),
    watch: (prefix, listener) => watchers.add(prefix, listener),
    stats: () => group.stats(),
    async close() {
      await group.close();
      close();
    },
    crash() {
      close();
      const kept = synced;
      synced = new Map();
      return createMemoryStore({ entries: kept });
    },
    breakDisk() {
      state = 'broken';
    },
  };
}

function apply(values: Map<string, Uint8Array>, operation: Operation, sortedKeys?: string[]): void {
  const known = values.has(operation.key);
  if (operation.kind === 'put') {
    values.set(operation.key, operation.value);
    if (!known) sortedKeys?.splice(firstAtOrAbove(sortedKeys, operation.key), 0, operation.key);
  } else if (known) {
    values.delete(operation.key);
    sortedKeys?.splice(firstAtOrAbove(sortedKeys, operation.key), 1);
  }
}

function select(values: ReadonlyMap<string, Uint8Array>, sortedKeys: readonly string[], range: Range): Entry[] {
  let from = 0;
  let to = sortedKeys.length;
  if (range.gte !== undefined) from = Math.max(from, firstAtOrAbove(sortedKeys, range.gte));
  if (range.gt !== undefined) from = Math.max(from, firstAbove(sortedKeys, range.gt));
  if (range.lt !== undefined) to = Math.min(to, firstAtOrAbove(sortedKeys, range.lt));
  if (range.lte !== undefined) to = Math.min(to, firstAbove(sortedKeys, range.lte));
  const count = Math.max(0, Math.min(to - from, range.limit ?? Infinity));
  const keys =
    range.reverse === true
      ? sortedKeys.slice(Math.max(from, to - count), to).reverse()
      : sortedKeys.slice(from, from + count);
  return keys.slice(0, count).map((key) => ({ key, value: (values.get(key) as Uint8Array).slice() }));
}

/** The index of the first key not below `key`. */
function firstAtOrAbove(sortedKeys: readonly string[], key: string): number {
  let low = 0;
  let high = sortedKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sortedKeys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAbove(sortedKeys: readonly string[], key: string): number {
  const index = firstAtOrAbove(sortedKeys, key);
  return sortedKeys[index] === key ? index + 1 : index;
}

function copied(operation: Operation): Operation {
  return operation.kind === 'put' ? { ...operation, value: operation.value.slice() } : operation;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function unavailable(detail: string): ViaductError {
  return new ViaductError({
    code: 'STORE_UNAVAILABLE',
    shortMessage: 'The store is not available.',
    metaMessages: [detail],
  });
}
