import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors/load.ts';
import { equalBytes, fromHex, toHex, utf8 } from './bytes.ts';
import { merkleProof, merkleRoot, verifyMerkleProof } from './checkpoint.ts';
import { ViaductError } from './errors.ts';
import { keccak256 } from './keccak.ts';
import { CHECKPOINT_CHUNKS_MAX } from './limits.ts';

const chunks = Array.from({ length: CHECKPOINT_CHUNKS_MAX }, (_, i) => keccak256(utf8(`chunk ${i}`)));
const zero = new Uint8Array(32);

/**
 * The tree by the letter of RFC 6962, section 2.1, with its subtrees remembered: every width and index in little time,
 * and a second opinion on the code's own root and proofs.
 */
function referenceTree(leaves: readonly Uint8Array[]): { root: Uint8Array; proof: (index: number) => Uint8Array[] } {
  const known = new Map<string, Uint8Array>();
  const half = (count: number): number => {
    let k = 1;
    while (k * 2 < count) k *= 2;
    return k;
  };
  const hash = (from: number, to: number): Uint8Array => {
    const key = `${from}-${to}`;
    const k = half(to - from);
    const value =
      known.get(key) ??
      (to - from === 1
        ? keccak256(Uint8Array.of(0), leaves[from]!)
        : keccak256(Uint8Array.of(1), hash(from, from + k), hash(from + k, to)));
    known.set(key, value);
    return value;
  };
  const path = (index: number, from: number, to: number): Uint8Array[] => {
    if (to - from === 1) return [];
    const middle = from + half(to - from);
    return index < middle
      ? [...path(index, from, middle), hash(middle, to)]
      : [...path(index, middle, to), hash(from, middle)];
  };
  return { root: hash(0, leaves.length), proof: (index) => path(index, 0, leaves.length) };
}

/** Which side the sibling is on, from the leaf up: two places in trees with the same sides fold alike. */
function sides(index: number, count: number): string {
  if (count === 1) return '';
  const split = 2 ** (Math.ceil(Math.log2(count)) - 1);
  return index < split ? `${sides(index, split)}r` : `${sides(index - split, count - split)}l`;
}

