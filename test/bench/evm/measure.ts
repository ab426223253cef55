/** One run of the relayer between two anvils: load on A, deliveries on B, and what every process used meanwhile. */
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../relayer/core/clock.ts';
import type { EvmLoad } from '../../load/evmLoad.ts';
import { type LoadReport, runLoad } from '../../load/load.ts';
import { percentiles, rounded } from '../bench.ts';
import { blocksOf, type DeliveredChunk, deliveredChunks } from './chunks.ts';
import { type BenchChain, type BenchNetwork, CONFIRMATIONS } from './network.ts';
import { type Meter, pidOf, startMeter } from './processes.ts';
import { type ChainWatch, watchChain } from './watchChain.ts';

export interface RelayedRun {
  readonly deposits: number;
  /** Of this run, in the order of the target. */
  readonly chunks: readonly DeliveredChunk[];
  readonly report: LoadReport;
  readonly depositsPerSecond: number;
  /** From the first block with a delivery to the last. */
  readonly deliveredPerSecond: number;
  /** From finalized on A (seen with its confirmations) to submitted to B's node. */
  readonly toSubmitted: { readonly p50Ms: number; readonly p99Ms: number };
  /** From finalized on A to included on B. */
  readonly toIncluded: { readonly p50Ms: number; readonly p99Ms: number };
  /** CPU microseconds per transfer, by process: all of it, and what is above what the process takes at rest. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  readonly cpuMicrosAboveRest: Readonly<Record<string, number>>;
  readonly rssMb: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const LOOK_MS = 250;
/** Without one more delivery for so long, the rest counts as lost. */
const STALL_MS = 60_000;

export async function measureRelayed(
  network: BenchNetwork,
  load: EvmLoad,
  options: {
    readonly perSecond: number | undefined;
    readonly seconds: number;
    readonly batch: number;
    /** CPU microseconds a second at rest. */
    readonly rest: ReadonlyMap<string, number>;
  },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RelayedRun> {
  const { a, b, lane } = network;
  const first = await load.nextSequence(signal);
  const watches = await Promise.all([watchChain(a.anvil.wsUrl), watchChain(b.anvil.wsUrl)]);
  const [onA, onB] = watches;
  const meter = meterOf(network);
  const started = performance.now();
  const { perSecond, seconds, batch, rest } = options;
  const plan = { perSecond, seconds, batch, count: COUNT_MAX };
  const report = await runLoad(load, plan, { clock: systemClock }, signal);
  say(`  ${report.included} deposits on A in ${rounded(report.seconds)} s`);

  const end = first + BigInt(report.included);
  let chunks: readonly DeliveredChunk[] = [];
  for (let [lastMs, known] = [performance.now(), -1]; performance.now() - lastMs < STALL_MS;) {
    chunks = (await deliveredChunks(b, lane, signal)).filter(({ firstSequence }) => firstSequence >= first);
    const delivered = chunks.reduce((sum, { count }) => sum + count, 0);
    if (delivered !== known) [lastMs, known] = [performance.now(), delivered];
    if (delivered >= report.included) break;
    await systemClock.sleep(LOOK_MS, signal);
  }
  const wall = (performance.now() - started) / 1_000;
  const cpu = meter.cpuMicros();
  const rss = meter.rssMb();
  for (const watch of watches) await watch.stop();
  const latencies = latenciesOf(report, first, end, chunks, onA, onB);
  const delivered = chunks.reduce((sum, { count }) => sum + count, 0);
  const perTransfer = (micros: (name: string, used: number) => number): Record<string, number> =>
    Object.fromEntries([...cpu].map(([name, used]) => [name, rounded(micros(name, used) / Math.max(1, delivered))]));
  return {
    deposits: report.included,
    chunks,
    report,
    depositsPerSecond: rounded(report.perSecond),
    deliveredPerSecond: rounded(await rateOf(network, chunks, signal)),
    toSubmitted: percentiles(latencies.submitted),
    toIncluded: percentiles(latencies.included),
    cpuMicros: perTransfer((_, used) => used),
    cpuMicrosAboveRest: perTransfer((name, used) => used - (rest.get(name) ?? 0) * wall),
    rssMb: Object.fromEntries(rss),
    seconds: wall,
  };
}

/** CPU microseconds a second of every process when nothing is sent: blocks come and are verified all the same. */
export async function measureRest(network: BenchNetwork, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  await systemClock.sleep(SETTLE_MS, signal);
  const meter = meterOf(network);
  await systemClock.sleep(REST_MS, signal);
  return new Map([...meter.cpuMicros()].map(([name, micros]) => [name, (micros * 1_000) / REST_MS]));
}

/** What starting leaves to be done. */
const SETTLE_MS = 3_000;
const REST_MS = 5_000;

function meterOf({ a, b, attesters, relayer, nats }: BenchNetwork): Meter {
  return startMeter(
    new Map([
      ...[...attesters, relayer].map(({ name, pid }) => [name, pid] as const),
      ['anvil A', anvilPid(a)],
      ['anvil B', anvilPid(b)],
      ['nats-server', nats.pid],
      ['load and measurement', process.pid],
    ]),
  );
}

function anvilPid({ anvil }: BenchChain): number | undefined {
  return pidOf('--port', new URL(anvil.url).port);
}

/** The senders are funded for it; the seconds end a run first. */
const COUNT_MAX = 2_000_000;

/** Deliveries between the first and the last block with one: blocks are equally far apart, so n blocks take n - 1 pauses. */
async function rateOf({ b }: BenchNetwork, chunks: readonly DeliveredChunk[], signal: AbortSignal): Promise<number> {
  const first = chunks[0]?.height;
  const last = chunks.at(-1)?.height;
  if (first === undefined || last === undefined || last === first) return 0;
  const blocks = await blocksOf(b, first, last, signal);
  const seconds = (blocks.at(-1)?.seconds ?? 0) - (blocks[0]?.seconds ?? 0);
  // The first block's own belong to the time before it.
  const counted = chunks.filter(({ height }) => height > first).reduce((sum, { count }) => sum + count, 0);
  return counted / Math.max(1, seconds);
}

/** One value per transfer. */
function latenciesOf(
  report: LoadReport,
  first: bigint,
  end: bigint,
  chunks: readonly DeliveredChunk[],
  onA: ChainWatch,
  onB: ChainWatch,
): { readonly submitted: readonly number[]; readonly included: readonly number[] } {
  // Sequences are given in the order of the chain; within a block it does not matter here.
  const byHeight = [...report.batches].sort((left, right) => Number(left.height - right.height));
  const finalizedAt = new Float64Array(Number(end - first));
  let next = 0;
  for (const { height, count, succeeded } of byHeight) {
    if (!succeeded) continue;
    finalizedAt.fill(onA.heads.get(height + BigInt(CONFIRMATIONS)) ?? Number.NaN, next, next + count);
    next += count;
  }
  const submitted: number[] = [];
  const included: number[] = [];
  for (const { firstSequence, count, transaction, height } of chunks) {
    const from = Number(firstSequence - first);
    for (let index = from; index < from + count && index < finalizedAt.length; index++) {
      const since = finalizedAt[index] ?? Number.NaN;
      const sentMs = (onB.pending.get(transaction) ?? Number.NaN) - since;
      const includedMs = (onB.heads.get(height) ?? Number.NaN) - since;
      if (!Number.isNaN(sentMs)) submitted.push(sentMs);
      if (!Number.isNaN(includedMs)) included.push(includedMs);
    }
  }
  return { submitted, included };
}
