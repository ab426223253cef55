/**
 * Inclusion in the relay chain's Merkle mountain range (pallet-mmr, Keccak-256): an append-only list of leaves, one a block,
 * whose root BEEFY signs.
 *
 * The range over `count` leaves is one perfect tree (a *peak*) for each set bit of `count`, the largest on the left. Peaks
 * are bagged from the right: root = H(bag of those to the right ‖ this peak). So position and count alone say how many
 * siblings, peaks and bags a proof has and on which side each goes; nothing of that is taken from the proof. A proof of
 * any other length, an index not below the count and a count of 0 are refused before anything is hashed.
 *
 * Trusted: root and count, which belong together. (A signed commitment holds the root; the count follows from the block number
 * and the block at which the range began.)
 */
import { keccak256 } from '../keccak.ts';
import { judge, must } from '../refusal.ts';
import { createScaleReader, sameBytes } from '../scale.ts';
import type { Verdict } from '../verdict.ts';

export interface MmrLeafProof {
  readonly leafIndex: bigint;
  readonly leafCount: bigint;
  /** As `mmr_generateProof` gives them for one leaf: peaks left of it, its siblings upwards, the bag of peaks right of it. */
  readonly items: readonly Uint8Array[];
}

/** No specific reason: a block every 6 s fills it in a million years. */
const LEAF_COUNT_MAX = 1n << 42n;
/** Siblings, peaks and bag together are fewer than the bits of the count and its peaks. */
const ITEMS_MAX = 128;

/** Decodes `LeafProof` of exactly one leaf: Vec<u64> ‖ u64 ‖ Vec<H256>. */
export function decodeMmrLeafProof(bytes: Uint8Array): Verdict<MmrLeafProof> {
  return judge(() => {
    const reader = createScaleReader(bytes, 'MMR proof');
    must(reader.length(1) === 1, 'MMR proof: not of one leaf');
    const leafIndex = reader.u64();
    const leafCount = reader.u64();
    const items: Uint8Array[] = [];
    for (let left = reader.length(ITEMS_MAX); left > 0; left--) items.push(reader.bytes(32));
    reader.end();
    return { leafIndex, leafCount, items };
  });
}

/** Valid when the leaf with hash `leafHash` (Keccak-256 of its encoding) is at the proof's index under `root`. */
export function verifyMmrLeaf(root: Uint8Array, leafHash: Uint8Array, proof: MmrLeafProof): Verdict<true> {
  return judge(() => {
    must(root.length === 32 && leafHash.length === 32, 'MMR proof: a hash is not 32 bytes long');
    must(proof.leafCount > 0n && proof.leafCount <= LEAF_COUNT_MAX, 'MMR proof: no such leaf count');
    must(proof.leafIndex >= 0n && proof.leafIndex < proof.leafCount, 'MMR proof: the index is not below the count');
    const place = placeOf(proof.leafIndex, proof.leafCount);
    const expected = place.peaksLeft + place.height + (place.peaksRight > 0 ? 1 : 0);
    must(
      proof.items.length === expected,
      `MMR proof: ${proof.items.length} items where the position takes ${expected}`,
    );
    must(
      proof.items.every((item) => item.length === 32),
      'MMR proof: a hash is not 32 bytes long',
    );

    // Within the peak, from the leaf upwards.
    let hash = leafHash;
    for (let level = 0; level < place.height; level++) {
      const sibling = proof.items[place.peaksLeft + level] as Uint8Array;
      const isRight = ((place.indexInPeak >> BigInt(level)) & 1n) === 1n;
      hash = isRight ? keccak256(sibling, hash) : keccak256(hash, sibling);
    }
    // Then the bag of what is right of the peak, and the peaks left of it, nearest first.
    if (place.peaksRight > 0) hash = keccak256(proof.items[expected - 1] as Uint8Array, hash);
    for (let peak = place.peaksLeft - 1; peak >= 0; peak--) hash = keccak256(hash, proof.items[peak] as Uint8Array);
    must(sameBytes(hash, root), 'MMR proof: does not lead to the root');
    return true as const;
  });
}

interface Place {
  /** Levels between the leaf and the top of its peak. */
  readonly height: number;
  readonly indexInPeak: bigint;
  readonly peaksLeft: number;
  readonly peaksRight: number;
}

function placeOf(index: bigint, count: bigint): Place {
  let start = 0n;
  let peaksLeft = 0;
  for (let height = count.toString(2).length - 1; height >= 0; height--) {
    const size = 1n << BigInt(height);
    if ((count & size) === 0n) continue;
    if (index < start + size) {
      const peaksRight = (count & (size - 1n)).toString(2).replaceAll('0', '').length;
      return { height, indexInPeak: index - start, peaksLeft, peaksRight };
    }
    start += size;
    peaksLeft += 1;
  }
  throw new Error('an index below the count lies in a peak');
}
