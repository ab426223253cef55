/** A tiny state trie for tests: built anew from a map of entries, with roots and read proofs like a node's. */
import { blake2b256 } from '../blake2b.ts';
import { compactBytes, hexOf, joinBytes, sizedBytes } from '../scale.ts';
import { toNibbles } from './node.ts';

export type Entries = ReadonlyMap<string, Uint8Array>;

interface BuiltNode {
  readonly partial: Uint8Array;
  readonly children: readonly (BuiltNode | undefined)[] | undefined;
  readonly value: Uint8Array | undefined;
  readonly bytes: Uint8Array;
}

export interface TestTrie {
  readonly root: Uint8Array;
  /** The nodes that reading these keys touches, values hashed by V1 included. */
  proof(keys: readonly Uint8Array[]): Uint8Array[];
}

/** Keys of `entries` are hex. */
export function buildTrie(entries: Entries, version: 0 | 1): TestTrie {
  const list = [...entries].map(([key, value]) => ({ key: toNibbles(Buffer.from(key, 'hex')), value }));
  const top = list.length === 0 ? undefined : build(list, 0, version);
  const rootBytes = top?.bytes ?? Uint8Array.of(0);
  return {
    root: blake2b256(rootBytes),
    proof: (keys) => {
      const nodes = new Map<string, Uint8Array>([[hexOf(rootBytes), rootBytes]]);
      for (const key of keys) collect(top, toNibbles(key), version, nodes);
      return [...nodes.values()];
    },
  };
}

interface Item {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

function build(items: readonly Item[], depth: number, version: 0 | 1): BuiltNode {
  const first = (items[0] as Item).key;
  let end = first.length;
  for (const { key } of items) {
    let shared = depth;
    while (shared < Math.min(end, key.length) && key[shared] === first[shared]) shared++;
    end = shared;
  }
  const value = items.find(({ key }) => key.length === end)?.value;
  const below = items.filter(({ key }) => key.length > end);
  const children =
    below.length === 0
      ? undefined
      : Array.from({ length: 16 }, (_, nibble) => {
          const group = below.filter(({ key }) => key[end] === nibble);
          return group.length === 0 ? undefined : build(group, end + 1, version);
        });
  const partial = first.subarray(depth, end);
  return { partial, children, value, bytes: encode(partial, children, value, version) };
}

function encode(
  partial: Uint8Array,
  children: BuiltNode['children'],
  value: Uint8Array | undefined,
  version: 0 | 1,
): Uint8Array {
  const hashed = isHashed(value, version);
  const [prefix, bits] = headerOf(children !== undefined, value !== undefined, hashed);
  const parts = [lengthHeader(prefix, bits, partial.length), packNibbles(partial)];
  if (children !== undefined) {
    const bitmap = children.reduce((sum, child, nibble) => (child === undefined ? sum : sum | (1 << nibble)), 0);
    parts.push(Uint8Array.of(bitmap & 255, bitmap >>> 8));
  }
  if (value !== undefined) parts.push(hashed ? blake2b256(value) : joinBytes([compactBytes(value.length), value]));
  for (const child of children ?? []) {
    if (child !== undefined) parts.push(sizedBytes(child.bytes.length < 32 ? child.bytes : blake2b256(child.bytes)));
  }
  return joinBytes(parts);
}

function headerOf(branch: boolean, valued: boolean, hashed: boolean): [number, number] {
  if (!branch) return hashed ? [0x20, 5] : [0x40, 6];
  if (hashed) return [0x10, 4];
  return [valued ? 0xc0 : 0x80, 6];
}

function lengthHeader(prefix: number, bits: number, length: number): Uint8Array {
  const full = 2 ** bits - 1;
  if (length < full) return Uint8Array.of(prefix | length);
  const bytes = [prefix | full];
  let rest = length - full;
  for (; rest >= 255; rest -= 255) bytes.push(255);
  return Uint8Array.from([...bytes, rest]);
}

function packNibbles(nibbles: Uint8Array): Uint8Array {
  const padded = nibbles.length % 2 === 0 ? [...nibbles] : [0, ...nibbles];
  return Uint8Array.from(
    { length: padded.length / 2 },
    (_, i) => ((padded[2 * i] as number) << 4) | (padded[2 * i + 1] as number),
  );
}

function isHashed(value: Uint8Array | undefined, version: 0 | 1): boolean {
  return version === 1 && value !== undefined && value.length > 32;
}

function collect(top: BuiltNode | undefined, key: Uint8Array, version: 0 | 1, nodes: Map<string, Uint8Array>): void {
  let depth = 0;
  let isRoot = true;
  for (let node = top; node !== undefined; isRoot = false) {
    if (isRoot || node.bytes.length >= 32) nodes.set(hexOf(node.bytes), node.bytes);
    const { partial, value, children }: BuiltNode = node;
    if (!partial.every((nibble, i) => nibble === key[depth + i])) return;
    depth += partial.length;
    if (depth === key.length) {
      if (value !== undefined && isHashed(value, version)) nodes.set(hexOf(value), value);
      return;
    }
    node = children?.[key[depth] as number];
    depth += 1;
  }
}
