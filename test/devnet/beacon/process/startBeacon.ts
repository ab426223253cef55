/**
 * A beacon chain in a process of its own: one preset a process, and its work does not disturb the parent. The child ends
 * when the channel to its parent closes, however the parent ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ViaductError } from '../../../../relayer/core/errors.ts';
import type { Participation } from '../beaconChain.ts';
import type { ChainClock } from '../paceSlots.ts';
import type { AnswerMessage, BeaconCalls, BeaconInfo, BeaconProcessOptions } from './protocol.ts';

export interface Beacon {
  /** Its Beacon API. */
  readonly url: string;
  readonly pid: number | undefined;
  info(): Promise<BeaconInfo>;
  mine(slots: number): Promise<BeaconInfo>;
  /** Slots without a block. */
  miss(slots: number): Promise<BeaconInfo>;
  reorg(depth: number): Promise<BeaconInfo>;
  setParticipation(participation: Participation): Promise<BeaconInfo>;
  /** From now on a slot every so many milliseconds. The answer says how chain time runs. */
  pace(slotMs: number): Promise<ChainClock>;
  halt(): Promise<BeaconInfo>;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../../../..');
const MAIN = join(import.meta.dirname, 'main.ts');

export async function startBeacon(options: BeaconProcessOptions): Promise<Beacon> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, JSON.stringify(options)], {
    cwd: ROOT,
    env: { ...process.env, LODESTAR_PRESET: 'minimal' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    if (stderr.length < 20) stderr.push(chunk.toString());
  });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const { reject } of waiting.values()) reject(failure('The beacon chain ended.', stderr));
      waiting.clear();
      resolve();
    });
  });
  const url = await ready(child, stderr);
  child.on('message', (message: AnswerMessage) => {
    if (message.kind === 'failed') stderr.push(message.message);
    if (message.kind !== 'result' && message.kind !== 'error') return;
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'result') call?.resolve(message.result);
    else call?.reject(failure(`The beacon chain refused: ${message.message}`, stderr));
  });

  let id = 0;
  async function call<M extends keyof BeaconCalls>(
    method: M,
    argument: BeaconCalls[M]['argument'],
  ): Promise<BeaconCalls[M]['result']> {
    if (!child.connected) throw failure('The beacon chain is not running.', stderr);
    return new Promise((resolve, reject) => {
      waiting.set(++id, { resolve: resolve, reject });
      child.send({ id, method, argument });
    });
  }

  return {
    url,
    get pid() {
      return child.pid;
    },
    info: async () => call('info', null),
    mine: async (slots) => call('mine', slots),
    miss: async (slots) => call('miss', slots),
    reorg: async (depth) => call('reorg', depth),
    setParticipation: async (participation) => call('participation', participation),
    pace: async (slotMs) => call('pace', slotMs),
    halt: async () => call('halt', null),
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

async function ready(child: ChildProcess, stderr: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => {
      reject(failure('The beacon chain did not start.', stderr));
    };
    child.once('exit', onExit);
    child.once('message', (message: AnswerMessage) => {
      child.off('exit', onExit);
      if (message.kind === 'ready') resolve(message.url);
      else reject(failure('The beacon chain did not start.', [JSON.stringify(message)]));
    });
  });
}

function failure(shortMessage: string, output: readonly string[]): ViaductError {
  return new ViaductError({ code: 'SETUP_FAILED', shortMessage, metaMessages: [output.join('').slice(-1500)] });
}
