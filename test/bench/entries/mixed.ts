/**
 * All three families at once, each with deposits and deliveries: EVM to Cosmos, Cosmos to Substrate, Substrate to EVM, on one
 * relayer and the same cores. Beside it, in the same run, each of the three lanes alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, rounded } from '../bench.ts';
import { closeBooks, faultsOf } from '../relayed/judgeLanes.ts';
import { type LocalWorld, openLane, startLocalWorld } from '../relayed/localWorld.ts';
import { figuresOf, measureRest } from '../relayed/measureLanes.ts';
import { type Load, measureLoads, warmUp } from '../relayed/measureLoads.ts';

/**
 * Deposits in one transaction of the source: one is all that a Substrate extrinsic may hold. And how many come for each second
 * that a lane is measured alone, as fast as the source takes them: more than the lane delivers, and not so many that all else waits.
 */
const LANES = [
  { source: 'anvil-a', target: 'cosmos-a', batch: 500, perSecond: 3_000 },
  { source: 'cosmos-a', target: 'asset-hub', batch: 500, perSecond: 1_500 },
  { source: 'asset-hub', target: 'anvil-b', batch: 1, perSecond: 350 },
] as const;
/** Of a lane's largest transaction, where deposits come evenly. */
const PACED_BATCH = 50;
/** Fewer would be ramp alone. */
const MIN_SECONDS = 6;

export const mixed: Bench = {
  name: 'mixed',
  shows: 'EVM -> Cosmos -> Substrate -> EVM at once on one relayer: deliveries a second, beside each lane alone',
  run: async ({ seconds, seed, say }) => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-bench-'));
    const signal = new AbortController().signal;
    const world = await startLocalWorld(dir, ['evm', 'cosmos', 'substrate'], signal);
    try {
      return await measure(world, Math.max(MIN_SECONDS, seconds / 4), seed, say, signal);
    } finally {
      await world.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function measure(
  world: LocalWorld,
  seconds: number,
  seed: number,
  say: (line: string) => void,
  signal: AbortSignal,
) {
  await world.startRelayers();
  await warmUp(world, LANES, signal);
  const rest = await measureRest(world, signal);
  const open = (name: string, { source, target, batch, perSecond }: (typeof LANES)[number]): Load => ({
    load: openLane(world, source, target, { seed: `${name} ${seed}` }),
    batch,
    countMax: batch * Math.ceil((perSecond * seconds) / batch),
  });
  const alone = [];
  for (const lane of LANES) {
    const run = await measureLoads(world, [open('alone', lane)], { seconds, rest }, say, signal);
    say(`  alone: ${run.deliveredPerSecond} deliveries/s, ${run.relayerCpuMicros} CPU us each`);
    const { deliveredPerSecond, relayerCpuMicros } = run;
    alone.push({ ...lane, deliveredPerSecond, relayerCpuMicros, ...figuresOf(run) });
  }
  // Each lane gets what it delivers alone, evenly, for twice the time: all of them together more than the cores can do.
  const together = await measureLoads(
    world,
    alone.map((lane): Load => {
      const perSecond = Math.max(1, Math.round(lane.deliveredPerSecond));
      const countMax = Math.ceil(2 * perSecond * seconds);
      const batch = Math.min(lane.batch, PACED_BATCH);
      return {
        load: openLane(world, lane.source, lane.target, { seed: `together ${seed}` }),
        batch,
        perSecond,
        countMax,
      };
    }),
    { seconds: 2 * seconds, rest },
    say,
    signal,
  );
  const { allAtWork } = together;
  const perSecond = rounded(allAtWork.perSecond.reduce((sum, rate) => sum + rate, 0));
  say(`  together: ${perSecond} deliveries/s in ${allAtWork.seconds} s, ${together.relayerCpuMicros} CPU us each`);
  const shares = alone.map((lane, index) => (allAtWork.perSecond[index] ?? 0) / lane.deliveredPerSecond);
  for (const [index, { name }] of together.lanes.entries()) {
    say(`    ${name}: ${allAtWork.perSecond[index]}/s, ${rounded(shares[index] ?? 0)} of what it makes alone`);
  }
  const { judgement, transfers } = await closeBooks(world, say, signal);
  const best = Math.max(...alone.map(({ deliveredPerSecond }) => deliveredPerSecond));
  const slowest = together.lanes.reduce((one, other) =>
    other.toSubmitted.p99Ms > one.toSubmitted.p99Ms ? other : one,
  );
  return {
    perSecond,
    cpuMicrosPerTransfer: together.relayerCpuMicros,
    cores: rounded((together.relayerCpuMicros * together.deliveredPerSecond) / 1_000_000),
    ...slowest.toSubmitted,
    rssMb: Math.max(...world.relayers.map((name) => together.rssMb[name] ?? 0)),
    lost: faultsOf(judgement),
    doubled: judgement.doubled,
    bestAlonePerSecond: best,
    ratio: rounded(perSecond / best),
    shareOfAlone: rounded(shares.reduce((sum, share) => sum + share, 0)),
    alone,
    together: figuresOf(together),
    judgement,
    transfers,
    note:
      'nothing is simulated: two anvils (confirmations light client), two local Cosmos chains, a relay chain with its asset hub ' +
      'and its real runtimes; together each lane is sent what it delivers alone, and what counts is the time in which all of them ' +
      'deliver; ratio is that by the fastest lane alone; the share is the sum over the lanes of what each delivers together by what ' +
      'it delivers alone, 1 where taking turns would do as well; p50 and p99 are those of the slowest lane, from finalized to ' +
      'submitted under more load than the cores can carry',
  };
}
