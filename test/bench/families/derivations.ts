/**
 * What it costs each adapter to make packets of evidence, alone on one thread: a block full of deposits, as its endpoint would
 * serve it, with true roots. `derive` checks all of it against the verified head.
 */
import { createCosmosDerive, parseAccount } from '../../../adapters/cosmos/index.ts';
import { encodeEvidence as encodeCosmosEvidence } from '../../../adapters/cosmos/evidence.ts';
import { CHAIN_ID, makeGateway as makeCosmosVault } from '../../../adapters/cosmos/vault.fixture.ts';
import { createEvmDerive } from '../../../adapters/evm/index.ts';
import { encodeEvidence as encodeEvmEvidence } from '../../../adapters/evm/evidence.ts';
import { accumulatorSlot } from '../../../adapters/evm/gateway.ts';
import {
  headOf,
  key,
  makeBlock,
  moved,
  RUNTIME,
  RUNTIMES,
  signed,
  succeeded,
  type TestEvent,
} from '../../../adapters/substrate/blocks.fixture.ts';
import { createSubstrateDerive, vaultAccount } from '../../../adapters/substrate/index.ts';
import { encodeEvidence as encodeSubstrateEvidence } from '../../../adapters/substrate/evidence.ts';
import { depositCall } from '../../../adapters/substrate/user.ts';
import { COIN, makeGateway as makeSubstrateVault } from '../../../adapters/substrate/vault.fixture.ts';
import { stateTrie, storageTrie } from '../../../light-clients/merkle/trie.fixture.ts';
import { encodeHeader as encodeCometHeader, headerHash } from '../../../light-clients/tendermint/index.ts';
import { concatBytes, utf8 } from '../../../relayer/core/bytes.ts';
import { assetId, laneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { PACKET_BYTES } from '../../../relayer/core/limits.ts';
import { accumulate, encodePacket } from '../../../relayer/core/packet.ts';
import type { Derive, VerifiedHead } from '../../../relayer/core/ports.ts';
import { makeDevAccount } from '../../devnet/cosmos/accounts.ts';
import { createApp, createChain } from '../../devnet/cosmos/index.ts';
import { sendMessage, signOffline, submit } from '../../devnet/cosmos/offlineTx.ts';
import { must } from '../bench.ts';
import { encodeHeader, gatewayAddress } from '../world/network.ts';

export interface DerivePart {
  readonly part: string;
  readonly transfers: number;
  run(): void;
}

const EVM_DEPOSITS = 10_000;
/** `MsgSend`s in one transaction, and such transactions in the block. */
const COSMOS_BATCH = 500;
const COSMOS_TRANSACTIONS = 4;
const SUBSTRATE_DEPOSITS = 200;

export async function derivations(seed: number): Promise<readonly DerivePart[]> {
  return [evmPart(seed), await cosmosPart(seed), substratePart()];
}

function part(name: string, transfers: number, derive: Derive, head: VerifiedHead, evidence: Uint8Array): DerivePart {
  return {
    part: name,
    transfers,
    run: () => {
      const verdict = derive({ cursor: undefined, head }, evidence);
      if (verdict.kind !== 'valid') throw new Error(verdict.reason);
      const bytes = verdict.value.outbound.reduce((sum, { packets }) => sum + packets.length, 0);
      must(bytes === transfers * PACKET_BYTES);
    },
  };
}

function evmPart(seed: number): DerivePart {
  const lane = laneId(keccak256(utf8(`lane ${seed}`)));
  const account = keccak256(utf8(`account ${seed}`));
  const packets = concatBytes(
    ...Array.from({ length: EVM_DEPOSITS }, (_, i) =>
      encodePacket({
        kind: 'transfer',
        sequence: BigInt(i),
        asset: assetId(1),
        amount: BigInt(i + 1),
        receiver: account.slice(0, 20),
        deadline: 0n,
        sourceReference: account,
        sender: account.slice(12, 32),
      }),
    ),
  );
  const address = gatewayAddress(0);
  const slot = accumulatorSlot(lane);
  const storage = storageTrie([[slot, accumulate(new Uint8Array(32), packets)]]);
  const state = stateTrie([{ address, storageRoot: storage.root, codeHash: keccak256(address) }]);
  const header = encodeHeader(1n, keccak256(utf8('parent')), state.root, 1_700_000_000n);
  const evidence = encodeEvmEvidence({
    accountProof: state.prove(keccak256(address)),
    storage: [{ slot, proof: storage.prove(keccak256(slot)) }],
    outbound: [{ lane, packets }],
    inbound: [],
  });
  const derive = createEvmDerive({ address, startHeight: 1n, outbound: [lane], inbound: [] });
  const head = { height: 1n, hash: keccak256(header), timeSeconds: 1_700_000_000n, header };
  return part(`evm: ${EVM_DEPOSITS} deposits, one storage proof`, EVM_DEPOSITS, derive, head, evidence);
}

async function cosmosPart(seed: number): Promise<DerivePart> {
  const alice = await makeDevAccount(`${seed}`, 'alice');
  const vault = await makeDevAccount(`${seed}`, 'vault');
  const config = { chainId: CHAIN_ID, prefix: 'cosmos', denom: 'utoken', feePerThousandGas: 0n };
  const app = createApp({ ...config, denomCreationFee: undefined }, [
    { address: alice.address, coins: { utoken: 10n ** 12n } },
  ]);
  const chain = createChain(app, {
    ...{ chainId: CHAIN_ID, seed: `${seed}`, validators: { a: 1n }, genesisNanos: 10n ** 18n },
    voteNanos: (last) => last + 10n ** 9n,
  });
  chain.produceBlock();
  const one = sendMessage(alice.address, vault.address, [{ denom: 'utoken', amount: '100' }]);
  const messages = Array.from({ length: COSMOS_BATCH }, () => one);
  const memo = `v1|anvil-a|${'ab'.repeat(20)}|0`;
  for (let ahead = 0; ahead < COSMOS_TRANSACTIONS; ahead++) {
    submit(chain, await signOffline(chain, alice, messages, { memo, ahead, gas: 100_000_000 }));
  }
  chain.produceBlock();
  const tip = chain.produceBlock();
  const block = chain.block(2n);
  if (tip === undefined || block === undefined) throw new Error('the chain stands still');
  const derive = createCosmosDerive(makeCosmosVault([parseAccount(vault.address, 'cosmos') ?? new Uint8Array(0)], 2n));
  const head = {
    height: 3n,
    hash: headerHash(tip.header),
    timeSeconds: tip.header.timeNanos / 10n ** 9n,
    header: encodeCometHeader(tip.header),
  };
  const evidence = encodeCosmosEvidence({ headers: [block.header], blocks: [block], chunks: [] });
  const count = COSMOS_BATCH * COSMOS_TRANSACTIONS;
  return part(`cosmos: ${count} deposits in ${COSMOS_TRANSACTIONS} transactions`, count, derive, head, evidence);
}

function substratePart(): DerivePart {
  const alice = key('//Alice');
  const members = ['//m1', '//m2', '//m3'].map((path) => key(path).account);
  const vault = vaultAccount({ members, threshold: 2 }, key('//opener').account, key('//executor').account);
  const remark = utf8(`v1|anvil-a|${'ab'.repeat(20)}|0`);
  const call = depositCall(RUNTIME, { vault: vault.account, token: { kind: 'native' }, amount: COIN }, remark);
  const deposits = Array.from({ length: SUBSTRATE_DEPOSITS }, (_, nonce) => signed(call, alice, BigInt(nonce)));
  const events = deposits.flatMap((_, index): TestEvent[] => [
    moved(index + 1, alice.account, vault.account, COIN),
    succeeded(index + 1),
  ]);
  const block = makeBlock(undefined, 1, [Uint8Array.of(4, 4), ...deposits], events);
  const derive = createSubstrateDerive(makeSubstrateVault([vault], 1n), RUNTIMES);
  const evidence = encodeSubstrateEvidence({ headers: [], blocks: [block.content], calls: [], chunks: [] });
  const name = `substrate: ${SUBSTRATE_DEPOSITS} deposits, a block's events proven`;
  return part(name, SUBSTRATE_DEPOSITS, derive, headOf(block, 1), evidence);
}
