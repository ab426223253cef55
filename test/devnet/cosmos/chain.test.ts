/** Our light client, written against real recordings, is the judge of the local chain's headers and votes. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  advance,
  decodeBlockAnswer,
  decodeBlockResultsAnswer,
  decodeCommitAnswer,
  decodeValidatorsAnswer,
  type LightBlock,
  stateFromCheckpoint,
  type TrustedState,
  type TrustRules,
  verifyBlockTxs,
  verifyTx,
  decodeTxAnswer,
} from '../../../light-clients/tendermint/index.ts';
import { merkleProof } from '../../../light-clients/merkle/rfc6962.ts';
import { resultLeaf, sha256 } from '../../../light-clients/tendermint/canonical.ts';
import type { Verdict } from '../../../light-clients/verdict.ts';
import { makeDevAccount } from './accounts.ts';
import { blockBytes, identifyBlock } from './consensus/blockBytes.ts';
import { falseBlock, withNilVotes } from './consensus/attacks.ts';
import { type ChainBlock, type CosmosChain, createApp, createChain } from './index.ts';
import { sendMessage, signOffline, submit } from './offlineTx.ts';
import { blockJson, blockResultsJson, commitJson, headerJson, validatorJson } from './rpc/json.ts';
import { txJson } from './rpc/txSearch.ts';

const CHAIN_ID = 'viaduct-local-1';
const SECOND = 1_000_000_000n;
const RULES: TrustRules = {
  chainId: CHAIN_ID,
  trustLevel: { numerator: 1n, denominator: 3n },
  trustingPeriodNanos: 1_000_000n * SECOND,
  clockDriftNanos: 10n * SECOND,
};
/** Recordings of real nodes, which lie beside the project where they are at hand. */
const RECORDED = join(import.meta.dirname, '../../../../shared/fixtures/cosmos-recorded');

async function makeChain(
  seed = 'c',
  validators: Record<string, bigint> = { a: 10n, b: 10n, c: 10n, d: 10n },
): Promise<CosmosChain> {
  const alice = await makeDevAccount(seed, 'alice');
  const app = createApp(
    { chainId: CHAIN_ID, prefix: 'cosmos', denom: 'utoken', feePerThousandGas: 0n, denomCreationFee: undefined },
    [{ address: alice.address, coins: { utoken: 10n ** 12n } }],
  );
  return createChain(app, {
    chainId: CHAIN_ID,
    seed,
    validators,
    genesisNanos: 10n ** 18n,
    voteNanos: (last) => last + SECOND,
  });
}

/** Through JSON and back, as an endpoint would show it. */
function lightBlock(block: ChainBlock): LightBlock {
  const through = <T>(verdict: Verdict<T>): T => {
    if (verdict.kind !== 'valid') throw new Error(verdict.reason);
    return verdict.value;
  };
  const set = (validators: ChainBlock['validators']): LightBlock['validators'] =>
    through(decodeValidatorsAnswer({ block_height: '1', validators: validators.map(validatorJson), total: '9' }))
      .validators;
  const signed_header = { header: headerJson(block.header), commit: commitJson(block.commit) };
  return {
    ...through(decodeCommitAnswer({ signed_header })),
    validators: set(block.validators),
    nextValidators: set(block.nextValidators),
  };
}

function genesisState(chain: CosmosChain): TrustedState {
  const block = lightBlock(chain.block(1n)!);
  const verdict = stateFromCheckpoint({ height: 1n, hash: chain.block(1n)!.blockId.hash }, block, RULES);
  if (verdict.kind !== 'valid') throw new Error(verdict.reason);
  return verdict.value;
}

const now = (block: ChainBlock): bigint => block.header.timeNanos + SECOND;

function step(state: TrustedState, block: ChainBlock, witnesses: ChainBlock[][] = []): Verdict<TrustedState> {
  return advance(
    state,
    [lightBlock(block)],
    witnesses.map((trace) => trace.map(lightBlock)),
    RULES,
    now(block),
  );
}

