/**
 * Trie nodes as bytes, and what a parent says of a child: its hash, or the child itself when that is shorter than 32
 * bytes.
 *
 *   header ‖ partial key ‖ [children bitmap u16] ‖ [value, or its hash] ‖ [children]
 */
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { compactBytes, joinBytes } from '../../../../light-clients/scale.ts';
import { packNibbles, type TrieNode } from './node.ts';

const EMPTY_TRIE = Uint8Array.of(0);
const HASHED_ABOVE = 32;

export function encodeNode(node: TrieNode): Uint8Array {
  const { partial, children, value } = node;
  const parts = [headerBytes(node), partialBytes(partial)];
  if (children !== undefined) {
    let bitmap = 0;
    for (let nibble = 0; nibble < 16; nibble++) if (children[nibble] !== undefined) bitmap |= 1 << nibble;
    parts.push(Uint8Array.of(bitmap & 255, bitmap >> 8));
  }
  if (value !== undefined) {
    if (keepsHash(node)) parts.push(blake2b256(value));
    else parts.push(compactBytes(value.length), value);
  }
  for (const child of children ?? []) {
    if (child === undefined) continue;
    const reference = referenceTo(child);
    // A compact length below 64; half of all encoding time when made the general way.
    parts.push(Uint8Array.of(reference.length << 2), reference);
  }
  return joinBytes(parts);
}

function referenceTo(node: TrieNode): Uint8Array {
  if (node.reference !== undefined) return node.reference;
  const bytes = encodeNode(node);
  node.reference = bytes.length < 32 ? bytes : blake2b256(bytes);
  return node.reference;
}

/** The root is a hash however short the node is. */
export function rootOf(node: TrieNode | undefined): Uint8Array {
  if (node === undefined) return blake2b256(EMPTY_TRIE);
  const reference = referenceTo(node);
  return reference.length === 32 ? reference : blake2b256(reference);
}

/** Does the node hold its value's hash in place of the value (V1)? */
export function keepsHash({ value, version }: TrieNode): boolean {
  return version === 1 && value !== undefined && value.length > HASHED_ABOVE;
}

function headerBytes(node: TrieNode): Uint8Array {
  const [prefix, bits] = headerOf(node);
  const full = 2 ** bits - 1;
  const { length } = node.partial;
  if (length < full) return Uint8Array.of(prefix | length);
  const rest = length - full;
  return Uint8Array.of(prefix | full, ...new Array<number>(Math.floor(rest / 255)).fill(255), rest % 255);
}

function headerOf(node: TrieNode): [prefix: number, lengthBits: number] {
  const hashed = keepsHash(node);
  if (node.children === undefined) return hashed ? [0x20, 5] : [0x40, 6];
  if (hashed) return [0x10, 4];
  return [node.value === undefined ? 0x80 : 0xc0, 6];
}

/** An odd length is padded in front. */
function partialBytes(partial: Uint8Array): Uint8Array {
  return packNibbles(partial.length % 2 === 0 ? partial : Uint8Array.of(0, ...partial));
}
