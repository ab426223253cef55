/** One verification of each light client and proof, on chains made up for it with real keys and signatures. */
import {
  createConfirmationsClient,
  encodeConfirmationsUpdate,
  encodeTrustedBlock,
} from '../../../light-clients/confirmations/index.ts';
import { EXECUTION_HEADER_FIELDS } from '../../../light-clients/ethereum/executionHeader.ts';
import {
  type Bls,
  createBlst,
  createEthereumClient,
  createNobleBls,
  encodeExecutionHeader,
  encodeReceipt,
  type ForkName,
  MAINNET_PRESET,
  proveLogs,
  receiptsRootOf,
} from '../../../light-clients/ethereum/index.ts';
import { authoritiesOf, justify, testBlock, testSigners } from '../../../light-clients/grandpa/chain.fixture.ts';
import { verifyJustification } from '../../../light-clients/grandpa/index.ts';
import { keccak256 } from '../../../light-clients/keccak.ts';
import { integerBytes, verifyAccountProof, verifyStorageProof } from '../../../light-clients/merkle/index.ts';
import { stateTrie, storageTrie } from '../../../light-clients/merkle/trie.fixture.ts';
import {
  createTendermintClient,
  encodeLightBlock,
  encodeUpdate,
  headerHash,
} from '../../../light-clients/tendermint/index.ts';
import {
  GENESIS_NANOS,
  makeBlock,
  makeSigners,
  RULES,
  SECOND,
} from '../../../light-clients/tendermint/chain.fixture.ts';
import { utf8, word } from '../../../relayer/core/bytes.ts';
import { createSyntheticChain } from '../../vectors/ethereum/syntheticChain.ts';
import { must } from '../bench.ts';

export interface VerifyPart {
  readonly part: string;
  /** How many headers it verifies; 1 when left out. */
  readonly per?: number;
  run(): void;
}

export function verifications(seed: number): readonly VerifyPart[] {
  return [
    ...ethereumParts(),
    ...proofParts(seed),
    tendermintPart(seed),
    ...grandpaParts(seed),
    confirmationsPart(seed),
  ];
}

const named = (name: string): Uint8Array => keccak256(utf8(name));

function ethereumParts(): VerifyPart[] {
  const names: readonly ForkName[] = ['phase0', 'altair', 'bellatrix', 'capella', 'deneb', 'electra'];
  const chain = createSyntheticChain(
    {
      preset: MAINNET_PRESET,
      forks: names.map((name, i) => ({ name, epoch: 0n, version: Uint8Array.of(i, 0, 0, 99) })),
      genesisValidatorsRoot: new Uint8Array(32).fill(5),
      genesisTime: 1_000_000n,
      secondsPerSlot: 12n,
      maxAgeSeconds: 14n * 86_400n,
    },
    64n,
  );
  const bootstrap = chain.bootstrap().bytes;
  const now = chain.timeAt(300n);
  const withCommittee = chain.update({ attestedSlot: 200n, finalizedSlot: 128n });
  const finality = chain.finalityUpdate({ attestedSlot: 280n, finalizedSlot: 192n });
  const available = [createBlst(), createNobleBls()].filter((bls) => bls !== undefined);
  return available.flatMap((bls: Bls): VerifyPart[] => {
    const client = createEthereumClient(chain.parameters, bls);
    const started = client.start(bootstrap);
    if (started.kind !== 'valid') throw new Error(started.reason);
    const { state } = started.value;
    return [
      {
        part: `ethereum update with a committee of 512, ${bls.name}`,
        run: () => {
          must(client.update(state, withCommittee, now).kind === 'valid');
        },
      },
      {
        part: `ethereum finality update, 512 signers, ${bls.name}`,
        run: () => {
          must(client.update(state, finality, now).kind === 'valid');
        },
      },
    ];
  });
}

