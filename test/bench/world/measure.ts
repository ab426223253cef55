/**
 * One load run: nats-server, simulated chains and relayers in processes of their own; a warm-up, a measured window, then the
 * load stops and everything that was sent must arrive, once, unchanged, and be known as delivered by every verifier.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Role } from '../../../relayer/config/index.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { rounded } from '../bench.ts';
import { type Child, cpuMicrosOf, type Usage } from './processes.ts';
import type { Profile } from './profile.ts';
import type { RelayerStats } from './relayerMain.ts';
import { type LoadPlan, partOf, startLoad } from './startLoad.ts';
import type { Load, WorldProgress, WorldStats } from './world.ts';

export interface LoadRun extends LoadPlan {
  readonly load: Load;
  readonly warmSeconds: number;
  /** Measuring begins once so many were delivered: before, much of the CPU time goes into compiling. */
  readonly warmTransfers: number;
  readonly seconds: number;
  /** Samples the first relayer's main thread in the window. */
  readonly profile: boolean;
  say(line: string): void;
}

export const ALL_ROLES: readonly Role[] = ['verify', 'attest', 'plan', 'submit'];

export const USUAL_RUN: Omit<LoadRun, 'say' | 'seconds' | 'load'> = {
  chains: 32,
  lanes: 32,
  chunkSize: 512,
  blockMs: 250,
  transactionsMax: 1_000,
  accounts: 1,
  processes: [{ roles: ALL_ROLES }],
  tuning: {},
  warmSeconds: 4,
  warmTransfers: 400_000,
  profile: false,
};

export interface LoadResult {
  readonly perSecond: number;
  /** Of all relayer processes, all threads. */
  readonly cpuMicrosPerTransfer: number;
  readonly cores: number;
  /** Of relayers, nats-server and simulated chains together; null where the host does not say. */
  readonly allCores: number | null;
  /** Of the busiest thread that can fill a core: a relayer's main thread, or the simulated chains. */
  readonly busiestCore: number | null;
  /** From finalized on the source to submitted on the target. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** To the block that pays. */
  readonly paidP50Ms: number;
  readonly paidP99Ms: number;
  /** Of all relayer processes: at the end, the mean of each tenth of the window, and the last tenth by the one after a third. */
  readonly rssMb: number;
  readonly rssMbByTenth: readonly number[];
  readonly rssGrowth: number;
  readonly lost: number;
  readonly doubled: number;
  readonly transfers: number;
  /** Chunks that did not hold what was sent. */
  readonly altered: number;
  /** Part of the time in which main threads were busy. */
  readonly gcPercent: number;
  /** Of the busiest relayer's main thread: a million divided by it is what one process can do at most. */
  readonly mainThreadMicrosPerTransfer: number | null;
  /** Of nats-server and of the simulated chains; null where the host does not say. */
  readonly natsMicrosPerTransfer: number | null;
  readonly simulationMicrosPerTransfer: number;
  readonly syncedCommitsPerSecond: number;
  readonly journalBytesPerTransfer: number;
  readonly keccak: string;
  readonly stages: readonly { readonly stage: string; readonly cpuMicros: number }[] | null;
  readonly profile: Profile | null;
  readonly complaints: Readonly<Record<string, number>>;
}

const WARM_SECONDS_MAX = 60;
const DRAIN_SECONDS_MAX = 60;
const LOOK_MS = 100;
const MEMORY_LOOKS = 60;
const MIB = 2 ** 20;

export async function runLoad(run: LoadRun): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-bench-'));
  const ends: (() => Promise<unknown>)[] = [async () => rm(folder, { recursive: true, force: true })];
  try {
    return await runIn(folder, run, ends);
  } finally {
    for (const end of ends.reverse()) await end().catch((error: unknown) => run.say(String(error)));
  }
}

