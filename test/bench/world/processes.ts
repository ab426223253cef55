/**
 * Child processes of a benchmark, and calls to them. A child ends when the channel to its parent closes, however the parent
 * ended. Each says on request what it used: CPU time of all its threads, and memory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

export interface Child<Ready> {
  readonly pid: number | undefined;
  /** What it said when it was ready. */
  readonly ready: Ready;
  call(method: string, argument?: unknown): Promise<unknown>;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
  /** As a crash does it. */
  kill(): Promise<void>;
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Runs a module of this folder with one JSON argument. */
export async function startChild<Ready>(module: string, options: unknown): Promise<Child<Ready>> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, module), JSON.stringify(options)],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    if (stderr.length < 40) stderr.push(chunk.toString());
  });
  const failure = (what: string): Error => new Error(`${module} ${what}\n${stderr.join('').slice(-3_000)}`);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const { reject } of waiting.values()) reject(failure('ended.'));
      waiting.clear();
      resolve();
    });
  });
  let ids = 0;
  const ready = new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject }));
  child.on('message', ({ id, result, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(failure(`refused: ${error}`));
  });

  async function call(method: string, argument?: unknown): Promise<unknown> {
    if (!child.connected) throw failure('is not running.');
    return new Promise((resolve, reject) => {
      waiting.set(++ids, { resolve, reject });
      child.send({ id: ids, method, argument } satisfies Request);
    });
  }

  return {
    pid: child.pid,
    ready: (await ready) as Ready,
    call,
    usage: async () => (await call('usage')) as Usage,
    stop: async () => endChild(child, exited),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function endChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  await exited;
}

/** The child's side: answers calls, says `ready`, ends with the channel after `stop`. */
export function answerParent(
  methods: Readonly<Record<string, (argument: unknown) => unknown>>,
  ready: unknown,
  stop: () => Promise<void> = async () => Promise.resolve(),
): void {
  const all: typeof methods = { ...methods, usage };
  const send = (answer: Answer): void => void process.send?.(answer);
  process.on('message', (request: Request) => {
    const { id, method, argument } = request;
    Promise.resolve()
      .then(() => all[method]?.(argument))
      .then(
        (result) => send({ id, result }),
        (error: unknown) =>
          send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.once('disconnect', () => {
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  send({ id: 0, result: ready });
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
}

/** User and system time by a `stat` file of Linux's /proc, in ticks of 10 ms; null on other hosts. */
export async function cpuMicrosOf(path: string): Promise<number | null> {
  try {
    const stat = await readFile(path, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return null;
  }
}
