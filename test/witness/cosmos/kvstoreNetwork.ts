/**
 * Four real CometBFT validators on loopback over CometBFT's own example application, a key-value store whose transactions
 * can change the validators. Nodes can be killed and started again.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../relayer/core/clock.ts';
import { freePort } from '../../devnet/freePort.ts';
import { runCommand } from '../../devnet/nats/runCommand.ts';
import { startTied, type TiedProcess } from '../tiedProcess.ts';
import { withToml } from '../toml.ts';
import { rawCall } from './rawRpc.ts';

export interface KvNode {
  readonly url: string;
  /** Base64 of its validator key. */
  readonly publicKey: string;
  readonly address: string;
  start(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Undefined while it does not answer. */
  height(): Promise<bigint | undefined>;
}

export interface KvNetwork {
  readonly chainId: string;
  readonly nodes: readonly KvNode[];
  /** Sends a transaction to the first node; the height of its block. */
  send(tx: string): Promise<bigint>;
  /** Gives a validator another power, 0 to remove it; the height of the transaction's block. */
  setPower(node: KvNode, power: number): Promise<bigint>;
  waitFor(height: bigint, node?: KvNode): Promise<void>;
  stop(): Promise<void>;
}

export interface KvNetworkOptions {
  readonly binary: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly validators?: number;
}

const COMMIT_MS = 200;
const WAIT_MS_MAX = 60_000;

export async function startKvNetwork(options: KvNetworkOptions): Promise<KvNetwork> {
  const { binary, clock, signal, validators = 4 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-comet-'));
  await runCommand(binary, ['testnet', '--v', `${validators}`, '--o', folder]);
  const homes = Array.from({ length: validators }, (_, index) => join(folder, `node${index}`));
  const ports = await Promise.all(homes.map(async () => ({ rpc: await freePort(), p2p: await freePort() })));
  const ids = await Promise.all(
    homes.map(async (home) => (await runCommand(binary, ['show-node-id', '--home', home])).trim()),
  );
  for (const [index, home] of homes.entries()) {
    const { rpc, p2p } = ports[index]!;
    const peers = ids.flatMap((id, other) => (other === index ? [] : [`${id}@127.0.0.1:${ports[other]!.p2p}`]));
    const file = join(home, 'config/config.toml');
    const text = withToml(await readFile(file, 'utf8'), {
      '': { proxy_app: 'persistent_kvstore', log_level: 'error' },
      rpc: { laddr: `tcp://127.0.0.1:${rpc}`, pprof_laddr: '' },
      p2p: {
        ...{ laddr: `tcp://127.0.0.1:${p2p}`, persistent_peers: peers.join(','), pex: false },
        ...{ addr_book_strict: false, allow_duplicate_ip: true },
      },
      consensus: { timeout_commit: `${COMMIT_MS}ms` },
    });
    await writeFile(file, text);
  }
  const genesis = JSON.parse(await readFile(join(homes[0]!, 'config/genesis.json'), 'utf8')) as { chain_id: string };
  const nodes = await Promise.all(homes.map(async (home, index) => nodeAt(home, ports[index]!.rpc)));

  async function nodeAt(home: string, port: number): Promise<KvNode> {
    const key = JSON.parse(await readFile(join(home, 'config/priv_validator_key.json'), 'utf8')) as {
      address: string;
      pub_key: { value: string };
    };
    const url = `http://127.0.0.1:${port}`;
    let child: TiedProcess | undefined;
    return {
      ...{ url, publicKey: key.pub_key.value, address: key.address },
      start: async () => {
        if (child?.running() === true) return;
        child = startTied({ binary, args: ['node', '--home', home], logFile: join(home, 'node.log'), clock });
        await Promise.resolve();
      },
      kill: async () => child?.stop('SIGKILL'),
      height: async () => {
        if (child?.running() === false) throw new Error(`a node ended: ${child.lastWords().join(' | ')}`);
        try {
          const answer = await rawCall(url, 'status', {});
          const result = (answer.kind === 'result' ? answer.result : undefined) as
            { sync_info: { latest_block_height: string } } | undefined;
          return result === undefined ? undefined : BigInt(result.sync_info.latest_block_height);
        } catch {
          return undefined;
        }
      },
    };
  }

  const waitFor = async (height: bigint, node = nodes[0]!): Promise<void> => {
    const until = clock.now() + WAIT_MS_MAX;
    while (((await node.height()) ?? 0n) < height) {
      if (clock.now() > until) throw new Error(`the network did not reach height ${height}`);
      await clock.sleep(50, signal);
    }
  };
  const send = async (tx: string): Promise<bigint> => {
    const answer = await rawCall(nodes[0]!.url, 'broadcast_tx_commit', { tx: Buffer.from(tx).toString('base64') });
    if (answer.kind === 'error') throw new Error(`the network refused a transaction: ${JSON.stringify(answer.error)}`);
    const result = answer.result as { height: string; check_tx: { code: number }; tx_result: { code: number } };
    if (result.check_tx.code !== 0 || result.tx_result.code !== 0) throw new Error('the application refused it');
    return BigInt(result.height);
  };
  const network: KvNetwork = {
    ...{ chainId: genesis.chain_id, nodes, send, waitFor },
    setPower: async ({ publicKey }, power) => send(`val=ed25519!${publicKey}!${power}`),
    stop: async () => {
      await Promise.all(nodes.map(async (node) => node.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await Promise.all(nodes.map(async (node) => node.start()));
    await waitFor(2n);
  } catch (error) {
    await network.stop();
    throw error;
  }
  return network;
}
