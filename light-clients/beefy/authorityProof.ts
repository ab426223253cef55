/**
 * Membership in a BEEFY authority set by the set's root: Substrate's binary Merkle tree (Keccak-256) over the members'
 * Ethereum addresses. A leaf is the hash of its 20 bytes; a node without a sibling moves up as it is. Leaves and nodes differ in
 * length, so one cannot pass as the other. The number of siblings follows from index and set size; any other is refused.
 */
import { keccak256 } from '../keccak.ts';
import { judge, must } from '../refusal.ts';
import { sameBytes } from '../scale.ts';
import type { Verdict } from '../verdict.ts';

export interface AuthoritySetRoot {
  readonly root: Uint8Array;
  /** Members of the set. */
  readonly size: number;
}

/** Valid when `address` (20 bytes) is member number `index` of the set. */
export function verifyAuthority(
  set: AuthoritySetRoot,
  index: number,
  address: Uint8Array,
  siblings: readonly Uint8Array[],
): Verdict<true> {
  return judge(() => {
    must(address.length === 20, 'authority proof: an address has 20 bytes');
    must(Number.isSafeInteger(set.size) && set.size > 0, 'authority proof: no such set size');
    must(
      Number.isSafeInteger(index) && index >= 0 && index < set.size,
      'authority proof: the index is not below the size',
    );
    let hash = keccak256(address);
    let used = 0;
    for (let [position, width] = [index, set.size]; width > 1; [position, width] = [half(position), half(width + 1)]) {
      const alone = position % 2 === 0 && position === width - 1;
      if (alone) continue;
      const sibling = siblings[used++];
      must(sibling !== undefined && sibling.length === 32, 'authority proof: a sibling is missing');
      hash = position % 2 === 1 ? keccak256(sibling, hash) : keccak256(hash, sibling);
    }
    must(used === siblings.length, 'authority proof: more siblings than the position takes');
    must(sameBytes(hash, set.root), 'authority proof: does not lead to the root');
    return true as const;
  });
}

function half(value: number): number {
  return Math.floor(value / 2);
}
