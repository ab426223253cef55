/**
 * Key-value stores in layers: a transaction writes into a layer over the block's, a block into one over the chain's, and a
 * layer that is not written down has never been.
 */

export interface Store<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  /** What this layer wrote, in the order of first writing. */
  changes(): ReadonlyMap<string, V>;
  /** Moves what this layer wrote into the one below. */
  writeDown(): void;
}

export function createStore<V>(below?: Store<V>): Store<V> {
  const own = new Map<string, V>();
  return {
    get: (key) => own.get(key) ?? below?.get(key),
    set: (key, value) => void own.set(key, value),
    changes: () => own,
    writeDown: () => {
      for (const [key, value] of own) below?.set(key, value);
      own.clear();
    },
  };
}
