/**
 * Corruptions of what is proven about a CometBFT chain: updates by one block and by a skip over changed validators, a
 * block's transactions under its header, presence and absence in the stores (ICS-23).
 */
import {
  type CommitmentProof,
  decodeMerkleProof,
  SDK_SPECS,
  verifyMembership,
  verifyNonMembership,
} from '../../../light-clients/ics23/index.ts';
import { encodeChain, iavlTree, simpleTree, utf8 } from '../../../light-clients/ics23/trees.fixture.ts';
import {
  createTendermintClient,
  dataHash,
  encodeLightBlock,
  encodeUpdate,
  headerHash,
  resultsHash,
  type TxResult,
  verifyBlockTxs,
} from '../../../light-clients/tendermint/index.ts';
import {
  type BlockPlan,
  GENESIS_NANOS,
  makeBlock,
  makeHeader,
  makeSigners,
  RULES,
  SECOND,
  sortSigners,
} from '../../../light-clients/tendermint/chain.fixture.ts';
import { FLAG_ABSENT, FLAG_COMMIT } from '../../../light-clients/tendermint/types.ts';
import { equalBytes } from '../../../relayer/core/bytes.ts';
import { type Family, type Target, whole } from './mutate.ts';

export const cosmos: Family = {
  name: 'cosmos',
  targets: () => [...updateTargets(), transactionsTarget(), ...storeTargets()],
};

/** Commits may hold more signatures than are needed: accepted is an update to anything but the block it was made for. */
function updateTargets(): Target[] {
  const old = makeSigners('v', 4);
  const next = sortSigners([...old.slice(0, 3), ...makeSigners('w', 2)]);
  const first = makeBlock({ height: 1n, signers: old, nextSigners: next });
  const client = createTendermintClient({
    rules: RULES,
    checkpoint: { height: 1n, hash: headerHash(first.header) },
    checkpointBlock: encodeLightBlock(first),
  });
  const started = client.start();
  if (started.kind !== 'valid') throw new Error(started.reason);
  const { state } = started.value;
  const now = GENESIS_NANOS / SECOND + 1_000n;

  const target = (name: string, plan: BlockPlan): Target => {
    const update = encodeUpdate({ blocks: [makeBlock(plan)], witnesses: [] });
    const original = client.update(state, update, now);
    const wanted = original.kind === 'valid' ? original.value.state : undefined;
    const result = (bytes: Uint8Array): Uint8Array | undefined => {
      const verdict = client.update(state, bytes, now);
      return verdict.kind === 'valid' ? verdict.value.state : undefined;
    };
    return {
      name,
      parts: [update],
      accepts: whole((bytes) => {
        const got = result(bytes);
        return got !== undefined && (wanted === undefined || !equalBytes(got, wanted));
      }),
      holds: () => wanted !== undefined && !equalBytes(wanted, state),
    };
  };
  return [
    target('update to the next block', {
      height: 2n,
      signers: next,
      // Nobody signs who is not needed.
      flag: (index) => (index === 4 ? FLAG_ABSENT : FLAG_COMMIT),
      header: { lastBlockId: { hash: headerHash(first.header), partsTotal: 1, partsHash: new Uint8Array(32).fill(3) } },
    }),
    target('update by a skip', { height: 40n, signers: next }),
  ];
}

function transactionsTarget(): Target {
  const parts = Array.from({ length: 9 }, (_, i) => utf8(`transaction ${i} ${'x'.repeat(i * 10)}`));
  const results: TxResult[] = parts.map((_, i) => ({
    code: i % 2,
    data: utf8(`data ${i}`),
    gasWanted: 100n,
    gasUsed: BigInt(50 + i),
  }));
  const signers = makeSigners('v', 1);
  const header = makeHeader({ height: 5n, signers, header: { dataHash: dataHash(parts) } });
  const next = makeHeader({
    height: 6n,
    signers,
    header: {
      lastBlockId: { hash: headerHash(header), partsTotal: 1, partsHash: new Uint8Array(32).fill(3) },
      lastResultsHash: resultsHash(results),
    },
  });
  return {
    name: 'transactions of a block',
    parts,
    ordered: true,
    accepts: (txs) => verifyBlockTxs(header, next, txs, results).kind === 'valid',
  };
}

/** Parts: the value, the key, the proof. With another claim or another proof, nothing holds. */
function storeTargets(): Target[] {
  const pairs = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`key ${String(i * 2).padStart(3, '0')}`, utf8(`value ${i}`)]),
  );
  const bank = iavlTree(pairs);
  const app = simpleTree({ acc: utf8('a'.repeat(32)), bank: bank.root, gov: utf8('g'.repeat(32)) });
  const store: CommitmentProof = { kind: 'existence', proof: app.prove('bank') };
  const path = (key: Uint8Array): Uint8Array[] => [utf8('bank'), key];
  const proofsOf = (bytes: Uint8Array): readonly CommitmentProof[] => {
    const decoded = decodeMerkleProof(bytes);
    return decoded.kind === 'valid' ? decoded.value : [];
  };
  const [key, missing] = ['key 020', 'key 021'];
  const absent: CommitmentProof = {
    kind: 'nonExistence',
    proof: { key: utf8(missing), left: bank.prove('key 020'), right: bank.prove('key 022') },
  };
  return [
    {
      name: 'presence in a store',
      parts: [pairs[key]!, utf8(key), encodeChain([{ kind: 'existence', proof: bank.prove(key) }, store])],
      ordered: true,
      accepts: ([value, asked, proof, ...more]) =>
        value !== undefined &&
        asked !== undefined &&
        proof !== undefined &&
        more.length === 0 &&
        verifyMembership(app.root, SDK_SPECS, path(asked), value, proofsOf(proof)).kind === 'valid',
    },
    {
      name: 'absence from a store',
      parts: [encodeChain([absent, store])],
      accepts: whole(
        (bytes) => verifyNonMembership(app.root, SDK_SPECS, path(utf8(missing)), proofsOf(bytes)).kind === 'valid',
      ),
    },
  ];
}
