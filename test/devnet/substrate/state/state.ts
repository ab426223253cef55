/** A chain's state: an immutable map from bytes to bytes with the root that headers carry, and read proofs. */
import { compactBytes, hexOf } from '../../../../light-clients/scale.ts';
import { encodeNode, keepsHash, rootOf } from './encodeNode.ts';
import {
  get,
  insert,
  nextKey,
  packNibbles,
  remove,
  sharedNibbles,
  type StateVersion,
  toNibbles,
  type TrieNode,
  walk,
} from './node.ts';

export type { StateVersion } from './node.ts';

export interface State {
  readonly version: StateVersion;
  get(key: Uint8Array): Uint8Array | undefined;
  /** The first key above `key`. */
  nextKey(key: Uint8Array): Uint8Array | undefined;
  /** All keys that begin with `prefix`, ascending. */
  keys(prefix: Uint8Array): Generator<Uint8Array>;
  entries(): Generator<[Uint8Array, Uint8Array]>;
  /** The state with changes; undefined removes. */
  apply(changes: Iterable<readonly [Uint8Array, Uint8Array | undefined]>): State;
  root(): Uint8Array;
  /**
   * The nodes that reading these keys needs, as `state_getReadProof` gives them; V1 values are entries of their own.
   */
  proof(keys: readonly Uint8Array[]): Uint8Array[];
}

export function stateFrom(entries: Iterable<readonly [Uint8Array, Uint8Array]>, version: StateVersion): State {
  return createState(undefined, version).apply(entries);
}

/** The root over a list, keyed by compact index: a block's extrinsics root. */
export function orderedRoot(items: readonly Uint8Array[], version: StateVersion): Uint8Array {
  return stateFrom(
    items.map((item, index) => [compactBytes(index), item] as const),
    version,
  ).root();
}

function createState(top: TrieNode | undefined, version: StateVersion): State {
  const next = (key: Uint8Array): Uint8Array | undefined => {
    const found = nextKey(top, toNibbles(key));
    return found === undefined ? undefined : packNibbles(found);
  };
  return {
    version,
    get: (key) => get(top, toNibbles(key)),
    nextKey: next,
    keys: function* (prefix) {
      let key = get(top, toNibbles(prefix)) === undefined ? next(prefix) : prefix;
      for (; key !== undefined && startsWith(key, prefix); key = next(key)) yield key;
    },
    entries: () => walk(top),
    apply: (changes) => {
      let changed = top;
      for (const [key, value] of changes) {
        const nibbles = toNibbles(key);
        changed = value === undefined ? remove(changed, nibbles) : insert(changed, nibbles, value, version);
      }
      return createState(changed, version);
    },
    root: () => rootOf(top),
    proof: (keys) => {
      const nodes = new Map<string, Uint8Array>();
      for (const key of keys) collect(top, toNibbles(key), nodes);
      return [...nodes.values()];
    },
  };
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

/** The path to a key: nodes of 32 bytes and more are entries, shorter ones lie in their parents. */
function collect(top: TrieNode | undefined, key: Uint8Array, nodes: Map<string, Uint8Array>): void {
  const add = (bytes: Uint8Array): void => void nodes.set(hexOf(bytes), bytes);
  if (top === undefined) add(Uint8Array.of(0));
  let at = 0;
  for (let node = top; node !== undefined; node = node.children?.[key[at++] as number]) {
    const bytes = encodeNode(node);
    if (node === top || bytes.length >= 32) add(bytes);
    const shared = sharedNibbles(node.partial, key, at);
    if (shared < node.partial.length) return;
    at += shared;
    if (at === key.length) {
      if (node.value !== undefined && keepsHash(node)) add(node.value);
      return;
    }
  }
}
