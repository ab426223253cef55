/**
 * Reads a state trie of which only some nodes are at hand: those of a proof, reached from a trusted root by hash alone.
 *
 * Strict: where a needed node is not in the proof the answer is a refusal, never "absent". What an entry of the proof is,
 * a trie node or a hashed value (V1), follows from the reference that leads to it and never from its content, and one
 * entry may not be both: a stored value that happens to be, or was made to be, the encoding of a node proves nothing.
 * Every method throws `Refusal`; `readTrie` is the verifier to use.
 */
import { blake2b256 } from '../blake2b.ts';
import { must, Refusal } from '../refusal.ts';
import { hexOf } from '../scale.ts';
import { KEY_BYTES_MAX, PROOF_BYTES_MAX, PROOF_NODES_MAX } from './limits.ts';
import { type ChildReference, decodeNode, toNibbles, type TrieNode, type TrieValue } from './node.ts';

export interface TrieEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ProofReader {
  /** The value under a key, or undefined when the trie proves that there is none. */
  read(key: Uint8Array): Uint8Array | undefined;
  /** All entries whose key begins with `prefix`, ascending; refused above `max` entries. */
  readPrefix(prefix: Uint8Array, max: number): readonly TrieEntry[];
  /** The first key after `key`, or undefined when there is none. */
  nextKey(key: Uint8Array): Uint8Array | undefined;
  /** Entries of the proof that nothing asked so far has needed. */
  unused(): number;
}

interface ProofEntry {
  readonly bytes: Uint8Array;
  role: 'unused' | 'node' | 'value';
  node: TrieNode | undefined;
}

/** Where a walk stands: a node and the nibbles of the way to it, its own partial key not included. */
interface Place {
  readonly node: TrieNode;
  readonly path: Uint8Array;
}

export function createProofReader(root: Uint8Array, nodes: readonly Uint8Array[]): ProofReader {
  const entries = indexEntries(nodes);

  const fetch = (hash: Uint8Array, role: 'node' | 'value'): ProofEntry => {
    const entry = entries.get(hexOf(hash));
    if (entry === undefined) throw new Refusal(`trie proof: a ${role} is missing`);
    must(entry.role === 'unused' || entry.role === role, 'trie proof: one entry is both node and value');
    if (entry.role === 'unused' && role === 'node') entry.node = decodeNode(entry.bytes);
    entry.role = role;
    return entry;
  };

  const childNode = (child: ChildReference): TrieNode => {
    const node = child.length === 32 ? fetch(child, 'node').node : decodeNode(child);
    if (node === undefined) throw new Refusal('trie proof: an empty node below the root');
    return node;
  };

  const valueBytes = (value: TrieValue): Uint8Array | undefined => {
    switch (value.kind) {
      case 'none':
        return undefined;
      case 'inline':
        return value.bytes;
      case 'hashed':
        return fetch(value.hash, 'value').bytes;
    }
  };

  const rootNode = (): TrieNode | undefined => {
    must(root.length === 32, 'trie proof: the root is not 32 bytes long');
    return fetch(root, 'node').node;
  };

  const read = (key: Uint8Array): Uint8Array | undefined => {
    const nibbles = keyNibbles(key);
    let node = rootNode();
    let depth = 0;
    while (node !== undefined) {
      if (sharedLength(node.partial, nibbles, depth) < node.partial.length) return undefined;
      depth += node.partial.length;
      if (depth === nibbles.length) return valueBytes(node.value);
      const child: ChildReference | undefined = node.children?.[nibbles[depth] as number];
      if (child === undefined) return undefined;
      node = childNode(child);
      depth += 1;
    }
    return undefined;
  };

  /** The topmost node all of whose keys begin with the prefix. */
  const subtree = (prefix: Uint8Array): Place | undefined => {
    let node = rootNode();
    let depth = 0;
    while (node !== undefined) {
      const shared = sharedLength(node.partial, prefix, depth);
      if (depth + shared === prefix.length) return { node, path: prefix.subarray(0, depth) };
      if (shared < node.partial.length) return undefined;
      depth += shared;
      const child: ChildReference | undefined = node.children?.[prefix[depth] as number];
      if (child === undefined) return undefined;
      node = childNode(child);
      depth += 1;
    }
    return undefined;
  };

  const readPrefix = (prefix: Uint8Array, max: number): readonly TrieEntry[] => {
    const top = subtree(keyNibbles(prefix));
    const found: TrieEntry[] = [];
    const waiting: (() => Place)[] = top === undefined ? [] : [() => top];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { node, path } = next();
      const full = joinNibbles(path, node.partial);
      const value = valueBytes(node.value);
      if (value !== undefined) {
        must(found.length < max, `trie proof: more than ${max} entries under the prefix`);
        found.push({ key: toKey(full), value });
      }
      // The last one pushed is the first one visited: keys come out ascending.
      for (let nibble = 15; nibble >= 0; nibble--) {
        const child = node.children?.[nibble];
        if (child !== undefined) waiting.push(() => ({ node: childNode(child), path: joinNibbles(full, [nibble]) }));
      }
    }
    return found;
  };

  /** The lowest key in a subtree. */
  const firstKey = (start: Place): Uint8Array => {
    let { node, path } = start;
    for (;;) {
      path = joinNibbles(path, node.partial);
      if (node.value.kind !== 'none') return toKey(path);
      const nibble = node.children?.findIndex((child) => child !== undefined) ?? -1;
      const child = node.children?.[nibble];
      if (child === undefined) throw new Refusal('trie proof: a node without value and children');
      node = childNode(child);
      path = joinNibbles(path, [nibble]);
    }
  };

  const nextKey = (key: Uint8Array): Uint8Array | undefined => {
    const nibbles = keyNibbles(key);
    const top = rootNode();
    let place: Place | undefined = top === undefined ? undefined : { node: top, path: nibbles.subarray(0, 0) };
    // The nearest turn to the right of the way to the key; taken when the way itself leads to nothing higher.
    let turn: (() => Place) | undefined;
    while (place !== undefined) {
      const { node, path }: Place = place;
      const shared = sharedLength(node.partial, nibbles, path.length);
      const depth = path.length + shared;
      if (shared < node.partial.length) {
        const higher = depth === nibbles.length || (node.partial[shared] as number) > (nibbles[depth] as number);
        if (higher) return firstKey(place);
        break;
      }
      const own = depth < nibbles.length ? (nibbles[depth] as number) : -1;
      for (let nibble = own + 1; nibble < 16; nibble++) {
        const child = node.children?.[nibble];
        if (child === undefined) continue;
        turn = () => ({ node: childNode(child), path: joinNibbles(nibbles.subarray(0, depth), [nibble]) });
        break;
      }
      const down: ChildReference | undefined = own < 0 ? undefined : node.children?.[own];
      place = down === undefined ? undefined : { node: childNode(down), path: nibbles.subarray(0, depth + 1) };
    }
    return turn === undefined ? undefined : firstKey(turn());
  };

  const unused = (): number => {
    let count = 0;
    for (const entry of entries.values()) if (entry.role === 'unused') count++;
    return count;
  };

  return { read, readPrefix, nextKey, unused };
}

