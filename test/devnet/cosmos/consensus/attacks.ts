/**
 * Blocks that a faulty majority would sign beside the real one: the same height twice (equivocation), or a header that the
 * application never led to (lunatic). The keys are the validators' own, so that every signature is good.
 */
import { dataHash, sha256 } from '../../../../light-clients/tendermint/index.ts';
import { identifyBlock } from './blockBytes.ts';
import type { ChainBlock, CosmosChain } from './createChain.ts';
import { makeCommit } from './votes.ts';

export type Attack = 'equivocate' | 'lunatic';

export function falseBlock(chain: CosmosChain, height: bigint, attack: Attack): ChainBlock | undefined {
  const block = chain.block(height);
  if (block === undefined) return undefined;
  const txs = attack === 'equivocate' ? [] : block.txs;
  const header = {
    ...block.header,
    // Another second is enough to make an empty block another block.
    timeNanos: attack === 'equivocate' ? block.header.timeNanos + 1n : block.header.timeNanos,
    dataHash: dataHash(txs),
    appHash: attack === 'lunatic' ? sha256(block.header.appHash) : block.header.appHash,
  };
  const { blockId, size } = identifyBlock(header, txs, block.lastCommit);
  const commit = makeCommit({
    header,
    blockId,
    validators: block.validators,
    keyOf: chain.keyOf,
    voteOf: () => 'commit',
    timeNanos: block.header.timeNanos + 1_000_000n,
  });
  const results = attack === 'equivocate' ? [] : block.results;
  return { ...block, header, blockId, commit, txs, results, size };
}

/** The block's commit in which the first `count` validators voted for nothing, truly signed. */
export function withNilVotes(chain: CosmosChain, block: ChainBlock, count: number): ChainBlock {
  const nil = new Set(block.validators.slice(0, count));
  const commit = makeCommit({
    header: block.header,
    blockId: block.blockId,
    validators: block.validators,
    keyOf: chain.keyOf,
    voteOf: (validator) => (nil.has(validator) ? 'nil' : 'commit'),
    timeNanos: block.header.timeNanos + 1_000_000n,
  });
  return { ...block, commit };
}
