/**
 * A local chain in a process of its own, so that its work and that of whoever started it do not hold up each other. The child is
 * told its options as JSON, says where its nodes are, and ends when the channel to its parent closes, however the parent ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ViaductError } from '../../relayer/core/errors.ts';

export type ChainProcessMessage =
  { readonly kind: 'ready'; readonly node: unknown } | { readonly kind: 'failed'; readonly message: string };

export interface ChainProcess<Node> {
  readonly node: Node;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');

/** `main`: a file beside this one that calls `serveChain`. `what`: for people, such as `Cosmos`. */
export async function startChainProcess<Node>(
  main: string,
  what: string,
  options: unknown,
): Promise<ChainProcess<Node>> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, main), JSON.stringify(options)], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    if (stderr.length < 20) stderr.push(chunk.toString());
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const node = (await ready(child, what, stderr)) as Node;
  return {
    node,
    pid: child.pid,
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** The child's side: starts the chain and tells the parent, or tells it why not. */
export async function serveChain<Options>(start: (options: Options) => Promise<unknown>): Promise<void> {
  process.on('disconnect', () => {
    process.exit(0);
  });
  const tell = (message: ChainProcessMessage): void => {
    process.send?.(message);
  };
  try {
    tell({ kind: 'ready', node: await start(JSON.parse(process.argv[2] ?? '{}') as Options) });
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
    process.disconnect();
  }
}

async function ready(child: ChildProcess, what: string, stderr: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string): void => {
      reject(
        new ViaductError({
          code: 'SETUP_FAILED',
          shortMessage: `The local ${what} chain did not start.`,
          metaMessages: [detail, stderr.join('').slice(-1500)],
        }),
      );
    };
    const onExit = (): void => {
      fail('Its process ended.');
    };
    child.once('exit', onExit);
    child.once('message', (message: ChainProcessMessage) => {
      child.off('exit', onExit);
      if (message.kind === 'ready') resolve(message.node);
      else fail(message.message);
    });
  });
}
