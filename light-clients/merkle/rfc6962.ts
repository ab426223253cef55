/**
 * The binary Merkle tree of RFC 6962 (and RFC 9162): leaf = H(0x00 ‖ data), node = H(0x01 ‖ left ‖ right), the left
 * subtree holds the largest power of two below the count, the empty tree is H(). CometBFT hashes headers, validator sets,
 * transactions and results with it. The hash function is a parameter.
 *
 * A proof is bound to (index, total): its number of siblings follows from them, so that one proof holds for one place
 * only. A root says nothing of the total by itself: whoever checks a proof must have the total from elsewhere, or check
 * the two proofs that must agree with the same (index, total).
 */

export type HashFunction = (bytes: Uint8Array) => Uint8Array;

/** Leaves of one tree: 64 million, so that positions stay in 32-bit arithmetic. No list that is hashed here comes near. */
export const TREE_LEAVES_MAX = 1 << 26;

export function hashLeaf(data: Uint8Array, hash: HashFunction): Uint8Array {
  const bytes = new Uint8Array(data.length + 1);
  bytes.set(data, 1);
  return hash(bytes);
}

export function hashNode(left: Uint8Array, right: Uint8Array, hash: HashFunction): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return hash(bytes);
}

/** The root over the leaves' data. */
export function merkleRoot(leaves: readonly Uint8Array[], hash: HashFunction): Uint8Array {
  if (leaves.length === 0) return hash(new Uint8Array(0));
  // Pairing level by level and carrying an odd last node upwards gives the same tree as the recursive split.
  let level = leaves.map((leaf) => hashLeaf(leaf, hash));
  while (level.length > 1) level = nextLevel(level, hash);
  return level[0] as Uint8Array;
}

/** The siblings of a leaf, the deepest first; undefined when there is no such leaf. */
export function merkleProof(
  leaves: readonly Uint8Array[],
  index: number,
  hash: HashFunction,
): readonly Uint8Array[] | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) return undefined;
  const siblings: Uint8Array[] = [];
  let level = leaves.map((leaf) => hashLeaf(leaf, hash));
  let position = index;
  while (level.length > 1) {
    const sibling = level[position ^ 1];
    if (sibling !== undefined) siblings.push(sibling);
    level = nextLevel(level, hash);
    position >>= 1;
  }
  return siblings;
}

/** The exact number of siblings that a proof for (index, total) has; undefined when there is no such leaf. */
export function proofLength(index: number, total: number): number | undefined {
  if (!Number.isInteger(index) || !Number.isInteger(total)) return undefined;
  if (index < 0 || index >= total || total > TREE_LEAVES_MAX) return undefined;
  let count = 0;
  let width = total;
  for (let position = index; width > 1; position >>= 1) {
    if ((position ^ 1) < width) count++;
    width = (width + 1) >> 1;
  }
  return count;
}

/** The root that a proof leads to; undefined when (index, total) and the number of siblings do not fit. */
export function rootFromProof(
  leaf: Uint8Array,
  index: number,
  total: number,
  siblings: readonly Uint8Array[],
  hash: HashFunction,
): Uint8Array | undefined {
  if (proofLength(index, total) !== siblings.length) return undefined;
  let node = hashLeaf(leaf, hash);
  if (siblings.some((sibling) => sibling.length !== node.length)) return undefined;
  let next = 0;
  let width = total;
  for (let position = index; width > 1; position >>= 1) {
    if ((position ^ 1) < width) {
      const sibling = siblings[next++] as Uint8Array;
      node = (position & 1) === 1 ? hashNode(sibling, node, hash) : hashNode(node, sibling, hash);
    }
    width = (width + 1) >> 1;
  }
  return node;
}

function nextLevel(level: readonly Uint8Array[], hash: HashFunction): Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Uint8Array;
    const right = level[i + 1];
    next.push(right === undefined ? left : hashNode(left, right, hash));
  }
  return next;
}
