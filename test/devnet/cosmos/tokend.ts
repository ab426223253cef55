/**
 * A real Cosmos SDK chain in place of the local one: `tokend` with a single validator, fresh in a temporary folder, on
 * loopback only. It takes the options of `startLocalCosmos` that make sense for a real chain and answers on the same RPC.
 *
 * What differs: block times are those of the host's clock (they cannot run ahead), blocks cannot be made by hand, nodes
 * do not lie on command, and the prefix is `cosmos`. The validator's stake is a coin of its own, `stake`, so that the
 * supply of the chain's coin changes by nobody's inflation. The faucet is the genesis: holders start with their coins.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../relayer/core/clock.ts';
import { ViaductError } from '../../../relayer/core/errors.ts';
import { startTied, type TiedProcess } from '../../witness/tiedProcess.ts';
import { withToml } from '../../witness/toml.ts';
import { freePort } from '../freePort.ts';
import { runCommand } from '../nats/runCommand.ts';
import type { GenesisHolder } from './app/createApp.ts';

export interface TokendOptions {
  /** The program, from `obtainCosmosBinaries`. */
  readonly binary: string;
  readonly chainId: string;
  /** Multisig vaults are holders like any other. */
  readonly holders: readonly GenesisHolder[];
  readonly denom?: string | undefined;
  readonly feePerThousandGas?: bigint | undefined;
  /** Milliseconds between blocks, as near as consensus keeps to it. */
  readonly blockMs?: number | undefined;
  /** Of the RPC; any free one when not said. */
  readonly port?: number | undefined;
  /** Bytes of a request to the RPC: the node's own default is 1,000,000. */
  readonly bodyBytesMax?: number | undefined;
}

export interface Tokend {
  readonly chainId: string;
  readonly denom: string;
  readonly prefix: 'cosmos';
  readonly blockMs: number;
  /** One node, as `LocalCosmos` has them. */
  readonly nodes: readonly [TokendNode];
  readonly pid: number | undefined;
  /** The chain's latest height. */
  height(): Promise<bigint>;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

export interface TokendNode {
  readonly url: string;
  readonly wsUrl: string;
}

/** The validator's own coin. */
const STAKE = 'stake';
const BLOCK_MS = 1_000;
const DENOM_CREATION_FEE = '10000000';
const READY_MS_MAX = 60_000;
const READY_PAUSE_MS = 50;
const START_TRIES = 3;

export async function startTokend(deps: { readonly clock: Clock }, options: TokendOptions): Promise<Tokend> {
  const { chainId, denom = 'utoken', blockMs = BLOCK_MS } = options;
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-tokend-'));
  const remove = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const home = join(folder, 'home');
    await initialise(home, { ...options, denom, blockMs });
    for (let attempt = 1; ; attempt++) {
      const started = await launch(deps.clock, home, options, attempt === 1 ? options.port : undefined);
      if (started.kind === 'portTaken' && options.port === undefined && attempt < START_TRIES) continue;
      if (started.kind !== 'running') throw failed(started.words);
      const { node, child } = started;
      return {
        ...{ chainId, denom, prefix: 'cosmos', blockMs, nodes: [node], pid: child.pid },
        height: async () => (await readHeight(node.url)) ?? 0n,
        stop: async () => {
          await child.stop();
          await remove();
        },
      };
    }
  } catch (error) {
    await remove();
    throw error;
  }
}

type Filled = TokendOptions & { readonly denom: string; readonly blockMs: number };

async function initialise(home: string, options: Filled): Promise<void> {
  const { binary, chainId, denom, blockMs } = options;
  if (denom === STAKE) throw failed([`the coin ${STAKE} is the validator's`]);
  const run = async (...args: string[]): Promise<string> => runCommand(binary, [...args, '--home', home]);
  const keyring = ['--keyring-backend', 'test'];
  await run('init', 'local', '--chain-id', chainId, '--default-denom', STAKE);
  await run('keys', 'add', 'validator', ...keyring, '--output', 'json');
  await run('genesis', 'add-genesis-account', 'validator', `1000000000${STAKE}`, ...keyring);
  const gentx = ['genesis', 'gentx', 'validator', `500000000${STAKE}`, '--chain-id', chainId];
  await run(...gentx, '--ip', '127.0.0.1', ...keyring);
  await run('genesis', 'collect-gentxs');

  const file = (name: string): string => join(home, 'config', name);
  const genesis: unknown = JSON.parse(await readFile(file('genesis.json'), 'utf8'));
  await writeFile(file('genesis.json'), JSON.stringify(withHolders(genesis, options.holders, denom)));
  const config = withToml(await readFile(file('config.toml'), 'utf8'), {
    rpc: { pprof_laddr: '', max_body_bytes: options.bodyBytesMax ?? 1_000_000 },
    p2p: { pex: false, addr_book_strict: false },
    consensus: { timeout_commit: `${blockMs}ms` },
  });
  await writeFile(file('config.toml'), config);
  const price = options.feePerThousandGas ?? 0n;
  const app = withToml(await readFile(file('app.toml'), 'utf8'), {
    // Thousandths of the coin's smallest unit, as a decimal.
    '': { 'minimum-gas-prices': `${price / 1000n}.${`${price % 1000n}`.padStart(3, '0')}${denom}`, pruning: 'nothing' },
  });
  await writeFile(file('app.toml'), app);
}

