/**
 * One run of the relayer on one or several lanes at once: load on the sources, deliveries on the targets, and what every process
 * used meanwhile. The chains' own blocks say what was delivered and when.
 */
import { systemClock } from '../../../relayer/core/clock.ts';
import type { LaneId } from '../../../relayer/core/ids.ts';
import { type LoadDriver, type LoadReport, runLoad } from '../../load/load.ts';
import { percentiles, rounded } from '../bench.ts';
import type { ChainEye, PaidChunk } from './chainEye.ts';
import { type Meter, startMeter } from './processes.ts';
import { broadcastTimes, gcMillis } from './processLog.ts';
import { type Watches, watchEyes } from './watchEyes.ts';

/** The processes of a network that is measured. */
export interface Measured {
  /** Process ids by name; undefined for what does not run. */
  pids(): ReadonlyMap<string, number | undefined>;
  /** Names of the relayer's own processes among them. */
  readonly relayers: readonly string[];
  /** Logs of these, in their order. */
  readonly logs: readonly string[];
  /** Log of the process that submits. */
  readonly submitterLog: string;
}

export interface LaneUnderLoad {
  readonly name: string;
  readonly lane: LaneId;
  readonly source: ChainEye;
  readonly target: ChainEye;
  readonly driver: LoadDriver;
  readonly perSecond: number | undefined;
  readonly batch: number;
  /** Deposits at most; the seconds end a run as well. */
  readonly countMax?: number | undefined;
  /** Deposits that the lane has seen before this run. */
  readonly before: number;
}

export interface LaneRun {
  readonly name: string;
  readonly deposits: number;
  /** Of this run, in the order of the target. */
  readonly chunks: readonly PaidChunk[];
  readonly report: LoadReport;
  readonly depositsPerSecond: number;
  /** From the first block with a delivery to the last. */
  readonly deliveredPerSecond: number;
  /** From finalized on the source to handed to the target's node. */
  readonly toSubmitted: Percentiles;
  /** From finalized on the source to a block of the target. */
  readonly toIncluded: Percentiles;
}

export interface LanesRun {
  readonly lanes: readonly LaneRun[];
  readonly delivered: number;
  /** Of all lanes, from the first delivery of any to the last of any. */
  readonly deliveredPerSecond: number;
  /** While all lanes delivered: from the time when each had begun to the time when the first one ended. */
  readonly allAtWork: { readonly seconds: number; readonly perSecond: readonly number[] };
  /** CPU microseconds per transfer, by process: all of it, and what is above what the process takes at rest. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  readonly cpuMicrosAboveRest: Readonly<Record<string, number>>;
  /** Of all relayer processes together, per transfer. */
  readonly relayerCpuMicros: number;
  readonly relayerCpuMicrosAboveRest: number;
  /** Wall time of the relayer processes' pauses by their CPU time; null where they did not say. A busy host inflates it. */
  readonly gcPercent: number | null;
  readonly rssMb: Readonly<Record<string, number>>;
  readonly seconds: number;
}

interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const LOOK_MS = 500;
/** Without one more delivery for so long, the rest counts as lost: an operation of a Substrate vault may take 100 blocks to be given up. */
const STALL_MS = 150_000;
/** The senders are funded for it; the seconds end a run first. */
const COUNT_MAX = 2_000_000;

