/**
 * Nodes of Substrate's base-16 radix trie as immutable values: a change copies the path to it and shares the rest, so
 * every block's state costs what the block changed. Keys are nibbles, one a byte.
 *
 * Layout V0 keeps every value in its node; V1 keeps values of more than 32 bytes apart, by hash. A node remembers the
 * version it was written with, as in a chain that has migrated only in part.
 */
export interface TrieNode {
  readonly partial: Uint8Array;
  /** Sixteen places, or undefined for a leaf. */
  readonly children: readonly (TrieNode | undefined)[] | undefined;
  readonly value: Uint8Array | undefined;
  readonly version: StateVersion;
  /** Filled in by `encodeNode.ts` when first asked for. */
  reference: Uint8Array | undefined;
}

export type StateVersion = 0 | 1;
type Children = readonly (TrieNode | undefined)[];

function makeNode(
  partial: Uint8Array,
  children: Children | undefined,
  value: Uint8Array | undefined,
  version: StateVersion,
): TrieNode {
  return { partial, children, value, version, reference: undefined };
}

/** How many nibbles from `at` of the key agree with the partial key. */
export function sharedNibbles(partial: Uint8Array, key: Uint8Array, at: number): number {
  const most = Math.min(partial.length, key.length - at);
  let count = 0;
  while (count < most && partial[count] === key[at + count]) count++;
  return count;
}

export function insert(
  node: TrieNode | undefined,
  key: Uint8Array,
  value: Uint8Array,
  version: StateVersion,
  at = 0,
): TrieNode {
  if (node === undefined) return makeNode(key.subarray(at), undefined, value, version);
  const { partial, children } = node;
  const shared = sharedNibbles(partial, key, at);
  const end = at + shared;
  if (shared < partial.length) {
    const rest = makeNode(partial.subarray(shared + 1), children, node.value, node.version);
    const split = withChild(undefined, partial[shared] as number, rest);
    if (end === key.length) return makeNode(partial.subarray(0, shared), split, value, version);
    const leaf = makeNode(key.subarray(end + 1), undefined, value, version);
    return makeNode(partial.subarray(0, shared), withChild(split, key[end] as number, leaf), undefined, version);
  }
  if (end === key.length) return makeNode(partial, children, value, version);
  const nibble = key[end] as number;
  const child = insert(children?.[nibble], key, value, version, end + 1);
  return makeNode(partial, withChild(children, nibble, child), node.value, node.version);
}

/** The same node when the key has no value. */
export function remove(node: TrieNode | undefined, key: Uint8Array, at = 0): TrieNode | undefined {
  if (node === undefined) return undefined;
  const { partial, children } = node;
  const shared = sharedNibbles(partial, key, at);
  if (shared < partial.length) return node;
  const end = at + shared;
  if (end === key.length) {
    return node.value === undefined ? node : collapse(makeNode(partial, children, undefined, node.version));
  }
  const nibble = key[end] as number;
  const before = children?.[nibble];
  const after = remove(before, key, end + 1);
  if (after === before) return node;
  return collapse(makeNode(partial, withChild(children, nibble, after), node.value, node.version));
}

export function get(root: TrieNode | undefined, key: Uint8Array): Uint8Array | undefined {
  let at = 0;
  for (let node = root; node !== undefined; node = node.children?.[key[at++] as number]) {
    const shared = sharedNibbles(node.partial, key, at);
    if (shared < node.partial.length) return undefined;
    at += shared;
    if (at === key.length) return node.value;
  }
  return undefined;
}

/** The first key above `key` that has a value; nibbles. */
export function nextKey(node: TrieNode | undefined, key: Uint8Array, at = 0): number[] | undefined {
  if (node === undefined) return undefined;
  const { partial, children } = node;
  const shared = sharedNibbles(partial, key, at);
  const end = at + shared;
  if (shared < partial.length) {
    // All keys below this node are longer than `key`, above it, or below it.
    const above = end === key.length || (partial[shared] as number) > (key[end] as number);
    return above ? firstKey(node) : undefined;
  }
  if (children === undefined) return undefined;
  let nibble = 0;
  if (end < key.length) {
    nibble = key[end] as number;
    const below = nextKey(children[nibble], key, end + 1);
    if (below !== undefined) return [...partial, nibble, ...below];
    nibble++;
  }
  for (; nibble < 16; nibble++) {
    const child = children[nibble];
    if (child !== undefined) return [...partial, nibble, ...firstKey(child)];
  }
  return undefined;
}

export function* walk(node: TrieNode | undefined, above: readonly number[] = []): Generator<[Uint8Array, Uint8Array]> {
  if (node === undefined) return;
  const path = [...above, ...node.partial];
  if (node.value !== undefined) yield [packNibbles(path), node.value];
  for (const [nibble, child] of (node.children ?? []).entries()) yield* walk(child, [...path, nibble]);
}

export function toNibbles(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    nibbles[2 * i] = byte >> 4;
    nibbles[2 * i + 1] = byte & 15;
  }
  return nibbles;
}

/** An even number of nibbles as bytes. */
export function packNibbles(nibbles: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(nibbles.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = ((nibbles[2 * i] as number) << 4) | (nibbles[2 * i + 1] as number);
  }
  return bytes;
}

function firstKey(node: TrieNode): number[] {
  const path: number[] = [];
  let at = node;
  for (;;) {
    path.push(...at.partial);
    if (at.value !== undefined) return path;
    const nibble = at.children?.findIndex((child) => child !== undefined) ?? -1;
    const child = at.children?.[nibble];
    if (child === undefined) throw new Error('trie: a leaf without a value');
    path.push(nibble);
    at = child;
  }
}

function withChild(children: Children | undefined, nibble: number, child: TrieNode | undefined): Children {
  const copy = children?.slice() ?? new Array<TrieNode | undefined>(16).fill(undefined);
  copy[nibble] = child;
  return copy;
}

/** After a removal: a branch without value and with one child or none is no longer a branch. */
function collapse(node: TrieNode): TrieNode | undefined {
  const { partial, children, value, version } = node;
  const left = (children ?? []).flatMap((child, nibble) => (child === undefined ? [] : [{ child, nibble }]));
  const [only] = left;
  if (only === undefined) return value === undefined ? undefined : makeNode(partial, undefined, value, version);
  if (value !== undefined || left.length > 1) return node;
  const { child, nibble } = only;
  return makeNode(Uint8Array.of(...partial, nibble, ...child.partial), child.children, child.value, child.version);
}