function proofParts(seed: number): VerifyPart[] {
  const storage = storageTrie(Array.from({ length: 5_000 }, (_, i) => [word(i), named(`word ${seed} ${i}`)]));
  const addressOf = (i: number): Uint8Array => named(`account ${seed} ${i}`).subarray(12);
  const state = stateTrie(
    Array.from({ length: 20_000 }, (_, i) => ({
      address: addressOf(i),
      storageRoot: storage.root,
      codeHash: named('code'),
    })),
  );
  const address = addressOf(7);
  const accountProof = state.prove(keccak256(address));
  const storageProof = storage.prove(keccak256(word(7)));
  const receipts = Array.from({ length: 200 }, (_, i) =>
    encodeReceipt({
      type: 2,
      outcome: { kind: 'status', succeeded: true },
      cumulativeGasUsed: BigInt(21_000 * (i + 1)),
      logs: Array.from({ length: 3 }, (_unused, at) => ({
        address: at === 0 ? address : addressOf(i),
        topics: [named('event'), word(i)],
        data: named(`data ${i} ${at}`),
      })),
    }),
  );
  const receiptsRoot = receiptsRootOf(receipts);
  return [
    {
      part: `account and storage proof, ${accountProof.length} and ${storageProof.length} nodes`,
      run: () => {
        const account = verifyAccountProof(state.root, address, accountProof);
        must(account.kind === 'account');
        must(verifyStorageProof(storage.root, word(7), storageProof).kind === 'word');
      },
    },
    {
      part: 'logs of one contract from 200 receipts',
      run: () => {
        must(proveLogs(receiptsRoot, receipts, address).kind === 'valid');
      },
    },
  ];
}

function tendermintPart(seed: number): VerifyPart {
  const signers = makeSigners(`validator ${seed}`, 100);
  const first = makeBlock({ height: 1n, signers });
  const client = createTendermintClient({
    rules: RULES,
    checkpoint: { height: 1n, hash: headerHash(first.header) },
    checkpointBlock: encodeLightBlock(first),
  });
  const started = client.start();
  if (started.kind !== 'valid') throw new Error(started.reason);
  const { state } = started.value;
  const update = encodeUpdate({ blocks: [makeBlock({ height: 50n, signers })], witnesses: [] });
  const now = GENESIS_NANOS / SECOND + 1_000n;
  return {
    part: 'tendermint update, 100 validators',
    run: () => {
      must(client.update(state, update, now).kind === 'valid');
    },
  };
}

/** Of local networks, of Kusama-like chains once, and of the largest sets there are; two thirds and one vote. */
const AUTHORITIES = [4, 100, 300, 667] as const;

function grandpaParts(seed: number): VerifyPart[] {
  const block = testBlock(testBlock(undefined));
  return AUTHORITIES.map((count) => {
    const signers = testSigners(count, `authority ${seed}`);
    const set = { setId: 0n, authorities: authoritiesOf(signers) };
    const votes = Math.floor((count * 2) / 3) + 1;
    const justification = justify(block, signers.slice(0, votes));
    return {
      part: `grandpa justification, ${votes} votes of ${count} authorities`,
      run: () => {
        must(verifyJustification(justification, set).kind === 'valid');
      },
    };
  });
}

/** Three endpoints show the same 200 headers. */
function confirmationsPart(seed: number): VerifyPart {
  const HEADERS = 200;
  const trusted = { height: 99n, hash: named(`below ${seed}`) };
  let parentHash = trusted.hash;
  const chain = Array.from({ length: HEADERS }, (_, i) => {
    const values: Readonly<Record<string, Uint8Array>> = {
      parentHash,
      number: integerBytes(100 + i),
      timestamp: integerBytes(1_000 + i),
    };
    const rlp = encodeExecutionHeader(
      EXECUTION_HEADER_FIELDS.map(
        ([name, shape]) => values[name] ?? new Uint8Array(shape.kind === 'fixed' ? shape.bytes : 0),
      ),
    );
    parentHash = keccak256(rlp);
    return rlp;
  });
  const client = createConfirmationsClient({ trusted, confirmations: 3, quorum: 2, endpoints: 3, driftSecondsMax: 15 });
  const state = encodeTrustedBlock({ ...trusted, timeSeconds: 0n });
  const update = encodeConfirmationsUpdate([chain, chain, chain]);
  return {
    part: 'confirmations, per header, 3 endpoints',
    per: HEADERS,
    run: () => {
      must(client.update(state, update, 10_000n).kind === 'valid');
    },
  };
}
