/**
 * SSZ Merkle branches by generalized index, and the few byte comparisons that the light client needs.
 *
 * Proves: that `leaf` stands at that index under `root`. The index is the caller's, never the prover's.
 */
import { sha256 } from '@noble/hashes/sha2.js';

export function floorLog2(value: number): number {
  return 31 - Math.clz32(value);
}

/** is_valid_normalized_merkle_branch: a branch longer than the index needs must begin with zero nodes. */
export function isValidNormalizedBranch(
  leaf: Uint8Array,
  branch: readonly Uint8Array[],
  gindex: number,
  root: Uint8Array,
): boolean {
  const depth = floorLog2(gindex);
  const extra = branch.length - depth;
  if (extra < 0 || !isZeroBranch(branch.slice(0, extra))) return false;
  let node = leaf;
  for (const [level, sibling] of branch.slice(extra).entries()) {
    node = ((gindex >>> level) & 1) === 1 ? hashPair(sibling, node) : hashPair(node, sibling);
  }
  return equalBytes(node, root);
}

export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left, 0);
  pair.set(right, 32);
  return sha256(pair);
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export function isZeroBranch(branch: readonly Uint8Array[]): boolean {
  return branch.every(isZero);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