describe('the local chain before our light client', () => {
  it('holds from genesis on, block by block, with its transactions and results, and by skipping', async () => {
    const chain = await makeChain();
    const alice = await makeDevAccount('c', 'alice');
    for (let height = 1; height <= 20; height++) {
      if (height % 3 === 0) {
        const send = sendMessage(alice.address, (await makeDevAccount('c', `${height}`)).address, [
          { denom: 'utoken', amount: '5' },
        ]);
        submit(chain, await signOffline(chain, alice, [send], { memo: 'm' }));
        submit(chain, await signOffline(chain, alice, [send, send], { ahead: 1 }));
      }
      chain.produceBlock();
    }
    let state = genesisState(chain);
    for (let height = 2n; height <= 20n; height++) {
      const verdict = step(state, chain.block(height)!);
      expect(verdict.kind).toBe('valid');
      if (verdict.kind === 'valid') state = verdict.value;
      const below = chain.block(height - 1n)!;
      const block = decodeBlockAnswer(JSON.parse(JSON.stringify(blockJson(below))));
      const results = decodeBlockResultsAnswer(JSON.parse(JSON.stringify(blockResultsJson(below))));
      if (block.kind !== 'valid' || results.kind !== 'valid') throw new Error('does not decode');
      expect(results.value.shape).toBe('finalize');
      const included = verifyBlockTxs(
        block.value.header,
        chain.block(height)!.header,
        block.value.txs,
        results.value.results,
      );
      expect(included.kind).toBe('valid');
    }
    expect(step(genesisState(chain), chain.block(20n)!).kind).toBe('valid');

    // A proof for one transaction of two leads to the same roots.
    const [block, next] = [chain.block(6n)!, chain.block(7n)!];
    const told = decodeTxAnswer(JSON.parse(JSON.stringify(txJson({ block, index: 1 }, true))));
    if (told.kind !== 'valid' || told.value.proof === undefined) throw new Error('no proof');
    const { index, total, siblings } = told.value.proof;
    const resultSiblings = merkleProof(block.results.map(resultLeaf), index, sha256)!;
    const claim = { index, total, tx: told.value.tx, txSiblings: siblings, result: told.value.result, resultSiblings };
    expect(verifyTx(block.header, next.header, claim).kind).toBe('valid');
  });

  it('is the same for the same seed, and another for another', async () => {
    const hashes = await Promise.all(
      ['x', 'x', 'y'].map(async (seed) => {
        const chain = await makeChain(seed);
        for (let i = 0; i < 3; i++) chain.produceBlock();
        return Buffer.from(chain.block(3n)!.blockId.hash).toString('hex');
      }),
    );
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('changes its validators as CometBFT does: decided in H, named in H + 1, voting in H + 2', async () => {
    const chain = await makeChain('v', { a: 10n, b: 10n, c: 10n });
    for (let i = 0; i < 3; i++) chain.produceBlock();
    chain.setPower('new', 25n);
    chain.setPower('a', 0n);
    const decided = chain.produceBlock()!;
    const [named, voting] = [chain.produceBlock()!, chain.produceBlock()!];
    expect(decided.validatorUpdates).toHaveLength(2);
    expect(decided.header.nextValidatorsHash).toEqual(decided.header.validatorsHash);
    expect(named.header.nextValidatorsHash).not.toEqual(named.header.validatorsHash);
    expect(voting.header.validatorsHash).toEqual(named.header.nextValidatorsHash);
    expect(voting.validators.map(({ power }) => power)).toEqual([25n, 10n, 10n]);
    let state = genesisState(chain);
    for (let height = 2n; height <= chain.height(); height++) {
      const verdict = step(state, chain.block(height)!);
      expect(verdict.kind).toBe('valid');
      if (verdict.kind === 'valid') state = verdict.value;
    }
    // Of the first three validators two are left: enough for one step, and too little once they are gone as well.
    expect(step(genesisState(chain), voting).kind).toBe('valid');
    chain.setPower('b', 0n);
    chain.setPower('c', 0n);
    for (let i = 0; i < 3; i++) chain.produceBlock();
    expect(step(genesisState(chain), chain.block(chain.height())!).kind).toBe('needsMore');
  });

  it('goes on with votes for nothing and absent ones up to a third of the power, and stands still beyond', async () => {
    const chain = await makeChain();
    chain.produceBlock();
    chain.setVote('a', 'nil');
    expect(chain.produceBlock()!.commit.signatures.filter(({ flag }) => flag === 3)).toHaveLength(1);
    chain.setVote('a', 'absent');
    const state = genesisState(chain);
    expect(step(state, chain.produceBlock()!).kind).toBe('valid');
    chain.setVote('b', 'absent');
    expect(chain.produceBlock()).toBeUndefined();
    chain.setVote('b', 'commit');
    expect(step(state, chain.produceBlock()!).kind).toBe('valid');
  });

  it('can be attacked, and the client says how', async () => {
    const chain = await makeChain();
    const alice = await makeDevAccount('c', 'alice');
    chain.produceBlock();
    const state = genesisState(chain);
    submit(
      chain,
      await signOffline(chain, alice, [sendMessage(alice.address, alice.address, [{ denom: 'utoken', amount: '1' }])]),
    );
    for (let i = 0; i < 4; i++) chain.produceBlock();
    const block = chain.block(2n)!;
    for (const attack of ['equivocate', 'lunatic'] as const) {
      const other = falseBlock(chain, 2n, attack)!;
      // All sign both: the client alone cannot tell which is real, but a witness shows that there are two.
      expect(step(state, other).kind).toBe('valid');
      expect(step(state, block, [[other]])).toMatchObject({
        kind: 'conflict',
        reason: expect.stringContaining(attack === 'lunatic' ? 'lunatic' : 'equivocation') as string,
      });
    }
    expect(step(state, withNilVotes(chain, block, 1)).kind).toBe('valid');
    expect(step(state, withNilVotes(chain, block, 2))).toMatchObject({ kind: 'invalid' });
  });
});

// The recordings are not part of the project: without them there is nothing to compare with.
describe.skipIf(!existsSync(RECORDED))('against recordings of real nodes', () => {
  it.each(['msgsend_memo_', 'failed_tx_', 'multisig_100_', 'multisig_500_'])('makes the same block id: %s', (name) => {
    const file = join(RECORDED, 'tokend0535', `${name}block_H.json`);
    const answer = decodeBlockAnswer((JSON.parse(readFileSync(file, 'utf8')) as { result: unknown }).result);
    if (answer.kind !== 'valid') throw new Error(answer.reason);
    const { header, txs, lastCommit, blockId } = answer.value;
    expect(identifyBlock(header, txs, lastCommit).blockId).toEqual(blockId);
    expect(blockBytes(header, txs, lastCommit).length).toBeGreaterThan(500);
  });
});
