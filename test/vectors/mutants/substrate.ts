/**
 * Corruptions of valid Substrate proofs: justifications, client updates over an authority-set change, state-trie proofs of
 * both versions with present and absent keys, Merkle-mountain-range proofs.
 */
import { verifyMmrLeaf } from '../../../light-clients/beefy/index.ts';
import {
  authoritiesOf,
  justificationOf,
  justify,
  scheduledChange,
  testBlock,
  testBlocks,
  testSigners,
  vote,
} from '../../../light-clients/grandpa/chain.fixture.ts';
import { createGrandpaClient, encodeUpdate, verifyJustification } from '../../../light-clients/grandpa/index.ts';
import { keccak256 } from '../../../light-clients/keccak.ts';
import { readTrie } from '../../../light-clients/trie/index.ts';
import { buildTrie } from '../../../light-clients/trie/trie.fixture.ts';
import { type Family, type Target, whole } from './mutate.ts';

export const substrate: Family = {
  name: 'substrate',
  targets: () => [justificationTarget(), updateTarget(), trieTarget(0), trieTarget(1), mmrTarget()],
};

function justificationTarget(): Target {
  const signers = testSigners(4);
  const block = testBlock(testBlock(undefined));
  const above = testBlocks(block, 2);
  const votes = signers.slice(0, 3).map((signer, i) => vote(signer, above[i - 1]?.id ?? block.id));
  const set = { setId: 0n, authorities: authoritiesOf(signers) };
  return {
    name: 'justification',
    parts: [justificationOf(block.id, votes, above)],
    accepts: whole((bytes) => verifyJustification(bytes, set).kind === 'valid'),
  };
}

function updateTarget(): Target {
  const [old, next] = [testSigners(4), testSigners(4, 'next')];
  const genesis = testBlock(undefined);
  const mandatory = testBlock(genesis, { digest: [scheduledChange(authoritiesOf(next))] });
  const last = testBlock(mandatory);
  const update = encodeUpdate({
    steps: [
      { setId: 0n, headers: [mandatory.bytes], justification: justify(mandatory, old.slice(1)) },
      { setId: 1n, headers: [last.bytes], justification: justify(last, next.slice(1), { setId: 1n }) },
    ],
  });
  const trusted = { header: genesis.bytes, setId: 0n, authorities: authoritiesOf(old) };
  const client = createGrandpaClient({ trusted, slotMs: 6_000 });
  const start = client.start();
  if (start.kind !== 'valid') throw new Error(start.reason);
  const { state } = start.value;
  return {
    name: 'update',
    parts: [update],
    accepts: whole((bytes) => client.update(state, bytes, 0n).kind === 'valid'),
  };
}

function trieTarget(version: 0 | 1): Target {
  const keys = Array.from({ length: 40 }, (_, i) => keccak256(Uint8Array.of(i)).subarray(0, 4 + (i % 3)));
  const entries = keys.map((key, i): [string, Uint8Array] => [
    Buffer.from(key).toString('hex'),
    new Uint8Array(5 + 3 * i).fill(i),
  ]);
  const trie = buildTrie(new Map(entries), version);
  const asked = [...keys.slice(10, 13), Uint8Array.of(1, 2, 3), (keys[39] as Uint8Array).subarray(0, 3)];
  return {
    name: `V${version} trie proof`,
    parts: trie.proof(asked),
    accepts: (nodes) => readTrie(trie.root, nodes, { keys: asked }).kind === 'valid',
  };
}

/** Eleven leaves: peaks of 8, 2 and 1. Leaf 9 has a peak on each side. */
function mmrTarget(): Target {
  const leaves = Array.from({ length: 11 }, (_, i) => keccak256(Uint8Array.of(i)));
  const hash = (from: number, size: number): Uint8Array =>
    size === 1 ? (leaves[from] as Uint8Array) : keccak256(hash(from, size / 2), hash(from + size / 2, size / 2));
  const root = keccak256(keccak256(hash(10, 1), hash(8, 2)), hash(0, 8));
  const [leaf, sibling] = [hash(9, 1), hash(8, 1)];
  return {
    name: 'MMR proof',
    parts: [hash(0, 8), sibling, hash(10, 1)],
    accepts: (items) => verifyMmrLeaf(root, leaf, { leafIndex: 9n, leafCount: 11n, items }).kind === 'valid',
  };
}
