/** A measured run on lanes of the local network, booked for the judgement at the end. */
import type { LaneLoad } from '../../load/networkLoad.ts';
import { bookLoad, type LocalWorld, openLane, underLoad } from './localWorld.ts';
import { type LanesRun, measureLanes } from './measureLanes.ts';

export interface Load {
  readonly load: LaneLoad;
  /** Deposits in one transaction. */
  readonly batch: number;
  /** Undefined: as many as the chain takes. */
  readonly perSecond?: number;
  readonly countMax?: number;
}

export async function measureLoads(
  world: LocalWorld,
  loads: readonly Load[],
  options: Parameters<typeof measureLanes>[2],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<LanesRun> {
  const lanes = loads.map((one) => underLoad(world, one.load, one));
  const run = await measureLanes(world, lanes, options, say, signal);
  for (const [index, { report }] of run.lanes.entries()) {
    const load = loads[index]?.load;
    if (load !== undefined) bookLoad(world, load, report);
  }
  return run;
}

const WARM_UP = 20;
const WARM_UP_SECONDS = 10;

/** A few transfers: members of a vault with empty journals sign nothing for some blocks, and what they sign later is the same. */
export async function warmUp(
  world: LocalWorld,
  lanes: readonly { readonly source: string; readonly target: string }[],
  signal: AbortSignal,
): Promise<void> {
  const loads = lanes.map(({ source, target }) => ({
    load: openLane(world, source, target, { seed: 'warm up', holders: WARM_UP, senders: 1 }),
    batch: WARM_UP,
    countMax: WARM_UP,
  }));
  const options = { seconds: WARM_UP_SECONDS, rest: new Map<string, number>() };
  await measureLoads(world, loads, options, () => undefined, signal);
}
