/**
 * Are these all the extrinsics of a block? A header commits to them by the root of a trie from the compact-encoded position
 * to the extrinsic's bytes.
 *
 * Proven when valid: the list is the block's, whole and in order. Runtimes lay that trie out in version 0, and in version 1
 * (values of 33 bytes and more by their hash) from `system_version` 2 on. Which one is not asked: the two spell a node that
 * holds a hash differently, so no root has two lists.
 */
import { blake2b256 } from '../blake2b.ts';
import { judge, must } from '../refusal.ts';
import { compactBytes, joinBytes, sameBytes, sizedBytes } from '../scale.ts';
import type { Verdict } from '../verdict.ts';

/** Extrinsics of a block: seven times the transfers that fill one by weight. */
const EXTRINSICS_MAX = 65_536;

export function verifyExtrinsics(root: Uint8Array, extrinsics: readonly Uint8Array[]): Verdict<true> {
  return judge(() => {
    must(extrinsics.length <= EXTRINSICS_MAX, `extrinsics: more than ${EXTRINSICS_MAX}`);
    const found = sameBytes(root, extrinsicsRoot(extrinsics, 0)) || sameBytes(root, extrinsicsRoot(extrinsics, 1));
    must(found, 'extrinsics: not those of the header');
    return true;
  });
}

export function extrinsicsRoot(extrinsics: readonly Uint8Array[], version: 0 | 1): Uint8Array {
  if (extrinsics.length === 0) return blake2b256(Uint8Array.of(0));
  const leaves = extrinsics.map((value, index) => ({ key: nibblesOf(compactBytes(index)), value }));
  return blake2b256(nodeOf(leaves, 0, version));
}

interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The encoded node over leaves whose keys agree on the first `depth` nibbles. */
function nodeOf(leaves: readonly Leaf[], depth: number, version: 0 | 1): Uint8Array {
  const first = (leaves[0] as Leaf).key;
  let end = first.length;
  for (const { key } of leaves) {
    let shared = depth;
    while (shared < Math.min(end, key.length) && key[shared] === first[shared]) shared++;
    end = shared;
  }
  const value = leaves.find(({ key }) => key.length === end)?.value;
  const isHashed = version === 1 && value !== undefined && value.length > 32;
  const partial = first.subarray(depth, end);
  const stored = value === undefined ? [] : [isHashed ? blake2b256(value) : sizedBytes(value)];
  if (leaves.length === 1) return joinBytes([headerOf(isHashed ? 0x20 : 0x40, isHashed ? 5 : 6, partial), ...stored]);

  const groups: Leaf[][] = Array.from({ length: 16 }, () => []);
  for (const leaf of leaves) if (leaf.key.length > end) groups[leaf.key[end] as number]?.push(leaf);
  const bitmap = groups.reduce((bits, group, nibble) => (group.length === 0 ? bits : bits | (1 << nibble)), 0);
  const children = groups.flatMap((group) => {
    if (group.length === 0) return [];
    const node = nodeOf(group, end + 1, version);
    return [sizedBytes(node.length < 32 ? node : blake2b256(node))];
  });
  const [prefix, bits] = value === undefined ? [0x80, 6] : isHashed ? [0x10, 4] : [0xc0, 6];
  const header = headerOf(prefix, bits, partial);
  return joinBytes([header, Uint8Array.of(bitmap & 255, bitmap >>> 8), ...stored, ...children]);
}

/** The node's kind in the high bits, the number of nibbles in the `bits` below and in bytes after them; then the nibbles. */
function headerOf(prefix: number, bits: number, partial: Uint8Array): Uint8Array {
  const most = 2 ** bits - 1;
  const header: number[] = [];
  if (partial.length < most) header.push(prefix | partial.length);
  else {
    header.push(prefix | most);
    let rest = partial.length - most;
    for (; rest >= 255; rest -= 255) header.push(255);
    header.push(rest);
  }
  const odd = partial.length % 2;
  if (odd === 1) header.push(partial[0] as number);
  for (let i = odd; i < partial.length; i += 2) header.push(((partial[i] as number) << 4) | (partial[i + 1] as number));
  return Uint8Array.from(header);
}

function nibblesOf(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2);
  bytes.forEach((byte, index) => {
    nibbles[2 * index] = byte >>> 4;
    nibbles[2 * index + 1] = byte & 15;
  });
  return nibbles;
}