function indexEntries(nodes: readonly Uint8Array[]): Map<string, ProofEntry> {
  must(nodes.length <= PROOF_NODES_MAX, `trie proof: more than ${PROOF_NODES_MAX} nodes`);
  const size = nodes.reduce((sum, node) => sum + node.length, 0);
  must(size <= PROOF_BYTES_MAX, `trie proof: more than ${PROOF_BYTES_MAX} bytes`);
  const entries = new Map<string, ProofEntry>();
  for (const bytes of nodes) entries.set(hexOf(blake2b256(bytes)), { bytes, role: 'unused', node: undefined });
  must(entries.size === nodes.length, 'trie proof: one node twice');
  return entries;
}

function keyNibbles(key: Uint8Array): Uint8Array {
  must(key.length <= KEY_BYTES_MAX, `trie proof: a key of more than ${KEY_BYTES_MAX} bytes`);
  return toNibbles(key);
}

/** How many nibbles of `partial` equal those of `key` from `depth` on. */
function sharedLength(partial: Uint8Array, key: Uint8Array, depth: number): number {
  const most = Math.min(partial.length, key.length - depth);
  let shared = 0;
  while (shared < most && partial[shared] === key[depth + shared]) shared++;
  return shared;
}

function joinNibbles(path: Uint8Array, more: ArrayLike<number>): Uint8Array {
  must(path.length + more.length <= 2 * KEY_BYTES_MAX, `trie proof: a key of more than ${KEY_BYTES_MAX} bytes`);
  const joined = new Uint8Array(path.length + more.length);
  joined.set(path, 0);
  joined.set(more, path.length);
  return joined;
}

function toKey(nibbles: Uint8Array): Uint8Array {
  must(nibbles.length % 2 === 0, 'trie proof: a key of half a byte');
  const key = new Uint8Array(nibbles.length / 2);
  for (let i = 0; i < key.length; i++) key[i] = ((nibbles[2 * i] as number) << 4) | (nibbles[2 * i + 1] as number);
  return key;
}
