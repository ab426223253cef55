/**
 * The consensus of the local Cosmos chain: blocks with real headers, votes and hashes over the application, one call a
 * block. All validators are in this process and agree; what differs from a network is only that nobody has to be waited for.
 */
import {
  type BlockId,
  type Commit,
  commitHash,
  dataHash,
  type Header,
  resultsHash,
  sha256,
  type Validator,
  validatorsHash,
} from '../../../../light-clients/tendermint/index.ts';
import type { AppTxResult, CosmosApp } from '../app/createApp.ts';
import { identifyBlock } from './blockBytes.ts';
import { createMempool, type Mempool, txHash } from './mempool.ts';
import { makeValidatorKey, orderValidators, type ValidatorKey, withPower } from './validators.ts';
import { isQuorum, makeCommit, medianTime, type Vote } from './votes.ts';

export interface ChainOptions {
  readonly chainId: string;
  readonly seed: string;
  /** Names and powers at genesis. */
  readonly validators: Readonly<Record<string, bigint>>;
  readonly genesisNanos: bigint;
  /** When validators vote for the block after `last`. Never before that block's own time. */
  readonly voteNanos: (last: bigint) => bigint;
}

export interface ChainBlock {
  readonly header: Header;
  readonly blockId: BlockId;
  readonly txs: readonly Uint8Array[];
  readonly lastCommit: Commit;
  /** For this block. */
  readonly commit: Commit;
  readonly size: number;
  readonly results: readonly AppTxResult[];
  readonly validators: readonly Validator[];
  readonly nextValidators: readonly Validator[];
  readonly validatorUpdates: readonly { readonly key: ValidatorKey; readonly power: bigint }[];
  /** After this block; the next header carries it. */
  readonly appHash: Uint8Array;
}

export interface CosmosChain {
  readonly app: CosmosApp;
  readonly mempool: Mempool;
  readonly options: ChainOptions;
  readonly height: () => bigint;
  block(height: bigint): ChainBlock | undefined;
  /** The height of the block that holds a transaction, by its hash in lower-case hex. */
  heightOfTx(hash: string): bigint | undefined;
  /** Undefined while more than a third of the power does not vote: the chain stands still. */
  produceBlock(): ChainBlock | undefined;
  /** Takes effect as CometBFT has it: decided in the next block, named by the one after, voting from the one after that. */
  setPower(validator: string, power: bigint): void;
  /** How a validator votes from now on. */
  setVote(validator: string, vote: Vote): void;
  keyOf(validator: Pick<Validator, 'address'>): ValidatorKey;
  /** Calls back after each block, until the returned function is called. */
  onBlock(listener: (block: ChainBlock) => void): () => void;
}

/** Events as text: they are kept for ever, and nearly always shown as that. */
function kept({ events, ...result }: AppTxResult): AppTxResult {
  const eventsText = Buffer.from(JSON.stringify(events));
  return {
    ...result,
    eventsText,
    get events() {
      return JSON.parse(eventsText.toString()) as AppTxResult['events'];
    },
  };
}

/** The hash of the consensus parameters that SDK chains start with: 22,020,096 bytes a block, no limit of gas. */
export const CONSENSUS_HASH = Buffer.from('048091bc7ddc283f77bfbf91d73c44da58c3df8a9cbc867405d8b7f3daada22f', 'hex');
const BLOCK_PROTOCOL = 11n;
const NONE = new Uint8Array(0);
const NO_BLOCK: BlockId = { hash: NONE, partsTotal: 0, partsHash: NONE };
const NO_COMMIT: Commit = { height: 0n, round: 0, blockId: NO_BLOCK, signatures: [] };

export function createChain(app: CosmosApp, options: ChainOptions): CosmosChain {
  const keys = new Map<string, ValidatorKey>();
  const keyNamed = (name: string): ValidatorKey => {
    const key = keys.get(name) ?? makeValidatorKey(options.seed, name);
    keys.set(name, key);
    return key;
  };
  const keyOf = ({ address }: Pick<Validator, 'address'>): ValidatorKey => {
    const found = [...keys.values()].find((key) => Buffer.compare(key.address, address) === 0);
    if (found === undefined) throw new Error('no such validator');
    return found;
  };
  const genesis = Object.entries(options.validators).map(([name, power]): Validator => {
    const { address, publicKey } = keyNamed(name);
    return { address, publicKey, power };
  });

  const blocks: ChainBlock[] = [];
  const heights = new Map<string, bigint>();
  const votes = new Map<string, Vote>();
  const listeners = new Set<(block: ChainBlock) => void>();
  const pendingPowers = new Map<string, bigint>();
  let validators = orderValidators(genesis);
  let nextValidators = validators;
  const mempool = createMempool(app, () => BigInt(blocks.length) + 1n);
  const voteOf = (validator: Validator): Vote => votes.get(keyOf(validator).name) ?? 'commit';

  return {
    app,
    mempool,
    options,
    height: () => BigInt(blocks.length),
    block: (height) => blocks[Number(height) - 1],
    heightOfTx: (hash) => heights.get(hash),
    produceBlock: () => {
      if (!isQuorum(validators, voteOf)) return undefined;
      const last = blocks.at(-1);
      const txs = mempool.reap();
      const lastCommit = last?.commit ?? NO_COMMIT;
      const height = BigInt(blocks.length) + 1n;
      const timeNanos = last === undefined ? options.genesisNanos : medianTime(lastCommit, last.validators);
      const header: Header = {
        versionBlock: BLOCK_PROTOCOL,
        versionApp: 0n,
        chainId: options.chainId,
        height,
        timeNanos,
        lastBlockId: last?.blockId ?? NO_BLOCK,
        lastCommitHash: commitHash(lastCommit),
        dataHash: dataHash(txs),
        validatorsHash: validatorsHash(validators),
        nextValidatorsHash: validatorsHash(nextValidators),
        consensusHash: CONSENSUS_HASH,
        appHash: last?.appHash ?? app.appHash(),
        lastResultsHash: resultsHash(last?.results ?? []),
        evidenceHash: sha256(NONE),
        proposerAddress: (validators[blocks.length % validators.length] as Validator).address,
      };
      const { blockId, size } = identifyBlock(header, txs, lastCommit);
      // A vote is later than its block, so that times rise.
      const due = options.voteNanos(timeNanos);
      const voted = due > timeNanos ? due : timeNanos + 1_000_000n;
      const commit = makeCommit({ header, blockId, validators, keyOf, voteOf, timeNanos: voted });
      const results = app.finalizeBlock(txs, height).map(kept);
      const validatorUpdates = [...pendingPowers].map(([name, power]) => ({ key: keyNamed(name), power }));
      pendingPowers.clear();
      const appHash = app.appHash();
      const block: ChainBlock = {
        ...{ header, blockId, txs, lastCommit, commit, size, results, validators, nextValidators, validatorUpdates },
        appHash,
      };
      blocks.push(block);
      for (const tx of txs) heights.set(txHash(tx), height);
      validators = nextValidators;
      for (const { key, power } of validatorUpdates) nextValidators = withPower(nextValidators, key, power);
      mempool.afterBlock(txs);
      for (const listener of listeners) listener(block);
      return block;
    },
    setPower: (name, power) => {
      keyNamed(name);
      pendingPowers.set(name, power);
    },
    setVote: (name, vote) => void votes.set(name, vote),
    keyOf,
    onBlock: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
