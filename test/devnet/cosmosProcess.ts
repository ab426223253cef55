/**
 * A local Cosmos chain in a process of its own, so that its work and that of whoever started it do not hold up each other. The
 * child ends when the channel to its parent closes, however the parent ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { CosmosNode } from './cosmosChains.ts';

/** What the child is told, as JSON. */
export interface CosmosProcessOptions {
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  readonly holders: readonly { readonly address: string; readonly coins: Readonly<Record<string, string>> }[];
  readonly blockMs: number;
}

export type CosmosProcessMessage =
  { readonly kind: 'ready'; readonly node: CosmosNode } | { readonly kind: 'failed'; readonly message: string };

export interface CosmosProcess {
  readonly node: CosmosNode;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(import.meta.dirname, 'cosmosMain.ts');

export async function startCosmosProcess(options: CosmosProcessOptions): Promise<CosmosProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, JSON.stringify(options)], {
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
  const node = await ready(child, stderr);
  return {
    node,
    pid: child.pid,
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

async function ready(child: ChildProcess, stderr: readonly string[]): Promise<CosmosNode> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string): void => {
      const metaMessages = [detail, stderr.join('').slice(-1500)];
      reject(
        new ViaductError({ code: 'SETUP_FAILED', shortMessage: 'The local Cosmos chain did not start.', metaMessages }),
      );
    };
    const onExit = (): void => {
      fail('Its process ended.');
    };
    child.once('exit', onExit);
    child.once('message', (message: CosmosProcessMessage) => {
      child.off('exit', onExit);
      if (message.kind === 'ready') resolve(message.node);
      else fail(message.message);
    });
  });
}
