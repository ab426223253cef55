import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashLeaf, hashNode, merkleProof, merkleRoot, proofLength, rootFromProof } from './rfc6962.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => Uint8Array.of(i >> 8, i & 255));
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

/** The definition of RFC 6962, section 2.1, word for word. */
function definition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return hashLeaf(leaves[0]!, sha256);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hashNode(definition(leaves.slice(0, k)), definition(leaves.slice(k)), sha256);
}

describe('the tree of RFC 6962', () => {
  it('has the roots of the Certificate Transparency test vectors', () => {
    // From certificate-transparency's merkletree tests.
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const leaves = inputs.map((input) => Buffer.from(input, 'hex'));
    expect(hex(merkleRoot([], sha256))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(merkleRoot(leaves.slice(0, 1), sha256))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(hex(merkleRoot(leaves, sha256))).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('is the tree of the definition for every odd width up to 600, with proofs that fit one place only', () => {
    for (let total = 1; total <= 600; total += 2) {
      const leaves = leavesOf(total);
      const root = merkleRoot(leaves, sha256);
      expect(hex(root)).toBe(hex(definition(leaves)));
      for (const index of new Set([0, total >> 1, total - 1])) {
        const leaf = leaves[index]!;
        const proof = merkleProof(leaves, index, sha256)!;
        expect(hex(rootFromProof(leaf, index, total, proof, sha256))).toBe(hex(root));
        expect(rootFromProof(leaf, index, total, [...proof, root], sha256)).toBeUndefined();
        if (proof.length > 0) expect(rootFromProof(leaf, index, total, proof.slice(1), sha256)).toBeUndefined();
        expect(rootFromProof(leaf, total, total, proof, sha256)).toBeUndefined();
        for (const other of [index - 1, index + 1, index ^ 2, total - 1 - index, index + total]) {
          if (other !== index) expect(hex(rootFromProof(leaf, other, total, proof, sha256))).not.toBe(hex(root));
        }
      }
    }
  });

  it('lets no proof of a small tree hold at any other index of it', () => {
    for (let total = 1; total <= 33; total++) {
      const leaves = leavesOf(total);
      const root = hex(merkleRoot(leaves, sha256));
      for (let index = 0; index < total; index++) {
        const proof = merkleProof(leaves, index, sha256)!;
        expect(proof.length).toBe(proofLength(index, total));
        const holds = [];
        for (let claimed = -1; claimed <= total; claimed++) {
          if (hex(rootFromProof(leaves[index]!, claimed, total, proof, sha256)) === root) holds.push(claimed);
        }
        expect(holds).toEqual([index]);
      }
    }
  });

  it('has no proofs for a count of zero, an index out of range or not an integer', () => {
    for (const [index, total] of [
      [0, 0],
      [1, 1],
      [-1, 3],
      [3, 3],
      [0.5, 3],
      [0, NaN],
      [0, 2 ** 40],
      [2 ** 32, 5],
    ] as const) {
      expect(proofLength(index, total)).toBeUndefined();
      expect(rootFromProof(new Uint8Array(1), index, total, [], sha256)).toBeUndefined();
    }
    expect(merkleProof([], 0, sha256)).toBeUndefined();
    expect(merkleProof(leavesOf(3), 3, sha256)).toBeUndefined();
  });

  it('takes neither a node for a leaf nor a leaf for a node, nor siblings of another length', () => {
    const leaves = leavesOf(4);
    const root = hex(merkleRoot(leaves, sha256));
    const node = Buffer.concat([hashLeaf(leaves[0]!, sha256), hashLeaf(leaves[1]!, sha256)]);
    const right = hashNode(hashLeaf(leaves[2]!, sha256), hashLeaf(leaves[3]!, sha256), sha256);
    expect(hex(rootFromProof(node, 0, 2, [right], sha256))).not.toBe(root);
    expect(hex(merkleRoot([node], sha256))).not.toBe(hex(merkleRoot(leaves.slice(0, 2), sha256)));
    const proof = merkleProof(leaves, 0, sha256)!;
    expect(rootFromProof(leaves[0]!, 0, 4, [proof[0]!.subarray(1), proof[1]!], sha256)).toBeUndefined();
  });
});
