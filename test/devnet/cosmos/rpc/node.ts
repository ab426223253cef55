/** What one node shows of the chain, its faults applied. */
import { falseBlock, withNilVotes } from '../consensus/attacks.ts';
import type { ChainBlock, CosmosChain } from '../consensus/createChain.ts';
import type { Faults } from './faults.ts';

export interface Node {
  readonly chain: CosmosChain;
  readonly faults: Faults;
  height(): bigint;
  block(height: bigint): ChainBlock | undefined;
}

export function createNode(chain: CosmosChain, faults: Faults): Node {
  const height = (): bigint => {
    const lagged = chain.height() - BigInt(faults.find('lag')?.blocks ?? 0);
    return lagged < 1n ? 1n : lagged;
  };
  return {
    chain,
    faults,
    height,
    block: (at) => {
      let block = at < 1n || at > height() ? undefined : chain.block(at);
      for (const fault of faults.all()) {
        if (block === undefined) return undefined;
        if ((fault.kind === 'equivocate' || fault.kind === 'lunatic') && fault.height === at) {
          block = falseBlock(chain, at, fault.kind);
        } else if (fault.kind === 'omit' && fault.height === at) {
          const keep = (_: unknown, index: number): boolean => index !== fault.index;
          block = { ...block, txs: block.txs.filter(keep), results: block.results.filter(keep) };
        } else if (fault.kind === 'nilVotes') {
          block = withNilVotes(chain, block, fault.count);
        }
      }
      return block;
    },
  };
}