async function runIn(folder: string, run: LoadRun, ends: (() => Promise<unknown>)[]): Promise<LoadResult> {
  const running = await startLoad(folder, run, ends, run.say);
  const { world } = running;
  const relayers: Child<unknown>[] = [];
  for (const index of run.processes.keys()) relayers.push(await running.startRelayer(index));

  async function look(): Promise<Look> {
    const [chainStats, progress, worldUsage, ...rest] = await Promise.all([
      world.call('stats') as Promise<WorldStats>,
      running.progress(),
      world.usage(),
      ...relayers.map(async (relayer) => {
        return { usage: await relayer.usage(), stats: (await relayer.call('stats')) as RelayerStats };
      }),
    ]);
    return {
      atMs: performance.now(),
      chains: chainStats,
      progress,
      world: worldUsage,
      relayers: rest,
      natsMicros: await cpuMicrosOf(`/proc/${running.natsPid}/stat`),
    };
  }

  await world.call('load', run.load);
  await warmedUp(run, async () => ((await world.call('stats')) as WorldStats).delivered);
  const [first] = relayers;
  await betweenBlocks(run, async () => sum((await running.progress()).delivered));
  if (run.profile) await first?.call('profileStart');
  const before = await look();
  const memory: number[] = [];
  const windowMs = Math.ceil((run.seconds * 1_000) / run.blockMs) * run.blockMs;
  const beganMs = performance.now();
  for (let looks = 1; looks <= MEMORY_LOOKS; looks++) {
    const leftMs = beganMs + (windowMs * looks) / MEMORY_LOOKS - performance.now();
    if (leftMs > 0) await systemClock.sleep(leftMs);
    memory.push(sum((await Promise.all(relayers.map(async (one) => one.usage()))).map(({ rssBytes }) => rssBytes)));
  }
  const after = await look();
  const profile = run.profile ? ((await first?.call('profileStop')) as Profile) : null;
  await world.call('load', { kind: 'none' } satisfies Load);
  const end = await drained(run, look);
  return result(before, after, end, memory, profile);
}

interface Look {
  readonly atMs: number;
  readonly chains: WorldStats;
  readonly progress: WorldProgress;
  readonly world: Usage;
  readonly relayers: readonly { readonly usage: Usage; readonly stats: RelayerStats }[];
  readonly natsMicros: number | null;
}

/** A process that starts has code to load and to compile; on a busy host that takes its time. */
async function warmedUp(run: LoadRun, delivered: () => Promise<number>): Promise<void> {
  const begin = performance.now();
  for (;;) {
    const seconds = (performance.now() - begin) / 1_000;
    const count = await delivered();
    if (seconds >= run.warmSeconds && count > 0 && count >= run.warmTransfers) return;
    if (seconds >= WARM_SECONDS_MAX) {
      run.say(`Measured before it was warm: ${count} transfers in ${WARM_SECONDS_MAX} s.`);
      return;
    }
    await systemClock.sleep(LOOK_MS);
  }
}

/**
 * Where blocks are few, a window counts whole ones: it lasts some blocks, and begins in the middle between two, so that none of
 * them lies at an end of it.
 */
async function betweenBlocks({ blockMs }: LoadRun, delivered: () => Promise<number>): Promise<void> {
  const begin = performance.now();
  const before = await delivered();
  while ((await delivered()) === before && performance.now() - begin < 2 * blockMs)
    await systemClock.sleep(blockMs / 50);
  await systemClock.sleep(blockMs / 2);
}

/** Until all that was sent is delivered, and known as delivered, or nothing moves any more. */
async function drained(run: LoadRun, look: () => Promise<Look>): Promise<Look> {
  let moved = performance.now();
  for (let last = -1; ;) {
    const now = await look();
    const { sent, delivered } = now.chains;
    const verifies = now.relayers.flatMap(({ stats }, index) => {
      if (run.processes[index]?.roles.includes('verify') !== true) return [];
      return [{ settled: stats.settled, sent: sum(now.progress.sent.slice(...partOf(run, index))) }];
    });
    const settled = verifies.map((one) => one.settled);
    if (delivered >= sent && verifies.every((one) => one.settled >= one.sent)) return now;
    const progress = sum(settled) + delivered;
    if (progress > last) moved = performance.now();
    last = progress;
    if (performance.now() - moved > DRAIN_SECONDS_MAX * 1_000) {
      run.say(
        `Nothing moved for ${DRAIN_SECONDS_MAX} s: sent ${sent}, delivered ${delivered}, settled ${settled.join(' ')}.`,
      );
      return now;
    }
    await systemClock.sleep(LOOK_MS);
  }
}

