import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { floorLog2, hashPair, isValidNormalizedBranch } from './merkleBranch.ts';

const leaf = (value: number): Uint8Array => sha256(Uint8Array.of(value));
const zero = new Uint8Array(32);

describe('merkle branch', () => {
  // Four leaves at the generalized indices 4 to 7.
  const leaves = [leaf(0), leaf(1), leaf(2), leaf(3)] as const;
  const left = hashPair(leaves[0], leaves[1]);
  const right = hashPair(leaves[2], leaves[3]);
  const root = hashPair(left, right);

  it('proves a leaf at its index and at no other', () => {
    const branch = [leaves[3], left];
    for (const gindex of [4, 5, 6, 7]) {
      expect(isValidNormalizedBranch(leaves[2], branch, gindex, root)).toBe(gindex === 6);
    }
    expect(isValidNormalizedBranch(leaves[1], branch, 6, root)).toBe(false);
  });

  it('takes leading zero nodes only', () => {
    const branch = [leaves[3], left];
    expect(isValidNormalizedBranch(leaves[2], [zero, zero, ...branch], 6, root)).toBe(true);
    expect(isValidNormalizedBranch(leaves[2], [leaf(9), ...branch], 6, root)).toBe(false);
    expect(isValidNormalizedBranch(leaves[2], [...branch, zero], 6, root)).toBe(false);
    expect(isValidNormalizedBranch(leaves[2], [left], 6, root)).toBe(false);
    expect(isValidNormalizedBranch(right, [left], 6, root)).toBe(false);
  });

  it('knows the depth of an index', () => {
    expect([1, 25, 54, 105, 169, 735, 2856].map(floorLog2)).toEqual([0, 4, 5, 6, 7, 9, 11]);
  });
});
