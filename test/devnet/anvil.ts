/**
 * A real anvil node as a child process, on a free loopback port, with the accounts of the well-known test mnemonic.
 *
 * The child does not outlive its parent, however that ends: the shell that becomes anvil leaves a reader behind on a pipe
 * from the parent, and the pipe's end, without a word before, kills anvil.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { mnemonicToAccount } from 'viem/accounts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { freePort } from './freePort.ts';

export const DEV_MNEMONIC = 'test test test test test test test test test test test junk';

export interface AnvilOptions {
  readonly chainId: number;
  /** A free port when left out. */
  readonly port?: number;
  /** Blocks every so many seconds; without it a block per transaction, or none by itself when `mining` is 'manual'. */
  readonly blockTimeSeconds?: number;
  /** `automatic`: at once for each transaction (default); `mixed`: that, and by time; `manual`: only on request. */
  readonly mining?: 'automatic' | 'mixed' | 'manual';
  readonly hardfork?: string;
  readonly mnemonic?: string;
  readonly accounts?: number;
  /** Time of block 0, Unix seconds. */
  readonly timestamp?: number;
  readonly extraArguments?: readonly string[];
  readonly clock?: Clock;
}

export interface DevAccount {
  readonly address: string;
  /** 32 bytes. Known to everybody: never fund it on a public network. */
  readonly privateKey: Uint8Array;
}

export interface Anvil {
  readonly url: string;
  readonly wsUrl: string;
  readonly chainId: number;
  readonly accounts: readonly DevAccount[];
  /** One raw JSON-RPC call: `evm_mine`, `anvil_setBalance` and so on. */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

const READY_TRIES = 200;
const READY_PAUSE_MS = 25;

export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const clock = options.clock ?? systemClock;
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const child = spawnTied(anvilBinary(), anvilArguments(options, port));
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    if (stderr.length < 20) stderr.push(chunk.toString());
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.removeListener('exit', kill);
      // The word that tells the reader there is nothing left to kill.
      (child.stdio[LEASH] as Writable | null | undefined)?.end('done\n');
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });

  let id = 0;
  const rpc = async (method: string, params: readonly unknown[] = []): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
    });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error !== undefined) {
      throw new ViaductError({
        code: 'SETUP_FAILED',
        shortMessage: `anvil refused ${method}: ${answer.error.message}`,
      });
    }
    return answer.result;
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };

  await waitUntilReady(rpc, child, clock, () => stderr.join('').slice(0, 500));
  return {
    url,
    wsUrl: `ws://127.0.0.1:${port}`,
    chainId: options.chainId,
    accounts: devAccounts(options.accounts ?? 10, options.mnemonic),
    rpc,
    stop,
  };
}

/** The accounts m/44'/60'/0'/0/i of a mnemonic. */
export function devAccounts(count: number, mnemonic: string = DEV_MNEMONIC): DevAccount[] {
  return Array.from({ length: count }, (_, addressIndex) => {
    const account = mnemonicToAccount(mnemonic, { addressIndex });
    const key = account.getHdKey().privateKey;
    if (!key) throw new ViaductError({ code: 'BUG', shortMessage: 'The mnemonic gave no private key.' });
    return { address: account.address.toLowerCase(), privateKey: new Uint8Array(key) };
  });
}

/** The anvil binary of the npm platform package, or the one in PATH; undefined when there is none. */
export function findAnvil(): string | undefined {
  const machine = process.arch === 'x64' ? 'amd64' : process.arch;
  const system = process.platform === 'win32' ? 'win32' : process.platform;
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  const root = path.resolve(import.meta.dirname, '../..');
  const packaged = path.join(root, 'node_modules/@foundry-rs', `anvil-${system}-${machine}`, 'bin', name);
  const inPath = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, name));
  return [packaged, ...inPath].find((file) => existsSync(file));
}

/** The file descriptor of the pipe that ends with the parent. */
const LEASH = 3;
const TIED = `{ read -r _ <&${LEASH} || kill "$$"; } & exec "$@" ${LEASH}<&-`;

function spawnTied(binary: string, args: readonly string[]): ChildProcess {
  if (process.platform === 'win32') return spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const child = spawn('/bin/sh', ['-c', TIED, 'sh', binary, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  // The reader may be gone first.
  child.stdio[LEASH]?.on('error', () => undefined);
  return child;
}

function anvilBinary(): string {
  const found = findAnvil();
  if (found !== undefined) return found;
  throw new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: 'No anvil binary found.',
    metaMessages: ['Run `npm ci` (optional dependencies on), or install Foundry so that `anvil` is in PATH.'],
  });
}

function anvilArguments(options: AnvilOptions, port: number): string[] {
  const mining = options.mining ?? 'automatic';
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(options.chainId)],
    ...['--hardfork', options.hardfork ?? 'osaka', '--accounts', String(options.accounts ?? 10)],
    ...['--mnemonic', options.mnemonic ?? DEV_MNEMONIC, '--silent', '--enable-tx-gas-limit'],
    ...(mining === 'manual' ? ['--no-mining'] : []),
    ...(mining === 'mixed' ? ['--mixed-mining'] : []),
    ...(options.blockTimeSeconds === undefined ? [] : ['--block-time', String(options.blockTimeSeconds)]),
    ...(options.timestamp === undefined ? [] : ['--timestamp', String(options.timestamp)]),
    ...(options.extraArguments ?? []),
  ];
}

async function waitUntilReady(
  rpc: (method: string) => Promise<unknown>,
  child: ChildProcess,
  clock: Clock,
  output: () => string,
): Promise<void> {
  for (let i = 0; i < READY_TRIES; i++) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    try {
      await rpc('eth_chainId');
      return;
    } catch {
      await clock.sleep(READY_PAUSE_MS);
    }
  }
  child.kill('SIGKILL');
  throw new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: 'anvil did not become ready.',
    metaMessages: [output()],
  });
}
