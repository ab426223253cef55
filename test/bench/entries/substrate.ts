/**
 * The relayer into an asset hub that executes its real runtime, under a relay chain that finalizes it: deposits by real
 * transactions on an EVM chain, payments by operations of the vault's multisig. Relay chain and asset hub share one process and
 * make a block of the asset hub a second. Beside it, on the same chain, the same batches fed straight to the runtime: all three rounds
 * of each, as for the relayer, and, more than anybody could ask for, nothing but their execution.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, rounded } from '../bench.ts';
import { feedDirectly } from '../relayed/directFeed.ts';
import { chunkSizeOf, startLocalWorld } from '../relayed/localWorld.ts';
import { measurePair } from '../relayed/measurePair.ts';
import { directArrived, feedRounds, prepareSubstrateDirect, ROUNDS_ASSET } from '../relayed/substrateDirect.ts';

const SOURCE = 'anvil-a';
const TARGET = 'asset-hub';
const BATCH = 500;
/** Blocks come once a second, and the first operations take four of them: in less time that would be what is measured. */
const SECONDS_MIN = 20;
/** Operations that are approved for each second: more than fit into the blocks. */
const READY_PER_SECOND = 6;

export const substrate: Bench = {
  name: 'substrate',
  shows: 'an EVM chain into an asset hub with its real runtime: deliveries a second, beside the runtime fed directly',
  run: async ({ seconds, seed, say }) => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-bench-'));
    const signal = new AbortController().signal;
    const world = await startLocalWorld(dir, ['evm', 'substrate'], signal);
    let executed = 0;
    try {
      return await measurePair(
        world,
        {
          ...{ source: SOURCE, target: TARGET, batch: BATCH, seconds: Math.max(SECONDS_MIN, seconds), seed },
          note:
            'nothing is simulated: anvil with a block a second (confirmations light client) into an asset hub that executes its ' +
            'real runtime (a block a second, GRANDPA finality through its relay chain); fed directly means all three rounds of ' +
            'each operation (opened, approved when that is finalized, carried out) without anything that verifies or stores; ' +
            'execution alone is timed too, of operations that are opened and approved beforehand',
          async direct(receivers, length) {
            const chain = world.chain(TARGET);
            if (chain.family !== 'substrate') throw new Error('a Substrate chain');
            const payments = chunkSizeOf(world.network, TARGET);
            const size = { transactions: Math.ceil(length * READY_PER_SECOND), payments };
            await world.prepareReceivers(TARGET, receivers, signal);
            const account = await prepareSubstrateDirect(world, chain, receivers, size, signal);
            const alone = await feedDirectly([account], payments, length, signal);
            executed = alone.perSecond;
            say(`  execution alone: ${rounded(executed)} payments/s`);
            const run = await feedRounds(world, chain, receivers, { seconds: length, payments }, signal);
            await world.settle(TARGET, signal);
            const arrived = [
              await directArrived(world, chain, receivers, alone.delivered, signal),
              await directArrived(world, chain, receivers, run.delivered, signal, ROUNDS_ASSET),
            ];
            if (arrived.includes(false)) throw new Error('what was fed directly did not arrive');
            return run;
          },
          figures: ({ relayed }) => ({
            executedPerSecond: rounded(executed),
            ratioToExecuted: rounded(relayed / executed),
          }),
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
