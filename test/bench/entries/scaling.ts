/**
 * How throughput and cost change with lanes, accounts, processes and waiting transfers: one short load run for each. A ratio is
 * that to the sum of the single ones; it says something as long as no core is full, so each row says whether one was.
 */
import { availableParallelism } from 'node:os';
import { rounded, type Bench, type BenchOptions, type BenchResult } from '../bench.ts';
import { ALL_ROLES, type LoadResult, type LoadRun, runLoad, USUAL_RUN } from '../world/measure.ts';
import { measureCatchUp, measureTakeOver } from '../world/outages.ts';
import type { ProcessPlan } from '../world/startLoad.ts';
import { PEAK_UNDER_WAY, SIMULATED } from './pipeline.ts';

type Setting = Omit<LoadRun, 'seconds' | 'say'>;

/** Shorter windows measure where collections of garbage and compactions happened to fall. */
const SETTING_SECONDS_MIN = 4;
/** A thread or a machine that is busy for so much of the time is full. */
const FULL = 0.9;

const PEAK: Setting = {
  ...USUAL_RUN,
  warmSeconds: 3,
  warmTransfers: 150_000,
  load: { kind: 'peak', underWay: PEAK_UNDER_WAY },
};
/** Transfers under way on one lane: few lanes need no more to be busy. */
const UNDER_WAY_PER_LANE = 32_768;

export const lanes: Bench = {
  name: 'lanes',
  shows: 'throughput and cost over 1, 2, 4 .. 32 lanes, and by the sum of single ones',
  run: async (options) => {
    const rows = await series('lanes', [1, 2, 4, 8, 16, 32], options, (count) => ({
      ...PEAK,
      chains: Math.max(2, count),
      lanes: count,
      load: { kind: 'peak', underWay: Math.min(PEAK_UNDER_WAY, UNDER_WAY_PER_LANE * count) },
    }));
    return { ...resultOf(rows), ratio: leastRatio(rows) };
  },
};

/** Of a block a second: at most 16 transactions of an account are under way. */
const PER_ACCOUNT_AND_BLOCK = 16 * USUAL_RUN.chunkSize;
/** Blocks of work that wait, so that no account runs dry. */
const BLOCKS_WAITING = 6;

export const accounts: Bench = {
  name: 'accounts',
  shows: 'one lane, a block a second, submitted by 1, 2, 4, 8 accounts, and by the sum of single ones',
  run: async (options) => {
    const rows = await series('accounts', [1, 2, 4, 8], options, (count) => ({
      ...PEAK,
      chains: 2,
      lanes: 1,
      blockMs: 1_000,
      accounts: count,
      warmTransfers: BLOCKS_WAITING * PER_ACCOUNT_AND_BLOCK * count,
      tuning: { workInFlightMax: Math.max(64, 16 * count) },
      load: { kind: 'peak', underWay: BLOCKS_WAITING * PER_ACCOUNT_AND_BLOCK * count },
    }));
    return { ...resultOf(rows), ratio: leastRatio(rows) };
  },
};

const PROCESSES: Readonly<Record<string, readonly ProcessPlan[]>> = {
  '1': parts(1),
  '2': parts(2),
  '4': parts(4),
  '2 by role': [{ roles: ['verify', 'attest', 'plan'] }, { roles: ['submit'] }],
  '4 by role': [{ roles: ['verify', 'attest', 'plan'] }, ...Array(3).fill({ roles: ['submit'] })],
};
/** An attester, and two who do the rest: one of them dies. */
const DYING: readonly ProcessPlan[] = [
  { roles: ['verify', 'attest'] },
  { roles: ['verify', 'plan', 'submit'] },
  { roles: ['verify', 'plan', 'submit'] },
];
const TAKE_OVER_PER_SECOND = 10_000;
const TAKE_OVER_SECONDS = 20;

export const processes: Bench = {
  name: 'processes',
  shows:
    'the 32 chains shared out among 1, 2, 4 processes over one nats-server; how long lanes of a dead one stand still',
  run: async (options) => {
    const rows = await series('processes', Object.keys(PROCESSES), options, (of) => ({
      ...PEAK,
      // Each process compiles its own code.
      warmTransfers: PEAK.warmTransfers * PROCESSES[of]!.length,
      processes: PROCESSES[of]!,
    }));
    const cpuRatio = mostCpu(rows.slice(0, 3));
    const plan = { ...PEAK, processes: DYING };
    const takeOver = await measureTakeOver(plan, 1, TAKE_OVER_PER_SECOND, TAKE_OVER_SECONDS, options.say);
    const { takeOverSeconds, medianSeconds, restSeconds, stillBeforeSeconds } = takeOver;
    options.say(
      `simulated chains, one of two planning and submitting processes killed at ${TAKE_OVER_PER_SECOND} transfers/s: a lane stood still ` +
        `for ${takeOverSeconds} s at most, ${medianSeconds} s in the middle (${stillBeforeSeconds} s at most before); all was paid ` +
        `${restSeconds} s after the end of the load`,
    );
    return { ...resultOf(rows, takeOver), cpuRatio, takeOverSeconds, takeOver };
  },
};