describe('checkpoint tree', () => {
  it('has the golden roots and proofs', () => {
    for (const { count, chunks: leaves, root, index, proof } of loadVectors().trees) {
      const bytes = leaves.map((leaf) => fromHex(leaf, 32));
      expect(toHex(merkleRoot(bytes))).toBe(root);
      expect(merkleProof(bytes, index).map(toHex)).toEqual(proof);
      const siblings = proof.map((sibling) => fromHex(sibling));
      expect(verifyMerkleProof(fromHex(root), bytes[index]!, index, count, siblings)).toBe(true);
    }
  });

  it('proves every index of every width there may be', () => {
    // Collected, since an assertion costs more than the proof it is about.
    const wrong: string[] = [];
    for (let count = 1; count <= CHECKPOINT_CHUNKS_MAX; count++) {
      const leaves = chunks.slice(0, count);
      const tree = referenceTree(leaves);
      if (!equalBytes(merkleRoot(leaves), tree.root)) wrong.push(`root of ${count}`);
      for (let index = 0; index < count; index++) {
        const holds = verifyMerkleProof(tree.root, leaves[index]!, index, count, tree.proof(index));
        if (!holds) wrong.push(`${index} of ${count}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('makes the proofs that the RFC asks for', () => {
    for (const count of [...Array(34).keys()].slice(1).concat(127, 255, 256)) {
      const leaves = chunks.slice(0, count);
      const tree = referenceTree(leaves);
      for (let index = 0; index < count; index += count > 34 ? 17 : 1) {
        expect(merkleProof(leaves, index).map(toHex)).toEqual(tree.proof(index).map(toHex));
      }
    }
  });

  it('proves a chunk at no other index of its tree, and no other chunk at its index', () => {
    const wrong: string[] = [];
    for (let count = 1; count <= 40; count++) {
      const tree = referenceTree(chunks.slice(0, count));
      for (let index = 0; index < count; index++) {
        const proof = tree.proof(index);
        for (let other = 0; other < count; other++) {
          if (other === index) continue;
          if (verifyMerkleProof(tree.root, chunks[index]!, other, count, proof)) wrong.push(`${index} at ${other}`);
          if (verifyMerkleProof(tree.root, chunks[other]!, index, count, proof)) wrong.push(`${other} for ${index}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('takes the count from the signed statement: under another count a proof holds only where both trees fold alike', () => {
    // A root says nothing about its count (the shape of RFC 6962), which is why packetCount and chunkSize are signed.
    const wrong: string[] = [];
    for (let count = 1; count <= 20; count++) {
      const tree = referenceTree(chunks.slice(0, count));
      for (let index = 0; index < count; index++) {
        const proof = tree.proof(index);
        for (let otherCount = 1; otherCount <= 24; otherCount++) {
          for (let other = 0; other < otherCount; other++) {
            const holds = verifyMerkleProof(tree.root, chunks[index]!, other, otherCount, proof);
            const alike = sides(index, count) === sides(other, otherCount);
            if (holds !== alike) wrong.push(`${index} of ${count} at ${other} of ${otherCount}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('refuses extra, missing, swapped, short and long siblings', () => {
    for (const count of [1, 2, 3, 5, 8, 13, 100, 255, 256]) {
      const tree = referenceTree(chunks.slice(0, count));
      for (const index of new Set([0, 1, count >> 1, count - 1].filter((i) => i < count))) {
        const proof = tree.proof(index);
        const verify = (siblings: Uint8Array[]): boolean =>
          verifyMerkleProof(tree.root, chunks[index]!, index, count, siblings);
        expect(verify([...proof, zero])).toBe(false);
        expect(verify([zero, ...proof])).toBe(false);
        expect(verify([...proof, tree.root])).toBe(false);
        if (proof.length === 0) continue;
        expect(verify(proof.slice(1))).toBe(false);
        expect(verify(proof.slice(0, -1))).toBe(false);
        expect(verify([])).toBe(false);
        expect(verify(proof.with(0, proof[0]!.subarray(0, 31)))).toBe(false);
        expect(verify(proof.with(0, new Uint8Array([...proof[0]!, 0])))).toBe(false);
        if (proof.length > 1) expect(verify([...proof].reverse())).toBe(false);
        for (let i = 0; i < proof.length; i++) {
          const flipped = proof[i]!.map((byte, at) => (at === 7 ? byte ^ 1 : byte));
          expect(verify(proof.with(i, flipped))).toBe(false);
        }
      }
    }
  });

  it('takes no node for a leaf and no leaf for a node', () => {
    const tree = referenceTree(chunks.slice(0, 4));
    const leaf = (i: number): Uint8Array => keccak256(Uint8Array.of(0), chunks[i]!);
    const left = keccak256(Uint8Array.of(1), leaf(0), leaf(1));
    const right = keccak256(Uint8Array.of(1), leaf(2), leaf(3));
    // An inner node as a chunk hash of a tree half as wide, and its preimage as a chunk of 64 bytes.
    expect(verifyMerkleProof(tree.root, left, 0, 2, [right])).toBe(false);
    expect(verifyMerkleProof(tree.root, new Uint8Array([...leaf(0), ...leaf(1)]), 0, 2, [right])).toBe(false);
    expect(verifyMerkleProof(tree.root, new Uint8Array([...left, ...right]), 0, 1, [])).toBe(false);
    expect(verifyMerkleProof(tree.root, tree.root, 0, 1, [])).toBe(false);
    // A chunk hash where its leaf belongs.
    expect(verifyMerkleProof(tree.root, chunks[0]!, 0, 4, [chunks[1]!, right])).toBe(false);
    // Bitcoin's doubled last leaf is not how an odd width is filled.
    const three = referenceTree(chunks.slice(0, 3));
    expect(equalBytes(three.root, merkleRoot([...chunks.slice(0, 3), chunks[2]!]))).toBe(false);
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, 1.5],
    [NaN, 1],
    [0, NaN],
    [0, Infinity],
    [2 ** 32, 1],
    [0, CHECKPOINT_CHUNKS_MAX + 1],
  ])('refuses index %d of %d', (index, count) => {
    expect(verifyMerkleProof(merkleRoot([chunks[0]!]), chunks[0]!, index, count, [])).toBe(false);
  });

  it('refuses every width above the limit up to 600, and the empty tree', () => {
    expect(() => merkleRoot([])).toThrow(ViaductError);
    for (let count = CHECKPOINT_CHUNKS_MAX + 1; count <= 600; count++) {
      const leaves = Array.from({ length: count }, () => zero);
      expect(() => merkleRoot(leaves)).toThrow('chunk count within limits');
      expect(verifyMerkleProof(zero, zero, 0, count, merkleProof(leaves, 0))).toBe(false);
    }
  });

  it('refuses zero roots and zero chunks of nothing (ATK-11)', () => {
    expect(verifyMerkleProof(zero, zero, 0, 1, [])).toBe(false);
    expect(verifyMerkleProof(new Uint8Array(0), zero, 0, 1, [])).toBe(false);
    expect(verifyMerkleProof(zero, zero, 0, 2, [zero])).toBe(false);
  });

  it('makes no proof for an index outside', () => {
    for (const index of [-1, 3, 0.5, NaN]) expect(() => merkleProof(chunks.slice(0, 3), index)).toThrow(ViaductError);
  });
});
