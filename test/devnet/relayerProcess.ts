/** A `viaduct start` child process: started, stopped and killed as an operator or a crash would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';

export interface RelayerProcess {
  readonly name: string;
  readonly pid: number | undefined;
  readonly logFile: string;
  start(): Promise<void>;
  /** SIGTERM: it drains. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
const READY_LINE = '"started"';
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;
const LOOK_MS = 50;

/** Its log goes to a file; the process counts as started when it says so there. */
export function createRelayerProcess(
  name: string,
  configFile: string,
  logFile: string,
  deps: { readonly clock: Clock },
): RelayerProcess {
  const { clock } = deps;
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    if (ending === undefined) return;
    ending.kill(signal);
    const patience = new AbortController();
    const stubborn = clock.sleep(STOP_MS_MAX, patience.signal).then(
      () => ending.kill('SIGKILL'),
      () => undefined,
    );
    await exited;
    patience.abort();
    await stubborn;
  }

  return {
    name,
    logFile,
    get pid() {
      return child?.pid;
    },
    async start() {
      const before = logLength(logFile);
      const log = openSync(logFile, 'a', 0o600);
      const args = ['--import', 'tsx', 'relayer/cli/main.ts', 'start', '--config', configFile];
      const started = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', log, log] });
      closeSync(log);
      child = started;
      exited = new Promise((resolve) => {
        started.once('close', () => {
          if (child === started) child = undefined;
          resolve();
        });
      });
      const until = clock.now() + READY_MS_MAX;
      while (!readFileSync(logFile, 'utf8').slice(before).includes(READY_LINE)) {
        if (child !== started || clock.now() > until) {
          throw new ViaductError({
            code: 'SETUP_FAILED',
            shortMessage: `${name} did not start.`,
            metaMessages: [`Its log: ${logFile}`, readFileSync(logFile, 'utf8').slice(-1500)],
          });
        }
        await clock.sleep(LOOK_MS);
      }
    },
    stop: async () => end('SIGTERM'),
    kill: async () => end('SIGKILL'),
  };
}

function logLength(file: string): number {
  try {
    return readFileSync(file, 'utf8').length;
  } catch {
    return 0;
  }
}
