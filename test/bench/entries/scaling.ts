/** How throughput and cost change with lanes, accounts, processes and waiting transfers: one short load run for each. */
import type { Role } from '../../../relayer/config/index.ts';
import type { Bench, BenchResult } from '../bench.ts';
import { ALL_ROLES, type LoadResult, type LoadRun, runLoad, USUAL_RUN } from '../world/measure.ts';
import { PEAK_UNDER_WAY, SIMULATED } from './pipeline.ts';

type Setting = Omit<LoadRun, 'seconds' | 'say'>;

const PEAK: Setting = {
  ...USUAL_RUN,
  warmSeconds: 3,
  warmTransfers: 150_000,
  load: { kind: 'peak', underWay: PEAK_UNDER_WAY },
};
/** Transfers under way on one lane: few lanes need no more to be busy. */
const UNDER_WAY_PER_LANE = 32_768;

export const lanes: Bench = series(
  'lanes',
  'throughput and cost over 1, 2, 4 .. 32 lanes',
  [1, 2, 4, 8, 16, 32],
  (count) => ({
    ...PEAK,
    chains: Math.max(2, count),
    lanes: count,
    load: { kind: 'peak', underWay: Math.min(PEAK_UNDER_WAY, UNDER_WAY_PER_LANE * count) },
  }),
);

/** A block a second, and at most 16 transactions of an account under way: that is what accounts spread. */
export const accounts: Bench = series(
  'accounts',
  'one lane, a block a second, submitted by 1, 2, 4, 8 accounts',
  [1, 2, 4, 8],
  (count) => ({
    ...PEAK,
    chains: 2,
    lanes: 1,
    blockMs: 1_000,
    accounts: count,
    load: { kind: 'peak', underWay: 4 * UNDER_WAY_PER_LANE },
  }),
);

const PROCESSES: Readonly<Record<number, readonly (readonly Role[])[]>> = {
  1: [ALL_ROLES],
  2: [['verify', 'attest', 'plan'], ['submit']],
  4: [['verify', 'attest'], ['verify', 'plan'], ['submit'], ['submit']],
};

export const processes: Bench = series(
  'processes',
  'the roles of 32 lanes in 1, 2, 4 processes over one nats-server',
  [1, 2, 4],
  (count) => ({ ...PEAK, processes: PROCESSES[count] ?? [ALL_ROLES] }),
);

export const backlog: Bench = series(
  'backlog',
  'throughput and cost with 16 thousand, 100 thousand, a million transfers waiting',
  [16_384, 100_000, 1_000_000],
  (count) => ({ ...PEAK, load: { kind: 'peak', underWay: count } }),
);

interface Row extends Pick<
  LoadResult,
  'perSecond' | 'cpuMicrosPerTransfer' | 'cores' | 'p50Ms' | 'p99Ms' | 'rssMb' | 'lost' | 'doubled'
> {
  readonly of: number;
}

/** The line's own figures are those of the last setting, losses those of all. */
function series(name: string, shows: string, settings: readonly number[], setting: (of: number) => Setting): Bench {
  return {
    name,
    shows,
    run: async ({ seconds, say }): Promise<BenchResult> => {
      const rows: Row[] = [];
      for (const of of settings) {
        const one = await runLoad({ ...setting(of), seconds: seconds / settings.length, say });
        const { perSecond, cpuMicrosPerTransfer, cores, p50Ms, p99Ms, rssMb, lost } = one;
        const doubled = one.doubled + one.altered;
        rows.push({ of, perSecond, cpuMicrosPerTransfer, cores, p50Ms, p99Ms, rssMb, lost, doubled });
        say(
          `simulated chains, ${of} ${name}: ${perSecond} transfers/s, ${cpuMicrosPerTransfer} CPU us each, ${cores} cores`,
        );
      }
      const { of: _, ...last } = rows.at(-1)!;
      const sum = (read: (row: Row) => number): number => rows.reduce((all, row) => all + read(row), 0);
      const losses = { lost: sum(({ lost }) => lost), doubled: sum(({ doubled }) => doubled) };
      return { ...last, ...losses, rows, chains: 'simulated', note: SIMULATED };
    },
  };
}
