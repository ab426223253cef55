import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EMPTY_TRIE_ROOT, verifyAccountProof, verifyStorageProof } from './index.ts';

interface RpcProof {
  address: string;
  accountProof: string[];
  balance: string;
  codeHash: string;
  nonce: string;
  storageHash: string;
  storageProof: { key: string; value: string; proof: string[] }[];
}

const root = path.resolve(import.meta.dirname, '../..');
const fixtures = path.resolve(root, '../shared/fixtures/ethereum');
const vectors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'anvil-proofs.vector.json'), 'utf8')) as {
  block: { stateRoot: string };
  proofs: RpcProof[];
};

describe('EIP-1186 proofs recorded from anvil', () => {
  const stateRoot = hex(vectors.block.stateRoot);

  it.each(vectors.proofs.map((proof) => [proof.address, proof] as const))('account %s', (_, proof) => {
    checkProof(stateRoot, proof, proof.address.endsWith('dd'));
  });

  it('refuses every flipped byte of an account and a storage proof, and another slot or address', () => {
    const proof = vectors.proofs[0]!;
    const nodes = proof.accountProof.map(hex);
    const verdict = verifyAccountProof(stateRoot, hex(proof.address), nodes);
    if (verdict.kind !== 'account') throw new Error(verdict.kind);
    everyByteFlipped(nodes, (changed) => verifyAccountProof(stateRoot, hex(proof.address), changed).kind);
    const entry = proof.storageProof[1]!;
    const { storageRoot } = verdict.account;
    everyByteFlipped(entry.proof.map(hex), (changed) => verifyStorageProof(storageRoot, word(entry.key), changed).kind);
    for (const other of proof.storageProof) {
      if (other === entry || other.proof.join() === entry.proof.join()) continue;
      expect(verifyStorageProof(storageRoot, word(entry.key), other.proof.map(hex)).kind).toBe('invalid');
    }
    const stranger = vectors.proofs[1]!;
    expect(verifyAccountProof(stateRoot, hex(stranger.address), nodes).kind).toBe('invalid');
    expect(verifyAccountProof(hex(proof.storageHash), hex(proof.address), nodes).kind).toBe('invalid');
  });

  it('an empty storage trie holds zero; the zero root proves nothing', () => {
    expect(verifyStorageProof(EMPTY_TRIE_ROOT, new Uint8Array(32), [])).toEqual({
      kind: 'word',
      word: new Uint8Array(32),
    });
    expect(verifyStorageProof(new Uint8Array(32), new Uint8Array(32), []).kind).toBe('invalid');
    expect(verifyStorageProof(EMPTY_TRIE_ROOT, new Uint8Array(31), []).kind).toBe('invalid');
    expect(verifyAccountProof(EMPTY_TRIE_ROOT, new Uint8Array(19), []).kind).toBe('invalid');
  });
});

// Skipped where the public fixtures are not beside the project: they are not part of it.
describe.skipIf(!existsSync(fixtures))('EIP-1186 proofs of public chains', () => {
  it('a mainnet block: the deposit contract', () => {
    const folder = path.join(fixtures, 'mainnet-block-21925176');
    const block = JSON.parse(readFileSync(path.join(folder, 'block.json'), 'utf8')) as { stateRoot: string };
    const proof = JSON.parse(readFileSync(path.join(folder, 'proof.json'), 'utf8')) as RpcProof;
    checkProof(hex(block.stateRoot), proof, false);
    everyByteFlipped(
      proof.accountProof.slice(-1).map(hex),
      (changed) =>
        verifyAccountProof(hex(block.stateRoot), hex(proof.address), [
          ...proof.accountProof.slice(0, -1).map(hex),
          ...changed,
        ]).kind,
    );
  });

  it('a Sepolia block: an account proof that fits only its own root', () => {
    const folder = path.join(fixtures, 'sepolia-electra');
    const nodes = (JSON.parse(readFileSync(path.join(folder, 'account_proof_7167040.json'), 'utf8')) as string[]).map(
      hex,
    );
    expect(nodes.length).toBeGreaterThan(5);
    expect(verifyAccountProof(new Uint8Array(32).fill(7), new Uint8Array(20), nodes).kind).toBe('invalid');
  });
});

function checkProof(stateRoot: Uint8Array, proof: RpcProof, absent: boolean): void {
  const verdict = verifyAccountProof(stateRoot, hex(proof.address), proof.accountProof.map(hex));
  if (absent) {
    expect(verdict).toEqual({ kind: 'absent' });
    return;
  }
  expect(verdict).toEqual({
    kind: 'account',
    account: {
      nonce: BigInt(proof.nonce),
      balance: BigInt(proof.balance),
      storageRoot: hex(proof.storageHash),
      codeHash: hex(proof.codeHash),
    },
  });
  for (const { key, value, proof: nodes } of proof.storageProof) {
    expect(verifyStorageProof(hex(proof.storageHash), word(key), nodes.map(hex))).toEqual({
      kind: 'word',
      word: word(value),
    });
  }
}

function everyByteFlipped(nodes: readonly Uint8Array[], verdictOf: (nodes: Uint8Array[]) => string): void {
  for (const [index, node] of nodes.entries()) {
    for (let byte = 0; byte < node.length; byte++) {
      const changed = nodes.map((other) => other.slice());
      changed[index]![byte]! ^= 1;
      expect(verdictOf(changed)).toBe('invalid');
    }
  }
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/^0x/, ''), 'hex'));
}

function word(text: string): Uint8Array {
  return hex(text.replace(/^0x/, '').padStart(64, '0'));
}