/** Near what it does with a backlog: at a lower rate fewer transfers share a block and a commit. Nothing waits longer than it takes. */
const EMPTY_PER_SECOND = 100_000;
const PENDING = 10_000;

export const backlog: Bench = {
  name: 'backlog',
  shows:
    'cost with nothing, 100 thousand, a million transfers waiting; 10,000 made while the relayer is down, until they are paid',
  run: async (options) => {
    const rows = await series('backlog', [0, 100_000, 1_000_000], options, (count) => ({
      ...PEAK,
      load: count === 0 ? { kind: 'paced', perSecond: EMPTY_PER_SECOND } : { kind: 'peak', underWay: count },
    }));
    const caughtUp = await measureCatchUp(PEAK, PEAK.warmTransfers, PENDING, options.say);
    const { pending, clearedSeconds, startedSeconds } = caughtUp;
    options.say(
      `simulated chains, ${pending} transfers made while the relayer was down: paid ${clearedSeconds} s after its start, of which ` +
        `${startedSeconds} s went into starting the process`,
    );
    return { ...resultOf(rows, caughtUp), cpuRatio: mostCpu(rows), clearedSeconds, caughtUp };
  },
};

interface Row extends Pick<
  LoadResult,
  | 'perSecond'
  | 'cpuMicrosPerTransfer'
  | 'cores'
  | 'allCores'
  | 'busiestCore'
  | 'natsMicrosPerTransfer'
  | 'p50Ms'
  | 'p99Ms'
  | 'rssMb'
  | 'lost'
  | 'doubled'
  | 'syncedCommitsPerSecond'
> {
  readonly of: number | string;
  /** Transfers under way for each; NaN at a pace. */
  readonly share: number;
  /** By the first row's throughput and number; null where not as many were under way for each. */
  readonly ratio: number | null;
  readonly isFull: boolean;
}

async function series<Of extends number | string>(
  name: string,
  settings: readonly Of[],
  { seconds, say }: BenchOptions,
  setting: (of: Of) => Setting,
): Promise<Row[]> {
  const rows: Row[] = [];
  const each = Math.max(SETTING_SECONDS_MIN, seconds / settings.length);
  for (const of of settings) {
    const run = setting(of);
    const one = await runLoad({ ...run, seconds: each, say });
    const { perSecond, cpuMicrosPerTransfer, cores, allCores, busiestCore, natsMicrosPerTransfer } = one;
    const { p50Ms, p99Ms, rssMb, lost, syncedCommitsPerSecond } = one;
    const share = underWayOf(run) / Number(of);
    const first = rows[0] ?? { of, perSecond, share };
    // Only under the same load on each.
    const ratio = share === first.share ? perSecond / ((first.perSecond * Number(of)) / Number(first.of)) : NaN;
    const isFull = (busiestCore ?? 0) >= FULL || (allCores ?? 0) >= FULL * availableParallelism();
    rows.push({
      ...{ of, perSecond, cpuMicrosPerTransfer, cores, allCores, busiestCore, natsMicrosPerTransfer },
      ...{ p50Ms, p99Ms, rssMb, lost, doubled: one.doubled + one.altered, syncedCommitsPerSecond, share },
      ratio: Number.isNaN(ratio) ? null : rounded(ratio),
      isFull,
    });
    say(
      `simulated chains, ${of} ${name}: ${perSecond} transfers/s, ${cpuMicrosPerTransfer} CPU us each, ${cores} cores of ` +
        `${allCores} with nats-server and chains, the busiest thread ${busiestCore}${isFull ? ' (full)' : ''}` +
        (Number.isNaN(ratio) ? '' : `, ${rounded(ratio)} of the sum of single ones`),
    );
  }
  return rows;
}

/** The line's own figures are those of the last numbered setting, losses those of all. */
function resultOf(rows: readonly Row[], more?: { readonly lost: number; readonly doubled: number }): BenchResult {
  const { of: _, ratio: __, share: ___, ...last } = rows.findLast(({ of }) => !Number.isNaN(Number(of)))!;
  const all = more === undefined ? rows : [...rows, more];
  const sum = (read: (row: (typeof all)[number]) => number): number => all.reduce((total, row) => total + read(row), 0);
  const losses = { lost: sum(({ lost }) => lost), doubled: sum(({ doubled }) => doubled) };
  return { ...last, ...losses, rows, chains: 'simulated', note: SIMULATED };
}

/** Of the rows in which no core was full. Null: already the second one filled one. */
function leastRatio(rows: readonly Row[]): number | null {
  const ratios = rows.slice(1).flatMap(({ ratio, isFull }) => (isFull || ratio === null ? [] : [ratio]));
  return ratios.length === 0 ? null : Math.min(...ratios);
}

/** The dearest of the others by the first. */
function mostCpu([first, ...others]: readonly Row[]): number {
  return rounded(Math.max(...others.map((one) => one.cpuMicrosPerTransfer)) / first!.cpuMicrosPerTransfer);
}

function parts(of: number): readonly ProcessPlan[] {
  return Array.from({ length: of }, (_, index) => ({ roles: ALL_ROLES, part: [index, of] }));
}

function underWayOf({ load }: Setting): number {
  return load.kind === 'peak' ? load.underWay : NaN;
}
