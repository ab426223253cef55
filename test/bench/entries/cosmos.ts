/**
 * The relayer between two Cosmos chains that execute: blocks with real headers and votes, real signature, sequence, gas and token
 * checks, deposits by real transactions, payments by the vault's multisig. The chains are this repository's own (`test/devnet/cosmos`),
 * each in a process of its own. Beside it, on the same target, the same payments fed straight to the chain.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, rounded } from '../bench.ts';
import { prepareCosmosDirect } from '../relayed/cosmosDirect.ts';
import { feedDirectly } from '../relayed/directFeed.ts';
import { chunkSizeOf, startLocalWorld } from '../relayed/localWorld.ts';
import { measurePair } from '../relayed/measurePair.ts';

const SOURCE = 'cosmos-a';
const TARGET = 'cosmos-b';
/** `MsgSend`s to the vault in one transaction. */
const BATCH = 500;
/** Transactions that are ready for each second: more than the chain takes. */
const READY_PER_SECOND = 40;

export const cosmos: Bench = {
  name: 'cosmos',
  shows: 'two Cosmos chains and the relayer as its own processes: deliveries a second, beside the chain fed directly',
  run: async ({ seconds, seed, say }) => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-bench-'));
    const signal = new AbortController().signal;
    const world = await startLocalWorld(dir, ['cosmos'], signal);
    try {
      return await measurePair(
        world,
        {
          ...{ source: SOURCE, target: TARGET, batch: BATCH, clears: true, seconds, seed },
          note:
            'nothing is simulated: two local Cosmos chains (own code, real headers, votes, signatures, gas and bank rules; blocks ' +
            'every half second), CometBFT light client',
          async direct(receivers, length) {
            const chain = world.chain(TARGET);
            if (chain.family !== 'cosmos') throw new Error('a Cosmos chain');
            const payments = chunkSizeOf(world.network, TARGET);
            const size = { transactions: Math.ceil(length * READY_PER_SECOND), payments };
            const account = await prepareCosmosDirect(world, chain, receivers, size, signal);
            return feedDirectly([account], payments, length, signal);
          },
          figures: ({ direct, relayed }) => ({ ratio: rounded(relayed / direct) }),
        },
        say,
        signal,
      );
    } finally {
      await world.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};
