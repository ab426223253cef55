/**
 * The local network: two real anvil chains with the contracts deployed, each driven by a real consensus layer,
 * nats-server, three attesters with a threshold of two, and a relayer, each a process of its own. Keys come from the
 * well-known test mnemonic, so nothing here may ever hold value; the config refuses these keys outside profile `dev`.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bytesToHex, fromHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { loadManifest, type Manifest } from '../../relayer/manifest/index.ts';
import { type Anvil, devAccounts, startAnvil } from './anvil.ts';
import type { Beacon } from './beacon/index.ts';
import { deployNetwork } from './deployNetwork.ts';
import { freePort } from './freePort.ts';
import { type NatsServer, obtainNatsServer, startNatsServer } from './nats/index.ts';
import { GENESIS_AGE_SECONDS, SPEED, startProofOfStake } from './proofOfStake.ts';
import { createRelayerProcess, type RelayerProcess } from './relayerProcess.ts';

export interface LocalNetworkOptions {
  /** Its files: configs, keys, data, logs. Emptied at the start. */
  readonly dir: string;
  /** 0 = any free port. */
  readonly apiPort: number;
  readonly clock: Clock;
  /** `ethereum` (default): proof-of-stake chains with finality; `confirmations`: bare nodes. */
  readonly lightClient?: 'ethereum' | 'confirmations';
  say(line: string): void;
}

export interface LocalChain {
  readonly name: string;
  readonly anvil: Anvil;
  /** Undefined when the chain is a bare node. */
  readonly beacon: Beacon | undefined;
}

export interface LocalNetwork {
  readonly dir: string;
  readonly manifest: Manifest;
  /** The relayer's config file. */
  readonly config: string;
  readonly apiUrl: string;
  readonly natsUrl: string;
  readonly chains: readonly LocalChain[];
  /** Seconds of chain time in one of the wall clock. */
  readonly speed: number;
  readonly nats: NatsServer;
  readonly attesters: readonly RelayerProcess[];
  readonly relayer: RelayerProcess;
  /** A development account with tokens and coins on both chains. */
  readonly user: { readonly address: Uint8Array; readonly key: Uint8Array };
  /** Where a process keeps its journal. */
  dataDir(name: string): string;
  stop(): Promise<void>;
}

const CHAINS = [
  { name: 'anvil-a', chainId: 31337 },
  { name: 'anvil-b', chainId: 31338 },
] as const;
const BLOCK_SECONDS = 1;
const CONFIRMATIONS = 2;
const POLL_MS = 200;

/** Accounts of the test mnemonic, by what they are for. */
const ACCOUNT = { deployer: 0, attesters: [1, 2, 3], submitter: 4, user: 5 } as const;

