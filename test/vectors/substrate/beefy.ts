/**
 * BEEFY on data of others: every leaf proof of a Merkle mountain range of 15, and a live commitment with the signatures,
 * membership proofs and range leaf that were relayed with it.
 */
import {
  hashCommitment,
  type MmrLeafProof,
  recoverSigner,
  verifyAuthority,
  verifyMmrLeaf,
} from '../../../light-clients/beefy/index.ts';
import { keccak256 } from '../../../light-clients/keccak.ts';
import { hexOf, joinBytes, u32Bytes, u64Bytes } from '../../../light-clients/scale.ts';
import secp256k1 from 'secp256k1';
import { parseJson, runSuite, type SuiteResult, unhex } from './fixtures.ts';

interface RangeFixture {
  readonly leaves: readonly string[];
  readonly rootHash: string;
  readonly proofs: readonly { readonly items: readonly string[]; readonly order: number }[];
}

export function beefyMmr(): SuiteResult {
  return runSuite('beefy mmr', 'beefy', ['mmr-fixture-data-15-leaves.json'], ([file], check) => {
    const { leaves, proofs, rootHash } = parseJson<RangeFixture>(file as Uint8Array);
    const root = unhex(rootHash);
    const count = leaves.length;
    leaves.forEach((hex, index) => {
      const hash = unhex(hex);
      const proof = toPalletOrder(index, count, (proofs[index]?.items ?? []).map(unhex));
      const kind = (changed: Partial<MmrLeafProof>): string => verifyMmrLeaf(root, hash, { ...proof, ...changed }).kind;
      check(`leaf ${index}`, kind({}) === 'valid');
      const others = Array.from({ length: count + 5 }, (_, other) => other).filter((other) => other !== index);
      check(
        `leaf ${index} elsewhere`,
        others.every((other) => kind({ leafIndex: BigInt(other) }) === 'invalid'),
      );
      check(`leaf ${index} with an item less`, kind({ items: proof.items.slice(1) }) === 'invalid');
      check(`leaf ${index} with an item more`, kind({ items: [...proof.items, root] }) === 'invalid');
    });
  });
}

/** The fixture lists siblings, bag, then peaks from the nearest; the pallet lists peaks from the left, siblings, bag. */
function toPalletOrder(index: number, count: number, items: readonly Uint8Array[]): MmrLeafProof {
  let peaks = 0;
  let start = 0;
  let size = 2 ** Math.floor(Math.log2(count));
  for (; index >= start + size; size /= 2) {
    if ((count & size) === 0) continue;
    start += size;
    peaks += 1;
  }
  while ((count & size) === 0) size /= 2;
  const rest = items.slice(0, items.length - peaks);
  const left = items.slice(items.length - peaks).reverse();
  return { leafIndex: BigInt(index), leafCount: BigInt(count), items: [...left, ...rest] };
}

interface CommitmentFixture {
  readonly commitmentHash: string;
  readonly params: {
    readonly commitment: {
      readonly blockNumber: number;
      readonly payload: readonly { readonly data: string; readonly payloadID: string }[];
      readonly validatorSetID: number;
    };
    readonly leaf: {
      readonly version: number;
      readonly parentNumber: number;
      readonly parentHash: string;
      readonly nextAuthoritySetID: number;
      readonly nextAuthoritySetLen: number;
      readonly nextAuthoritySetRoot: string;
      readonly parachainHeadsRoot: string;
    };
    readonly leafProof: readonly string[];
    readonly leafProofOrder: number;
    readonly proofs: readonly {
      readonly Account: string;
      readonly Index: number;
      readonly Proof: readonly string[];
      readonly R: string;
      readonly S: string;
      readonly V: number;
    }[];
  };
}

export function beefyCommitment(): SuiteResult {
  return runSuite('beefy commitment', 'beefy', ['beefy-commitment.json'], ([file], check) => {
    const { commitmentHash, params } = parseJson<CommitmentFixture>(file as Uint8Array);
    const { commitment, leaf, leafProof, proofs } = params;
    const hash = hashCommitment({
      payload: commitment.payload.map(({ data, payloadID }) => ({ id: payloadID, data: unhex(data) })),
      blockNumber: commitment.blockNumber,
      setId: BigInt(commitment.validatorSetID),
    });
    check('commitment hash', hexOf(hash) === commitmentHash.slice(2));

    for (const { Account, R, S, V } of proofs) {
      const signer = recoverSigner(joinBytes([unhex(R), unhex(S), Uint8Array.of(V)]), hash);
      check(`signature of ${Account}`, signer !== undefined && addressOf(signer) === Account.slice(2).toLowerCase());
    }

    // Relayed at a hand-over: the signers are the set that the leaf announces.
    const members = { root: unhex(leaf.nextAuthoritySetRoot), size: leaf.nextAuthoritySetLen };
    for (const { Account, Index, Proof } of proofs) {
      const siblings = Proof.map(unhex);
      const kind = (index: number, list = siblings): string =>
        verifyAuthority(members, index, unhex(Account), list).kind;
      check(`membership of ${Account}`, kind(Index) === 'valid');
      check(`membership of ${Account} elsewhere`, kind(Index + 1) === 'invalid' && kind(Index + 128) === 'invalid');
      check(`membership of ${Account}, cut`, kind(Index, siblings.slice(1)) === 'invalid');
    }

    const leafHash = keccak256(
      Uint8Array.of(leaf.version),
      u32Bytes(leaf.parentNumber),
      unhex(leaf.parentHash),
      u64Bytes(BigInt(leaf.nextAuthoritySetID)),
      u32Bytes(leaf.nextAuthoritySetLen),
      unhex(leaf.nextAuthoritySetRoot),
      unhex(leaf.parachainHeadsRoot),
    );
    // The leaf is the last one and a peak by itself: all items are peaks left of it, and only their number matters.
    const leafCount = (1n << BigInt(leafProof.length + 1)) - 1n;
    const proof = { leafIndex: leafCount - 1n, leafCount, items: leafProof.map(unhex).reverse() };
    const root = unhex(commitment.payload[0]?.data ?? '');
    check(
      'leaf under the signed root',
      params.leafProofOrder === 0 && verifyMmrLeaf(root, leafHash, proof).kind === 'valid',
    );
  });
}

function addressOf(key: Uint8Array): string {
  const uncompressed = secp256k1.publicKeyConvert(key, false).subarray(1);
  return hexOf(keccak256(uncompressed)).slice(24);
}