interface GenesisJson {
  readonly app_state: {
    readonly auth: { readonly accounts: object[] };
    readonly bank: { readonly balances: object[]; supply: { denom: string; amount: string }[] };
    readonly tokenfactory: { readonly params: { denom_creation_fee: object[] } };
  };
}

/** The genesis with the holders' accounts and coins. Coins of one denom are summed up in the supply. */
export function withHolders(genesis: unknown, holders: readonly GenesisHolder[], denom: string): unknown {
  const copy = structuredClone(genesis) as GenesisJson;
  const { auth, bank, tokenfactory } = copy.app_state;
  const supply = new Map(bank.supply.map((coin) => [coin.denom, BigInt(coin.amount)]));
  for (const { address, coins } of holders) {
    auth.accounts.push({
      '@type': '/cosmos.auth.v1beta1.BaseAccount',
      ...{ address, pub_key: null, account_number: `${auth.accounts.length}`, sequence: '0' },
    });
    const held = Object.entries(coins).sort(([a], [b]) => (a < b ? -1 : 1));
    bank.balances.push({ address, coins: held.map(([name, amount]) => ({ denom: name, amount: `${amount}` })) });
    for (const [name, amount] of held) supply.set(name, (supply.get(name) ?? 0n) + amount);
  }
  bank.supply = [...supply]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, amount]) => ({ denom: name, amount: `${amount}` }));
  tokenfactory.params.denom_creation_fee = [{ denom, amount: DENOM_CREATION_FEE }];
  return copy;
}

type Launched =
  | { readonly kind: 'running'; readonly node: TokendNode; readonly child: TiedProcess }
  | { readonly kind: 'portTaken' | 'failed'; readonly words: readonly string[] };

/** Resolves when there is a block. */
async function launch(
  clock: Clock,
  home: string,
  options: TokendOptions,
  wanted: number | undefined,
): Promise<Launched> {
  const [port, p2p, grpc] = [wanted ?? (await freePort()), await freePort(), await freePort()];
  const child = startTied({
    binary: options.binary,
    // Transactions are simulated by a service that runs only where gRPC does.
    args: [
      ...['start', '--home', home, '--rpc.laddr', `tcp://127.0.0.1:${port}`, '--p2p.laddr', `tcp://127.0.0.1:${p2p}`],
      ...['--grpc.address', `127.0.0.1:${grpc}`, '--grpc-web.enable=false', '--log_level', 'error', '--log_no_color'],
    ],
    logFile: join(home, 'node.log'),
    clock,
  });
  const node: TokendNode = { url: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` };
  const until = clock.now() + READY_MS_MAX;
  while (child.running() && clock.now() < until) {
    if (((await readHeight(node.url)) ?? 0n) >= 1n) return { kind: 'running', node, child };
    await clock.sleep(READY_PAUSE_MS);
  }
  await child.stop('SIGKILL');
  const words = child.lastWords();
  const taken = words.some((line) => line.includes('address already in use'));
  return { kind: taken ? 'portTaken' : 'failed', words };
}

/** Undefined while nobody answers. */
async function readHeight(url: string): Promise<bigint | undefined> {
  try {
    const response = await fetch(`${url}/status`);
    const answer = (await response.json()) as { result?: { sync_info?: { latest_block_height?: string } } };
    return BigInt(answer.result?.sync_info?.latest_block_height ?? '0');
  } catch {
    return undefined;
  }
}

function failed(words: readonly string[]): ViaductError {
  return new ViaductError({ code: 'SETUP_FAILED', shortMessage: 'tokend did not start.', metaMessages: words });
}