export async function startLocalNetwork(options: LocalNetworkOptions, signal: AbortSignal): Promise<LocalNetwork> {
  const { clock, say } = options;
  const isProofOfStake = (options.lightClient ?? 'ethereum') === 'ethereum';
  const dir = resolve(options.dir);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<LocalNetwork> {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(join(dir, 'logs'), { recursive: true });
    const binary = await obtainNatsServer({ say });
    const nats = await startNatsServer({ binary: binary.path, clock });
    stops.push(async () => nats.dispose());
    say(`nats-server ${binary.version} at ${nats.url}`);

    const timestamp = Math.floor(clock.now() / 1000) - GENESIS_AGE_SECONDS;
    const nodes = await Promise.all(
      CHAINS.map(async ({ name, chainId }) => {
        const past = isProofOfStake ? { timestamp } : {};

        return { name, anvil: await startAnvil({ chainId, clock, ...past }) };
      }),
    );
    for (const { name, anvil } of nodes) {
      stops.push(async () => anvil.stop());
      say(`${name} (eip155:${anvil.chainId}) at ${anvil.url}`);
    }

    const accounts = devAccounts(10);
    const keyOf = (index: number): Uint8Array => accounts[index]!.privateKey;
    const attesters = ACCOUNT.attesters.map((index, i) => ({ name: `attester-${i + 1}`, key: keyOf(index) }));
    const user = { address: fromHex(accounts[ACCOUNT.user]!.address, 20), key: keyOf(ACCOUNT.user) };
    const [a, b] = nodes.map(({ name, anvil }) => ({ name, url: anvil.url, chainId: anvil.chainId }));
    const manifestJson = await deployNetwork(
      {
        chains: [a!, b!],
        deployer: keyOf(ACCOUNT.deployer),
        attesters,
        threshold: 2,
        user: user.address,
        confirmations: CONFIRMATIONS,
      },
      { clock },
      signal,
    );
    // Deployment went block by transaction; from here on blocks come by the clock, as on a real chain.
    const chains = await Promise.all(nodes.map(async (node, index) => letRun(node, index)));
    say(`contracts deployed, assets funded${isProofOfStake ? ', both chains finalize' : ''}`);
    const manifestFile = join(dir, 'manifest.json');
    const text = `${JSON.stringify(manifestJson, null, 2)}\n`;
    writeFileSync(manifestFile, text);
    const manifest = loadManifest(Buffer.from(text), manifestFile);

    const apiPort = options.apiPort === 0 ? await freePort() : options.apiPort;
    writeKey(join(dir, 'user.key'), user.key);
    writeKey(join(dir, 'submitter.key'), keyOf(ACCOUNT.submitter));
    const config = writeConfig('relayer', ['verify', 'plan', 'submit', 'api']);
    const attesterProcesses = attesters.map(({ name, key }) => {
      writeKey(join(dir, `${name}.key`), key);
      return createRelayerProcess(name, writeConfig(name, ['verify', 'attest']), join(dir, 'logs', `${name}.log`), {
        clock,
      });
    });
    const relayer = createRelayerProcess('relayer', config, join(dir, 'logs', 'relayer.log'), { clock });
    for (const running of [...attesterProcesses, relayer]) stops.push(async () => running.stop());
    await Promise.all([...attesterProcesses, relayer].map(async (running) => running.start()));
    say(`three attesters (threshold 2) and a relayer, API at http://127.0.0.1:${apiPort}`);

    async function letRun(node: Pick<LocalChain, 'name' | 'anvil'>, index: number): Promise<LocalChain> {
      const { anvil } = node;
      if (!isProofOfStake) {
        await anvil.rpc('evm_setAutomine', [false]);
        await anvil.rpc('evm_setIntervalMining', [BLOCK_SECONDS]);
        return { ...node, beacon: undefined };
      }
      const { beacon, lightClient } = await startProofOfStake(anvil);
      stops.push(async () => beacon.stop());
      Object.assign((manifestJson['chains'] as object[])[index] as object, { lightClient });
      return { ...node, beacon };
    }

    function writeConfig(name: string, roles: readonly string[]): string {
      const file = join(dir, `${name}.yaml`);
      const lines = [
        'manifest: ./manifest.json',
        `dataDir: ./data/${name}`,
        `roles: [${roles.join(', ')}]`,
        'chains:',
        ...chains.flatMap(({ name: chain, anvil, beacon }) => [
          `  ${chain}:`,
          '    endpoints:',
          `      - url: ${anvil.url}`,
          `        ws: ${anvil.wsUrl}`,
          ...(beacon === undefined ? [] : ['    beacon:', `      - url: ${beacon.url}`]),
          `    pollMs: ${POLL_MS}`,
          ...(roles.includes('submit') ? ['    accounts:', '      - key: ${file:./submitter.key}'] : []),
        ]),
        ...(roles.includes('attest') ? ['attester:', `  name: ${name}`, `  key: \${file:./${name}.key}`] : []),
        `nats: { url: '${nats.url}' }`,
        ...(roles.includes('api') ? [`api: { host: 127.0.0.1, port: ${apiPort} }`] : []),
        'log: { level: info, format: json }',
        'tuning: { certificateRepublishMs: 5000, workResendMs: 10000, replaceMs: 10000 }',
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return file;
    }

    return {
      dir,
      manifest,
      config,
      apiUrl: `http://127.0.0.1:${apiPort}`,
      natsUrl: nats.url,
      chains,
      speed: isProofOfStake ? SPEED : 1,
      nats,
      attesters: attesterProcesses,
      relayer,
      user,
      dataDir: (name) => join(dir, 'data', name),
      stop,
    };
  }
}

/** Private keys are for their owner only, even the ones that everybody knows. */
function writeKey(file: string, key: Uint8Array): void {
  writeFileSync(file, `${bytesToHex(key)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}
