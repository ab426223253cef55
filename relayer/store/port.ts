/**
 * The store as the roles see it: one ordered map from text keys to bytes, on one disk, opened by one process.
 *
 * A write is atomic. A `sync` write resolves only when it is on the disk; any other may be lost by a power failure (not
 * by a crash of the process alone), and never without everything written after it. It does not prove that the folder
 * is the newest one: an old copy put in its place opens as well as the true one.
 *
 * Keys are 1 to `KEY_LENGTH_MAX` printable ASCII characters, ordered as text; `keys.ts` builds them.
 */

export interface Store {
  get(key: string): Promise<Uint8Array | undefined>;
  /** In the order of `keys`. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** A snapshot taken when iteration starts, in key order. */
  range(range: Range): AsyncIterable<Entry>;
  /**
   * The same for a look only: `see` gets each value in place, good until it returns, and ends the visit by `stop`. It saves a
   * copy of every large value.
   */
  visit(range: Range, see: Visitor): Promise<void>;
  /** All of the batch or nothing. Writes take effect in the order of the calls; the last one of a key wins. */
  write(batch: readonly Operation[], options: WriteOptions): Promise<void>;
  /** Calls back after each commit with the operations whose key starts with `prefix`, in commit order. Must not throw. */
  watch(prefix: string, listener: WatchListener): () => void;
  stats(): StoreStats;
  /** Lets running writes finish. */
  close(): Promise<void>;
}

export type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'del'; readonly key: string };

export interface WriteOptions {
  /** True: resolves only after the disk has it. */
  readonly sync: boolean;
}

export interface Range {
  readonly gte?: string;
  readonly gt?: string;
  readonly lt?: string;
  readonly lte?: string;
  /** From the last key to the first. */
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

export type Visitor = (key: string, value: Uint8Array) => 'stop' | undefined;

export type WatchListener = (operations: readonly Operation[]) => void;

export interface StoreStats {
  /** Calls of `write` that resolved. */
  readonly writes: number;
  /** Batches they were coalesced into. */
  readonly commits: number;
  readonly syncedCommits: number;
  readonly bytesWritten: number;
  readonly pendingWrites: number;
}

export function put(key: string, value: Uint8Array): Operation {
  return { kind: 'put', key, value };
}

export function del(key: string): Operation {
  return { kind: 'del', key };
}
