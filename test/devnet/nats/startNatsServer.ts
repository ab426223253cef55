/**
 * A nats-server as a child process on a free loopback port, with JetStream in a folder of its own. It dies with its
 * parent however that dies: a shell beside it waits for the end of a pipe that only the parent holds open.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../../relayer/core/clock.ts';
import { ViaductError } from '../../../relayer/core/errors.ts';
import { freePort } from '../freePort.ts';

export interface NatsServer {
  /** `nats://127.0.0.1:<port>`; the same through stops and starts. */
  readonly url: string;
  readonly pid: number | undefined;
  /** Stops it as an operator would; `start` brings it back with everything it stored. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Stops it, empties its store folder, starts it again. */
  wipe(): Promise<void>;
  /** Copies the store folder (stop it first); the returned function puts the copy back. */
  snapshot(): Promise<() => Promise<void>>;
  /** Stops it and removes everything it left. */
  dispose(): Promise<void>;
}

export interface StartNatsOptions {
  readonly binary: string;
  readonly clock: Clock;
  /** More lines of server configuration, such as accounts. */
  readonly config?: string;
  /** Where its folder is made. Default: the system's temporary folder. */
  readonly parentFolder?: string;
}

const READY = 'Server is ready';
const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;
const PORT_ATTEMPTS = 5;

/**
 * Runs "$0" "$@"; kills it when standard input ends, which happens when the parent is gone; ends when it ends.
 * The first line on standard error is the server's pid.
 */
const GUARD = `
exec 3<&0
"$0" "$@" </dev/null &
server=$!
echo "pid $server" >&2
{ read -r _ <&3; kill -9 $server; } 2>/dev/null &
guard=$!
exec 3<&-
wait $server
code=$?
kill $guard 2>/dev/null
exit $code
`;

/** Throws `SETUP_FAILED` with what the server said. */
export async function startNatsServer(options: StartNatsOptions): Promise<NatsServer> {
  const { binary, clock } = options;
  const folder = await mkdtemp(join(options.parentFolder ?? tmpdir(), 'viaduct-nats-'));
  const store = join(folder, 'store');
  const configFile = join(folder, 'server.conf');
  let port = 0;
  let running: Running | undefined;

  async function writeConfig(): Promise<void> {
    await mkdir(store, { recursive: true });
    const lines = [
      `listen: "127.0.0.1:${port}"`,
      // A bound for reservations, not a size: several networks may share one server.
      `jetstream { store_dir: ${JSON.stringify(store)}, max_file_store: 64GB, max_memory_store: 64MB }`,
      options.config ?? '',
    ];
    await writeFile(configFile, lines.join('\n'));
  }

  async function start(): Promise<void> {
    if (running !== undefined) return;
    await writeConfig();
    running = await launch(binary, configFile, clock);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    ending.signal(signal);
    const patience = new AbortController();
    const stubborn = clock.sleep(STOP_MS_MAX, patience.signal).then(
      () => ending.signal('SIGKILL'),
      () => undefined,
    );
    await ending.exited;
    patience.abort();
    await stubborn;
  }

  for (let attempt = 1; running === undefined; attempt++) {
    port = await freePort();
    try {
      await start();
    } catch (error) {
      // Somebody may have taken the port between asking for it and using it.
      const taken = error instanceof ViaductError && error.message.includes('address already in use');
      if (taken && attempt < PORT_ATTEMPTS) continue;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return running?.pid;
    },
    start,
    stop: async () => end('SIGTERM'),
    kill: async () => end('SIGKILL'),
    async wipe() {
      await end('SIGTERM');
      await rm(store, { recursive: true, force: true });
      await start();
    },
    async snapshot() {
      const copy = await mkdtemp(join(folder, 'copy-'));
      await cp(store, copy, { recursive: true });
      return async () => {
        await rm(store, { recursive: true, force: true });
        await cp(copy, store, { recursive: true });
      };
    },
    async dispose() {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly pid: number;
  readonly exited: Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** Resolves when the server takes connections. */
async function launch(binary: string, configFile: string, clock: Clock): Promise<Running> {
  const child = spawn('/bin/sh', ['-c', GUARD, binary, '-c', configFile], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // Ctrl-C in a terminal goes to the parent alone, which stops its children in its own order.
    detached: true,
  });
  const said: string[] = [];
  let pid: number | undefined;
  let isOver = false;
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      isOver = true;
      resolve();
    });
    child.once('error', (error) => {
      said.push(error.message);
      isOver = true;
      resolve();
    });
  });
  const signal = (name: NodeJS.Signals): void => {
    if (pid !== undefined && !isOver) killQuietly(pid, name);
  };
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: stderrOf(child) }).on('line', (line) => {
      pid ??= Number(/^pid (\d+)$/.exec(line)?.[1] ?? NaN) || undefined;
      if (said.length < 200) said.push(line);
      if (line.includes(READY)) resolve(true);
    });
    exited.then(
      () => resolve(false),
      () => resolve(false),
    );
  });
  const patience = new AbortController();
  const late = clock.sleep(START_MS_MAX, patience.signal).then(
    () => false,
    () => false,
  );
  const isReady = await Promise.race([ready, late]);
  patience.abort();
  if (isReady && pid !== undefined) {
    // An idle test process may end while the server runs.
    child.unref();
    return { pid, exited, signal };
  }
  signal('SIGKILL');
  child.stdin?.end();
  throw new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: 'nats-server did not start.',
    metaMessages: [`Binary: ${binary}.`, ...said.slice(-8)],
  });
}

function stderrOf(child: ChildProcess): NodeJS.ReadableStream {
  if (child.stderr === null) throw new ViaductError({ code: 'BUG', shortMessage: 'The child has no standard error.' });
  return child.stderr;
}

/** The process may have ended by itself in the meantime. */
function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