function result(before: Look, after: Look, end: Look, memory: readonly number[], profile: Profile | null): LoadResult {
  const wallMs = after.atMs - before.atMs;
  const transfers = Math.max(1, after.chains.delivered - before.chains.delivered);
  const grown = (read: (one: Look['relayers'][number]) => number): number =>
    after.relayers.reduce((sum, one, index) => sum + read(one) - read(before.relayers[index]!), 0);
  const cpuMicros = grown(({ usage }) => usage.cpuMicros);
  const natsMicros =
    after.natsMicros === null || before.natsMicros === null ? null : after.natsMicros - before.natsMicros;
  const mains = after.relayers.map(({ stats }, index) => {
    const was = before.relayers[index]!.stats.mainMicros;
    return stats.mainMicros === null || was === null ? null : stats.mainMicros - was;
  });
  const rssMbByTenth = Array.from({ length: 10 }, (_, tenth) => {
    const looks = memory.slice((tenth * memory.length) / 10, ((tenth + 1) * memory.length) / 10);
    return rounded(sum(looks) / looks.length / MIB);
  });
  const worldMicros = after.world.cpuMicros - before.world.cpuMicros;
  const coresOf = (micros: number): number => rounded(micros / 1_000 / wallMs);
  const complaints = end.relayers.reduce((all, { stats }) => ({ ...all, ...stats.complaints }), {});
  return {
    perSecond: rounded((transfers * 1_000) / wallMs),
    cpuMicrosPerTransfer: rounded(cpuMicros / transfers),
    cores: coresOf(cpuMicros),
    allCores: natsMicros === null ? null : coresOf(cpuMicros + natsMicros + worldMicros),
    busiestCore: mains.includes(null) ? null : coresOf(Math.max(worldMicros, ...(mains as number[]))),
    p50Ms: after.chains.p50Ms,
    p99Ms: after.chains.p99Ms,
    paidP50Ms: after.chains.paidP50Ms,
    paidP99Ms: after.chains.paidP99Ms,
    rssMb: rounded(sum(after.relayers.map(({ usage }) => usage.rssBytes)) / MIB),
    rssMbByTenth,
    rssGrowth: rounded(rssMbByTenth[9]! / rssMbByTenth[3]!),
    lost: end.chains.sent - end.chains.delivered,
    doubled: end.chains.doubled,
    altered: end.chains.altered,
    transfers: end.chains.sent,
    gcPercent: rounded((grown(({ stats }) => stats.gcMs) * 100) / grown(({ stats }) => stats.activeMs)),
    mainThreadMicrosPerTransfer: mains.includes(null) ? null : rounded(Math.max(...(mains as number[])) / transfers),
    natsMicrosPerTransfer: natsMicros === null ? null : rounded(natsMicros / transfers),
    simulationMicrosPerTransfer: rounded(worldMicros / transfers),
    syncedCommitsPerSecond: rounded((grown(({ stats }) => stats.syncedCommits) * 1_000) / wallMs),
    journalBytesPerTransfer: rounded(grown(({ stats }) => stats.bytesWritten) / transfers),
    keccak: end.relayers[0]!.stats.keccak,
    stages: profile && stagesOf(profile, before.relayers[0]!, after.relayers[0]!, transfers),
    profile,
    complaints,
  };
}

/**
 * Samples are wall time. On a host with other work a busy thread also waits for a core, so they are scaled to the CPU time
 * that the main thread had.
 */
function stagesOf(
  profile: Profile,
  before: Look['relayers'][number],
  after: Look['relayers'][number],
  transfers: number,
) {
  const all = after.usage.cpuMicros - before.usage.cpuMicros;
  const main =
    after.stats.mainMicros === null || before.stats.mainMicros === null
      ? Math.min(all, profile.busyMicros)
      : after.stats.mainMicros - before.stats.mainMicros;
  const scale = main / profile.busyMicros;
  return [
    ...profile.stages.map(({ stage, micros }) => ({ stage, cpuMicros: rounded((micros * scale) / transfers) })),
    { stage: 'other threads', cpuMicros: rounded(Math.max(0, all - main) / transfers) },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
