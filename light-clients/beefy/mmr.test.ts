import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../keccak.ts';
import { compactBytes, joinBytes, u64Bytes } from '../scale.ts';
import { decodeMmrLeafProof, type MmrLeafProof, verifyMmrLeaf } from './mmr.ts';

const leaf = (index: number): Uint8Array => keccak256(Uint8Array.of(index & 255, index >> 8));

/** The range built the simple way: peaks as trees, bagged from the right. */
function build(count: number): { root: Uint8Array; prove(index: number): MmrLeafProof } {
  const peaks: Uint8Array[][][] = [];
  const starts: number[] = [];
  let start = 0;
  for (let bit = 1 << 12; bit > 0; bit >>= 1) {
    if ((count & bit) === 0) continue;
    const levels = [Array.from({ length: bit }, (_, i) => leaf(start + i))];
    for (let top = levels[0]!; top.length > 1; levels.push(top)) {
      const below = top;
      top = Array.from({ length: below.length / 2 }, (_, i) => keccak256(below[2 * i]!, below[2 * i + 1]!));
    }
    peaks.push(levels);
    starts.push(start);
    start += bit;
  }
  const tops = peaks.map((levels) => levels.at(-1)![0]!);
  const bag = (from: number): Uint8Array => tops.slice(from).reduceRight((right, peak) => keccak256(right, peak));
  return {
    root: bag(0),
    prove: (index) => {
      const peak = starts.filter((first) => first <= index).length - 1;
      const inside = index - starts[peak]!;
      const siblings = peaks[peak]!.slice(0, -1).map((level, height) => level[(inside >> height) ^ 1]!);
      const right = peak + 1 < peaks.length ? [bag(peak + 1)] : [];
      return {
        leafIndex: BigInt(index),
        leafCount: BigInt(count),
        items: [...tops.slice(0, peak), ...siblings, ...right],
      };
    },
  };
}

const kind = (root: Uint8Array, hash: Uint8Array, proof: MmrLeafProof): string => verifyMmrLeaf(root, hash, proof).kind;

describe('verifyMmrLeaf', () => {
  it('accepts each leaf of every small range at its own place alone', () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 21, 33]) {
      const range = build(count);
      for (let index = 0; index < count; index++) {
        const proof = range.prove(index);
        expect(kind(range.root, leaf(index), proof)).toBe('valid');
        for (let other = 0; other < count + 3; other++) {
          if (other === index) continue;
          expect(kind(range.root, leaf(index), { ...proof, leafIndex: BigInt(other) })).toBe('invalid');
        }
        expect(kind(range.root, leaf(index + 1), proof)).toBe('invalid');
        expect(kind(range.root, leaf(index), { ...proof, items: [...proof.items, leaf(0)] })).toBe('invalid');
        if (proof.items.length > 0) {
          expect(kind(range.root, leaf(index), { ...proof, items: proof.items.slice(1) })).toBe('invalid');
          expect(kind(range.root, leaf(index), { ...proof, items: [...proof.items].reverse().slice(1) })).toBe(
            'invalid',
          );
        }
      }
    }
  });

  it('refuses an index not below the count, with the leaf as root and no items (ATK-17)', () => {
    const reasonOf = (proof: MmrLeafProof): unknown => verifyMmrLeaf(leaf(0), leaf(0), proof);
    expect(reasonOf({ leafIndex: 0n, leafCount: 1n, items: [] })).toMatchObject({ kind: 'valid' });
    const high = { kind: 'invalid', reason: 'MMR proof: the index is not below the count' };
    expect(reasonOf({ leafIndex: 1n, leafCount: 1n, items: [] })).toEqual(high);
    expect(reasonOf({ leafIndex: 1n << 63n, leafCount: 1n, items: [] })).toEqual(high);
    expect(reasonOf({ leafIndex: -1n, leafCount: 1n, items: [] })).toEqual(high);
    const none = { kind: 'invalid', reason: 'MMR proof: no such leaf count' };
    expect(reasonOf({ leafIndex: 0n, leafCount: 0n, items: [] })).toEqual(none);
    expect(reasonOf({ leafIndex: 0n, leafCount: 1n << 64n, items: [] })).toEqual(none);
  });

  it('refuses every changed byte', () => {
    const range = build(21);
    const proof = range.prove(9);
    proof.items.forEach((item, position) => {
      for (let at = 0; at < 32; at++) {
        const changed = item.slice();
        changed[at]! ^= 1 << (at % 8);
        const items = proof.items.map((original, i) => (i === position ? changed : original));
        expect(kind(range.root, leaf(9), { ...proof, items })).toBe('invalid');
      }
    });
  });
});

describe('decodeMmrLeafProof', () => {
  it('takes the proof of one leaf, and hostile bytes without throwing', () => {
    const { items, leafCount, leafIndex } = build(21).prove(9);
    const bytes = joinBytes([
      compactBytes(1),
      u64Bytes(leafIndex),
      u64Bytes(leafCount),
      compactBytes(items.length),
      ...items,
    ]);
    expect(decodeMmrLeafProof(bytes)).toEqual({ kind: 'valid', value: { leafIndex, leafCount, items } });
    expect(decodeMmrLeafProof(Uint8Array.from([...bytes, 0])).kind).toBe('invalid');
    expect(decodeMmrLeafProof(joinBytes([compactBytes(2), u64Bytes(1n), bytes.subarray(1)])).kind).toBe('invalid');
    expect(decodeMmrLeafProof(joinBytes([compactBytes(0), bytes.subarray(9)])).kind).toBe('invalid');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        expect(['valid', 'invalid']).toContain(decodeMmrLeafProof(noise).kind);
      }),
    );
  });
});
