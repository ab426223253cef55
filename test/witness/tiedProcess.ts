/**
 * A real node as a child process that does not outlive its parent, however that ends: the shell that becomes the node
 * leaves a reader behind on a pipe from the parent, and the pipe's end, without a word before, kills the node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Clock } from '../../relayer/core/clock.ts';

export interface TiedProcess {
  readonly pid: number | undefined;
  /** Everything it prints goes here. */
  readonly logFile: string;
  /** True until it has ended. */
  running(): boolean;
  /** The last lines that it printed. */
  lastWords(lines?: number): string[];
  /** SIGTERM, and SIGKILL when that does not help; or at once with SIGKILL. Resolves when it is gone. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface TiedOptions {
  readonly binary: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** The file descriptor of the pipe that ends with the parent. */
const LEASH = 3;
const TIED = `{ read -r _ <&${LEASH} || kill "$$"; } & exec "$@" ${LEASH}<&-`;
const STOP_MS_MAX = 10_000;

export function startTied(options: TiedOptions): TiedProcess {
  const { binary, args, logFile, clock } = options;
  const log = openSync(logFile, 'a');
  // The shell's own log of jobs is of no interest, the node's output is.
  const child: ChildProcess = spawn('/bin/sh', ['-c', TIED, 'sh', binary, ...args], {
    stdio: ['ignore', log, log, 'pipe'],
    env: { ...process.env, ...options.env },
    // Ctrl-C in a terminal goes to the parent alone, which stops its children in its own order.
    detached: true,
  });
  closeSync(log);
  const leash = child.stdio[LEASH] as Writable | null | undefined;
  // The reader may be gone first.
  leash?.on('error', () => undefined);
  let over = false;
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      over = true;
      process.removeListener('exit', kill);
      // The word that tells the reader there is nothing left to kill.
      leash?.end('done\n');
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });

  return {
    pid: child.pid,
    logFile,
    running: () => !over,
    lastWords: (lines = 8) => {
      const words = readFileSync(logFile, 'utf8').trimEnd().split('\n');
      return words.slice(-lines).map((line) => line.slice(0, 400));
    },
    stop: async (signal = 'SIGTERM') => {
      if (over) return;
      child.kill(signal);
      const patience = new AbortController();
      const stubborn = clock.sleep(STOP_MS_MAX, patience.signal).then(kill, () => undefined);
      await exited;
      patience.abort();
      await stubborn;
    },
  };
}
