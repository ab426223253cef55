/** What a load run is made of: nats-server, the simulated chains and the relayers, each a process of its own. */
import { basename, join } from 'node:path';
import type { Role, Tuning } from '../../../relayer/config/index.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { obtainNatsServer, startNatsServer } from '../../devnet/nats/index.ts';
import { type Child, startChild } from './processes.ts';
import type { RelayerOptions } from './relayerMain.ts';
import type { WorldOptions, WorldProgress } from './world.ts';

/** One relayer process. */
export interface ProcessPlan {
  readonly roles: readonly Role[];
  /** The second of four parts of the chains is `[1, 4]`. Default: all of them. */
  readonly part?: readonly [index: number, of: number];
}

export interface LoadPlan extends WorldOptions {
  /** Accounts of each target chain, in each process that submits. */
  readonly accounts: number;
  readonly processes: readonly ProcessPlan[];
  readonly tuning: Partial<Tuning>;
}

export interface RunningLoad {
  readonly natsPid: number | undefined;
  readonly world: Child<unknown>;
  progress(): Promise<WorldProgress>;
  /** Starts a process of the plan, or starts it again with what it left on disk. */
  startRelayer(index: number): Promise<Child<unknown>>;
}

/** `ends` takes what stops it all, to be called in reverse. */
export async function startLoad(
  folder: string,
  plan: LoadPlan,
  ends: (() => Promise<unknown>)[],
  say: (line: string) => void,
): Promise<RunningLoad> {
  const { path } = await obtainNatsServer({ say });
  const nats = await startNatsServer({ binary: path, clock: systemClock });
  ends.push(async () => nats.dispose());
  const { chains, chunkSize, lanes, blockMs, transactionsMax } = plan;
  const worldOptions: WorldOptions = { chains, chunkSize, lanes, blockMs, transactionsMax };
  // Named pipes of Windows live in a place of their own.
  const socket = process.platform === 'win32' ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, 'world');
  const world = await startChild('worldMain.ts', { ...worldOptions, socket });
  ends.push(async () => world.stop());

  return {
    natsPid: nats.pid,
    world,
    progress: async () => (await world.call('progress')) as WorldProgress,
    async startRelayer(index) {
      const { roles } = plan.processes[index]!;
      const options: RelayerOptions = {
        name: `relayer-${index}`,
        roles,
        chains,
        part: partOf(plan, index),
        chunkSize,
        accounts: plan.accounts,
        pollMs: blockMs,
        world: socket,
        natsUrl: nats.url,
        folder,
        tuning: plan.tuning,
      };
      const relayer = await startChild('relayerMain.ts', options);
      ends.push(async () => relayer.stop());
      return relayer;
    },
  };
}

/** Chains [first, end) of a process, and so the lanes out of them; both chains of a pair. */
export function partOf({ chains, processes }: LoadPlan, process: number): readonly [first: number, end: number] {
  const [index, of] = processes[process]?.part ?? [0, 1];
  const pairs = chains / 2;
  const startOf = (at: number): number => 2 * Math.floor((pairs * at) / of);
  return [startOf(index), startOf(index + 1)];
}
