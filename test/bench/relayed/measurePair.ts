/**
 * One lane between two chains of the local network: the target fed directly, the relayer at full load and at half of it, then the
 * books. What all benches of a family share.
 */
import { type BenchResult, rounded } from '../bench.ts';
import type { DirectRun } from './directFeed.ts';
import { closeBooks, faultsOf } from './judgeLanes.ts';
import { bookLoad, type LocalWorld, openLane, underLoad } from './localWorld.ts';
import { measureCleared, PENDING } from './measureCleared.ts';
import { measureLoads, warmUp } from './measureLoads.ts';
import { figuresOf, measureRest, show } from './measureLanes.ts';

export interface PairOptions {
  readonly source: string;
  readonly target: string;
  /** Deposits in one transaction. */
  readonly batch: number;
  readonly seconds: number;
  readonly seed: number;
  /** What is measured and what of it is simulated; how it was counted is added. */
  readonly note: string;
  /** Whether a backlog is cleared at the end as well. */
  readonly clears?: boolean;
  /** Feeds the target without us, to receivers of the same pool. */
  direct(receivers: readonly Uint8Array[], seconds: number): Promise<DirectRun>;
  /** More figures of the family. */
  figures?(rates: { readonly direct: number; readonly relayed: number }): Readonly<Record<string, unknown>>;
}

/** Fewer would be ramp alone. */
const MIN_SECONDS = 6;
const QUEUE = 1.25;
/** Of what the target takes directly: how much piles up to be cleared. */
const CLEARED_SECONDS = 3;
/** Of the source's largest transaction: many small ones come evenly. */
const PACED_BATCH = 50;

export async function measurePair(
  world: LocalWorld,
  options: PairOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<BenchResult> {
  const { source, target, batch, seed, note } = options;
  const seconds = Math.max(MIN_SECONDS, options.seconds / 2);
  say(`${source} -> ${target}`);
  const lane = openLane(world, source, target, { seed: `full ${seed}` });
  const direct = await options.direct(lane.receivers.holders, seconds);
  say(`  fed directly: ${rounded(direct.perSecond)} payments/s`);

  await world.startRelayers();
  await warmUp(world, [{ source, target }], signal);
  const rest = await measureRest(world, signal);
  // As much as the target can take in that time and a quarter more: a longer queue would only wait longer.
  const countMax = batch * Math.ceil((direct.perSecond * seconds * QUEUE) / batch);
  const full = await measureLoads(world, [{ load: lane, batch, countMax }], { seconds, rest }, say, signal);
  say(`  through the relayer: ${full.deliveredPerSecond} deliveries/s, ${full.relayerCpuMicros} CPU us each`);
  say(`  above rest: ${show(full.cpuMicrosAboveRest)}; gc ${full.gcPercent} %`);

  const paced = openLane(world, source, target, { seed: `half ${seed}` });
  const half = Math.max(PACED_BATCH, Math.floor(full.deliveredPerSecond / 2));
  const calm = await measureLoads(
    world,
    [{ load: paced, batch: Math.min(batch, PACED_BATCH), perSecond: half }],
    { seconds, rest },
    say,
    signal,
  );
  const [one] = calm.lanes;
  say(
    `  at half of it: submitted ${one?.toSubmitted.p50Ms} ms (p50), ${one?.toSubmitted.p99Ms} ms (p99) after finalized`,
  );
  const cleared = options.clears === true ? await clear() : undefined;

  async function clear() {
    const load = openLane(world, source, target, { seed: `cleared ${seed}` });
    const pending = batch * Math.ceil(Math.max(PENDING, direct.perSecond * CLEARED_SECONDS) / batch);
    const backlog = underLoad(world, load, { batch });
    const run = await measureCleared(world, backlog, { pending, directPerSecond: direct.perSecond }, say, signal);
    bookLoad(world, load, run.report);
    return run.figures;
  }

  const { judgement, transfers } = await closeBooks(world, say, signal);
  const ratio = rounded(full.deliveredPerSecond / direct.perSecond);
  return {
    perSecond: full.deliveredPerSecond,
    cpuMicrosPerTransfer: full.relayerCpuMicros,
    cores: rounded((full.relayerCpuMicros * full.deliveredPerSecond) / 1_000_000),
    p50Ms: one?.toSubmitted.p50Ms ?? null,
    p99Ms: one?.toSubmitted.p99Ms ?? null,
    rssMb: Math.max(...world.relayers.map((name) => full.rssMb[name] ?? 0)),
    lost: faultsOf(judgement),
    doubled: judgement.doubled,
    ratio,
    directPerSecond: rounded(direct.perSecond),
    ...(cleared === undefined ? {} : { cleared }),
    ...options.figures?.({ direct: direct.perSecond, relayed: full.deliveredPerSecond }),
    full: figuresOf(full),
    paced: figuresOf(calm),
    judgement,
    transfers,
    note,
  };
}