export async function measureLanes(
  measured: Measured,
  lanes: readonly LaneUnderLoad[],
  options: {
    readonly seconds: number;
    /** CPU microseconds a second at rest. */
    readonly rest: ReadonlyMap<string, number>;
  },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<LanesRun> {
  const { seconds, rest } = options;
  // One after the other: lanes may be funded by the same account.
  for (const { driver, batch, countMax = COUNT_MAX } of lanes) await driver.prepare(countMax, batch, signal);
  const watches = await watchEyes(lanes.flatMap(({ source, target }) => [source, target]));
  const meter = startMeter(measured.pids());
  const gcBefore = sumGc(measured);
  const started = systemClock.now();
  const reports = await Promise.all(
    lanes.map(async ({ name, driver, perSecond, batch, countMax = COUNT_MAX }) => {
      const prepared: LoadDriver = { ...driver, prepare: async () => Promise.resolve() };
      const plan = { perSecond, seconds, batch, count: countMax };
      const report = await runLoad(prepared, plan, { clock: systemClock }, signal);
      say(`  ${name}: ${report.included} deposits in ${rounded(report.seconds)} s`);
      return report;
    }),
  );
  const paid = await followPayments(lanes, reports, signal);
  const wall = (systemClock.now() - started) / 1_000;
  const [cpu, rss, gc] = [meter.cpuMicros(), meter.rssMb(), sumGc(measured) - gcBefore];
  await watches.stop();

  const submitted = broadcastTimes(measured.submitterLog);
  const runs = lanes.map((lane, index): LaneRun => {
    const report = reports[index] as LoadReport;
    const chunks = paid[index] ?? [];
    const latencies = latenciesOf(lane, report, chunks, watches, submitted);
    return {
      name: lane.name,
      deposits: report.included,
      ...{ chunks, report },
      depositsPerSecond: rounded(report.perSecond),
      deliveredPerSecond: rounded(rateOf(timesOf(lane, chunks, watches))),
      toSubmitted: percentiles(latencies.submitted),
      toIncluded: percentiles(latencies.included),
    };
  });
  const all = lanes.map((lane, index) => timesOf(lane, paid[index] ?? [], watches));
  const delivered = sumCounts(paid.flat());
  type Share = (name: string, used: number) => number;
  const per: Share = (_, used) => used / Math.max(1, delivered);
  const above: Share = (name, used) => per(name, used - (rest.get(name) ?? 0) * wall);
  const table = (micros: Share): Record<string, number> =>
    Object.fromEntries([...cpu].map(([name, used]) => [name, rounded(micros(name, used))]));
  const ofRelayers = (micros: Share): number =>
    rounded(measured.relayers.reduce((sum, name) => sum + micros(name, cpu.get(name) ?? 0), 0));
  const relayerMillis = measured.relayers.reduce((sum, name) => sum + (cpu.get(name) ?? 0), 0) / 1_000;
  return {
    lanes: runs,
    delivered,
    deliveredPerSecond: rounded(rateOf(all.flat())),
    allAtWork: whileAllDeliver(all),
    cpuMicros: table(per),
    cpuMicrosAboveRest: table(above),
    relayerCpuMicros: ofRelayers(per),
    relayerCpuMicrosAboveRest: ofRelayers(above),
    gcPercent: gc === 0 || relayerMillis === 0 ? null : rounded((100 * gc) / relayerMillis),
    rssMb: Object.fromEntries(rss),
    seconds: wall,
  };
}

/** What a bench prints of a run. */
export function figuresOf({ lanes, ...run }: LanesRun): Readonly<Record<string, unknown>> {
  const { cpuMicros, cpuMicrosAboveRest, gcPercent, rssMb, deliveredPerSecond, allAtWork } = run;
  return {
    ...{ deliveredPerSecond, allAtWork, cpuMicros, cpuMicrosAboveRest, gcPercent, rssMb },
    lanes: lanes.map(({ chunks: _, report: _report, ...figures }) => figures),
  };
}

export function show(cpu: Readonly<Record<string, number>>): string {
  return Object.entries(cpu)
    .map(([name, micros]) => `${name} ${micros}`)
    .join(', ');
}

/** CPU microseconds a second of every process when nothing is sent: blocks come and are verified all the same. */
export async function measureRest(measured: Measured, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  await systemClock.sleep(SETTLE_MS, signal);
  const meter: Meter = startMeter(measured.pids());
  await systemClock.sleep(REST_MS, signal);
  return new Map([...meter.cpuMicros()].map(([name, micros]) => [name, (micros * 1_000) / REST_MS]));
}

/** What starting leaves to be done. */
const SETTLE_MS = 3_000;
const REST_MS = 5_000;

/** Until everything is delivered, or nothing has been for too long. */
export async function followPayments(
  lanes: readonly LaneUnderLoad[],
  reports: readonly LoadReport[],
  signal: AbortSignal,
): Promise<readonly (readonly PaidChunk[])[]> {
  const wanted = reports.reduce((sum, { included }) => sum + included, 0);
  let paid: readonly (readonly PaidChunk[])[] = [];
  for (let [lastMs, known] = [systemClock.now(), -1]; systemClock.now() - lastMs < STALL_MS;) {
    paid = await Promise.all(
      lanes.map(async ({ target, lane, before }) =>
        (await target.paid(lane, signal)).filter(({ firstSequence }) => firstSequence >= BigInt(before)),
      ),
    );
    const delivered = sumCounts(paid.flat());
    if (delivered !== known) [lastMs, known] = [systemClock.now(), delivered];
    if (delivered >= wanted) break;
    await systemClock.sleep(LOOK_MS, signal);
  }
  return paid;
}

export function sumCounts(chunks: readonly PaidChunk[]): number {
  return chunks.reduce((sum, { count }) => sum + count, 0);
}

function sumGc({ logs }: Measured): number {
  return logs.reduce((sum, file) => sum + gcMillis(file), 0);
}

interface Delivered {
  readonly atMs: number;
  readonly count: number;
}

/** By when the blocks came. */
export function timesOf(lane: LaneUnderLoad, chunks: readonly PaidChunk[], watches: Watches): readonly Delivered[] {
  return chunks.flatMap(({ height, count }) => {
    const atMs = watches.of(lane.target).headMs(height);
    return atMs === undefined ? [] : [{ atMs, count }];
  });
}

/**
 * Deliveries between the first and the last block with one; of several lanes together, from the first of any to the last of any.
 * The first block's own belong to the time before it.
 */
export function rateOf(timed: readonly Delivered[]): number {
  const { fromMs, toMs } = spanOf(timed);
  return countedIn(timed, fromMs, toMs);
}

/** The time in which every lane delivers, and each lane's rate in it. */
export function whileAllDeliver(lanes: readonly (readonly Delivered[])[]): LanesRun['allAtWork'] {
  const spans = lanes.map(spanOf);
  const fromMs = Math.max(...spans.map((span) => span.fromMs));
  const toMs = Math.min(...spans.map((span) => span.toMs));
  const perSecond = lanes.map((timed) => rounded(countedIn(timed, fromMs, toMs)));
  return { seconds: Math.max(0, toMs - fromMs) / 1_000, perSecond };
}

function spanOf(timed: readonly Delivered[]): { readonly fromMs: number; readonly toMs: number } {
  return timed.reduce(
    ({ fromMs, toMs }, { atMs }) => ({ fromMs: Math.min(fromMs, atMs), toMs: Math.max(toMs, atMs) }),
    { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY },
  );
}

/** A second, after `fromMs` and up to `toMs`. */
function countedIn(timed: readonly Delivered[], fromMs: number, toMs: number): number {
  if (toMs <= fromMs) return 0;
  const counted = timed.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  return (counted.reduce((sum, { count }) => sum + count, 0) * 1_000) / (toMs - fromMs);
}

/** One value per transfer. */
function latenciesOf(
  { source, target, before }: LaneUnderLoad,
  report: LoadReport,
  chunks: readonly PaidChunk[],
  watches: Watches,
  submitted: ReadonlyMap<string, number>,
): { readonly submitted: readonly number[]; readonly included: readonly number[] } {
  // Sequences are given in the order of the chain; within a block it does not matter here.
  const byHeight = [...report.batches].sort((left, right) => Number(left.height - right.height));
  const finalizedAt = new Float64Array(report.included);
  let next = 0;
  for (const { height, count, succeeded } of byHeight) {
    if (!succeeded) continue;
    finalizedAt.fill(watches.of(source).finalMs(height) ?? Number.NaN, next, next + count);
    next += count;
  }
  const latencies = { submitted: [] as number[], included: [] as number[] };
  for (const { firstSequence, count, transaction, height } of chunks) {
    const from = Number(firstSequence) - before;
    for (let index = from; index < from + count && index < finalizedAt.length; index++) {
      const since = finalizedAt[index] ?? Number.NaN;
      const sentMs = (submitted.get(transaction) ?? Number.NaN) - since;
      const includedMs = (watches.of(target).headMs(height) ?? Number.NaN) - since;
      if (!Number.isNaN(sentMs)) latencies.submitted.push(sentMs);
      if (!Number.isNaN(includedMs)) latencies.included.push(includedMs);
    }
  }
  return latencies;
}
