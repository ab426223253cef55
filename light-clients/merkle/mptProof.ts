/**
 * Merkle-Patricia proofs: what a trie with a known root holds under a key.
 *
 * Trusts: the root it is given. Proves: that the trie holds exactly this value under the key, or nothing at all. A
 * missing node is an error and never "absent": absence needs the node in which the path ends. Every node given must be
 * used, once, in order from the root, and must have the hash that its parent names, so a proof has exactly one form.
 *
 * The node kinds are those of the Ethereum Yellow Paper, appendix D: branch, extension, leaf; a child whose encoding is
 * shorter than 32 bytes is embedded in its parent, any other is named by its hash.
 */
import { keccak256 } from '../keccak.ts';
import { decodeRlp, encodeRlp, isBytes, type RlpItem, sameBytes } from './rlp.ts';

export type MptProofVerdict =
  | { readonly kind: 'value'; readonly value: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** The root of a trie that holds nothing: keccak256(RLP of the empty string). */
export const EMPTY_TRIE_ROOT = keccak256(Uint8Array.of(0x80));

/** Bytes of one node: a branch of 16 hashes has 532; its value and a long leaf may add to it. No further reason. */
export const MPT_NODE_BYTES_MAX = 4096;
/** Nodes on one path: one per nibble of a 32-byte key, and the root. */
export const MPT_NODES_MAX = 65;

/** `key` is the path in the trie: for state and storage tries the keccak256 of the address or slot. */
export function verifyMptProof(root: Uint8Array, key: Uint8Array, proof: readonly Uint8Array[]): MptProofVerdict {
  if (root.length !== 32) return invalid('the root has not 32 bytes');
  if (key.length > 32) return invalid('the key is longer than 32 bytes');
  if (proof.length > MPT_NODES_MAX) return invalid(`more than ${MPT_NODES_MAX} nodes`);
  if (sameBytes(root, EMPTY_TRIE_ROOT)) return emptyTrie(proof);

  const path = nibblesOf(key);
  let used = 0;
  let position = 0;
  let reference: RlpItem = root;
  // Each turn consumes a node or an embedded child of one; an embedded node has fewer than 32 bytes, so this ends.
  for (;;) {
    let node: RlpItem;
    if (isBytes(reference)) {
      const bytes = proof[used];
      if (bytes === undefined) return invalid(`node ${used} of the path is missing`);
      if (bytes.length > MPT_NODE_BYTES_MAX) return invalid(`node ${used} is larger than ${MPT_NODE_BYTES_MAX} bytes`);
      if (used > 0 && bytes.length < 32) return invalid(`node ${used} is small enough to be embedded`);
      if (!sameBytes(keccak256(bytes), reference)) return invalid(`node ${used} has not the hash its parent names`);
      const decoded = decodeRlp(bytes, MPT_NODE_BYTES_MAX);
      if (decoded === undefined) return invalid(`node ${used} is not canonical RLP`);
      node = decoded;
      used++;
    } else {
      if (encodeRlp(reference).length >= 32) return invalid('an embedded node of 32 bytes or more');
      node = reference;
    }
    if (isBytes(node)) return invalid('a node that is not a list');

    const step: Step = node.length === 17 ? branchStep(node, path, position) : pathStep(node, path, position);
    if (step.kind === 'invalid') return step;
    if (step.kind !== 'descend') {
      return used === proof.length ? step : invalid(`${proof.length - used} nodes beyond the end of the path`);
    }
    reference = step.child;
    position = step.position;
  }
}

type Step = MptProofVerdict | { readonly kind: 'descend'; readonly child: RlpItem; readonly position: number };

function branchStep(node: readonly RlpItem[], path: Uint8Array, position: number): Step {
  for (let i = 0; i < 16; i++) {
    const child = node[i];
    if (isBytes(child) && child.length !== 0 && child.length !== 32) return invalid('a child that is no reference');
  }
  const value = node[16];
  if (!isBytes(value)) return invalid('a branch value that is a list');
  if (position === path.length) return value.length === 0 ? ABSENT : { kind: 'value', value };
  const child = node[path[position] as number] as RlpItem;
  return isBytes(child) && child.length === 0 ? ABSENT : { kind: 'descend', child, position: position + 1 };
}

/** Leaf and extension nodes: [hex-prefix path, value or child]. */
function pathStep(node: readonly RlpItem[], path: Uint8Array, position: number): Step {
  const [prefix, next] = node;
  if (node.length !== 2 || !isBytes(prefix) || next === undefined) return invalid('a node of no known kind');
  const flag = (prefix[0] ?? 0xff) >> 4;
  if (flag > 3) return invalid('an unknown hex-prefix flag');
  const isLeaf = flag >= 2;
  const isOdd = flag % 2 === 1;
  if (!isOdd && ((prefix[0] as number) & 0x0f) !== 0) return invalid('hex-prefix padding that is not zero');
  const segment = nibblesOf(prefix).subarray(isOdd ? 1 : 2);
  const matches = segment.every((nibble, i) => path[position + i] === nibble);

  if (isLeaf) {
    if (!isBytes(next) || next.length === 0) return invalid('a leaf without a value');
    return matches && position + segment.length === path.length ? { kind: 'value', value: next } : ABSENT;
  }
  if (segment.length === 0) return invalid('an extension with an empty path');
  if (isBytes(next) && next.length !== 32) return invalid('an extension whose child is no reference');
  return matches ? { kind: 'descend', child: next, position: position + segment.length } : ABSENT;
}

/** Nodes give no node, or the empty string, as the proof of an empty trie. */
function emptyTrie(proof: readonly Uint8Array[]): MptProofVerdict {
  const [only] = proof;
  if (only === undefined) return ABSENT;
  return proof.length === 1 && only.length === 1 && only[0] === 0x80 ? ABSENT : invalid('nodes of an empty trie');
}

/** Two nibbles a byte, the high one first. */
export function nibblesOf(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2);
  bytes.forEach((byte, i) => {
    nibbles[i * 2] = byte >> 4;
    nibbles[i * 2 + 1] = byte & 0x0f;
  });
  return nibbles;
}

const ABSENT = { kind: 'absent' } as const;

function invalid(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}
