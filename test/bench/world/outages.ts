/**
 * What a relayer that is away costs: how long transfers that were made meanwhile take once it is back, and how long lanes stand
 * still when one of two processes dies. Waits are wall time, looked at every 20 ms.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../relayer/core/clock.ts';
import { rounded } from '../bench.ts';
import { type LoadPlan, type RunningLoad, startLoad } from './startLoad.ts';
import type { Load, WorldStats } from './world.ts';

const LOOK_MS = 20;
const SECONDS_MAX = 90;

export interface Losses {
  readonly lost: number;
  readonly doubled: number;
}

export interface CaughtUp extends Losses {
  readonly pending: number;
  /** From the start of the process until the last of them was paid. */
  readonly clearedSeconds: number;
  /** Until its roles ran: code loaded, journal opened. */
  readonly startedSeconds: number;
}

/** Stops the one process after so many transfers, lets so many others be made, and starts it again. */
export async function measureCatchUp(
  plan: LoadPlan,
  warmTransfers: number,
  pending: number,
  say: (line: string) => void,
): Promise<CaughtUp> {
  return within(plan, say, async (load) => {
    const relayer = await load.startRelayer(0);
    // It was at work before: what is measured is not its first start.
    await setLoad(load, { kind: 'peak', underWay: 2 * pending });
    await until(load, ({ delivered }) => delivered >= warmTransfers);
    await setLoad(load, { kind: 'none' });
    await until(load, ({ sent, delivered }) => delivered >= sent);
    await relayer.stop();
    const before = await stats(load);
    const inAll = Math.ceil(pending / plan.lanes) * plan.lanes;
    await setLoad(load, { kind: 'peak', underWay: inAll });
    await until(load, ({ sent }) => sent >= before.sent + inAll);
    await setLoad(load, { kind: 'none' });
    const began = performance.now();
    await load.startRelayer(0);
    const started = performance.now();
    const end = await until(load, ({ sent, delivered }) => delivered >= sent);
    return {
      pending: end.sent - before.sent,
      clearedSeconds: rounded((performance.now() - began) / 1_000),
      startedSeconds: rounded((started - began) / 1_000),
      ...lossesOf(end),
    };
  });
}

export interface TakenOver extends Losses {
  /** The longest that any lane stood still after the kill, and the median of all lanes. */
  readonly takeOverSeconds: number;
  readonly medianSeconds: number;
  /** The longest that any lane stood still in as much time before it. */
  readonly stillBeforeSeconds: number;
  readonly perSecond: number;
  /** From the end of the load, so long after the kill, until all was paid. */
  readonly loadSeconds: number;
  readonly restSeconds: number;
}

/** Kills a process under a steady load; the others are to go on. */
export async function measureTakeOver(
  plan: LoadPlan,
  killed: number,
  perSecond: number,
  loadSeconds: number,
  say: (line: string) => void,
): Promise<TakenOver> {
  return within(plan, say, async (load) => {
    const relayers = [];
    for (const index of plan.processes.keys()) relayers.push(await load.startRelayer(index));
    await setLoad(load, { kind: 'paced', perSecond });
    await until(load, ({ delivered }) => delivered >= 5 * perSecond);
    const before = await longestStills(load, loadSeconds);
    await relayers[killed]?.kill();
    const stills = await longestStills(load, loadSeconds);
    await setLoad(load, { kind: 'none' });
    const ended = performance.now();
    const end = await until(load, ({ sent, delivered }) => delivered >= sent);
    return {
      takeOverSeconds: rounded(Math.max(...stills) / 1_000),
      medianSeconds: rounded(stills.toSorted((a, b) => a - b)[Math.floor(stills.length / 2)]! / 1_000),
      stillBeforeSeconds: rounded(Math.max(...before) / 1_000),
      perSecond,
      loadSeconds,
      restSeconds: rounded((performance.now() - ended) / 1_000),
      ...lossesOf(end),
    };
  });
}

/** For each lane, the longest time in which nothing of it was paid. */
async function longestStills(load: RunningLoad, seconds: number): Promise<number[]> {
  const began = performance.now();
  let { delivered: last } = await load.progress();
  const movedMs = last.map(() => began);
  const longest = last.map(() => 0);
  for (let now = began; now - began < seconds * 1_000;) {
    await systemClock.sleep(LOOK_MS);
    const { delivered } = await load.progress();
    now = performance.now();
    for (const [lane, count] of delivered.entries()) {
      longest[lane] = Math.max(longest[lane]!, now - movedMs[lane]!);
      if (count > last[lane]!) movedMs[lane] = now;
    }
    last = delivered;
  }
  return longest;
}

async function within<T>(
  plan: LoadPlan,
  say: (line: string) => void,
  measure: (load: RunningLoad) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-bench-'));
  const ends: (() => Promise<unknown>)[] = [async () => rm(folder, { recursive: true, force: true })];
  try {
    return await measure(await startLoad(folder, plan, ends, say));
  } finally {
    for (const end of ends.reverse()) await end().catch((error: unknown) => say(String(error)));
  }
}

async function setLoad(load: RunningLoad, next: Load): Promise<void> {
  await load.world.call('load', next);
}

async function stats(load: RunningLoad): Promise<WorldStats> {
  return (await load.world.call('stats')) as WorldStats;
}

/** The chains once it is so, or when it took too long: then what is missing counts as lost. */
async function until(load: RunningLoad, isSo: (now: WorldStats) => boolean): Promise<WorldStats> {
  const began = performance.now();
  for (;;) {
    const now = await stats(load);
    if (isSo(now) || performance.now() - began > SECONDS_MAX * 1_000) return now;
    await systemClock.sleep(LOOK_MS);
  }
}

function lossesOf({ sent, delivered, doubled, altered }: WorldStats): Losses {
  return { lost: sent - delivered, doubled: doubled + altered };
}
