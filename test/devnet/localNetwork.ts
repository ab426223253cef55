/**
 * The local network: chains of every family with a gateway on each, nats-server, three attesters with a threshold of two, and
 * a relayer, each a process of its own. EVM chains are real anvil nodes driven by a real consensus layer; Cosmos chains are
 * our own, or real nodes where Go is. Keys come from the well-known test mnemonic, so nothing here may ever hold value; the config refuses these
 * keys outside profile `dev`.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bytesToHex, fromHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { loadManifest, type Manifest } from '../../relayer/manifest/index.ts';
import { type Anvil, devAccounts, startAnvil } from './anvil.ts';
import type { Beacon } from './beacon/index.ts';
import { type CosmosNode, type RunningCosmosChain, startCosmosChain, vaultSecret } from './cosmosChains.ts';
import { deployNetwork } from './deployNetwork.ts';
import { deployForwarderFactories, forwardLines } from './forwarders.ts';
import { freePort } from './freePort.ts';
import { type NatsServer, obtainNatsServer, startNatsServer } from './nats/index.ts';
import {
  FAMILIES,
  type LocalFamily,
  type PlannedCosmosChain,
  type PlannedEvmChain,
  type PlannedSubstrateChain,
  planFor,
} from './networkPlan.ts';
import { GENESIS_AGE_SECONDS, SPEED, startProofOfStake } from './proofOfStake.ts';
import {
  type RunningSubstrateChain,
  startSubstrateChains,
  SUBMITTER_SEED,
  type SubstrateNode,
} from './substrateChains.ts';
import { obtainModernSpecs } from './substrate/modernSpecs.ts';
import { createRelayerProcess, type RelayerProcess } from './relayerProcess.ts';

export interface LocalNetworkOptions {
  /** Its files: configs, keys, data, logs. Emptied at the start. */
  readonly dir: string;
  /** 0 = any free port. */
  readonly apiPort: number;
  readonly clock: Clock;
  /** All of them when left out. */
  readonly families?: readonly LocalFamily[];
  /** Names of chains that are there only when asked for. */
  readonly extraChains?: readonly string[];
  /** Of the EVM chains. `ethereum` (default): proof-of-stake chains with finality; `confirmations`: bare nodes. */
  readonly lightClient?: 'ethereum' | 'confirmations';
  /** Of the Cosmos chains. `local` (default): our own; `tokend`: real nodes, built where Go is. */
  readonly cosmos?: 'local' | 'tokend';
  /** Runtimes of the Substrate chains. `local` (default): those of installed packages; `modern`: newer ones that cargo brings. */
  readonly substrate?: 'local' | 'modern';
  say(line: string): void;
}

export interface LocalEvmChain {
  readonly family: 'evm';
  readonly name: string;
  readonly url: string;
  readonly anvil: Anvil;
  /** Undefined when the chain is a bare node. */
  readonly beacon: Beacon | undefined;
}

export interface LocalCosmosChain {
  readonly family: 'cosmos';
  readonly name: string;
  readonly url: string;
  readonly node: CosmosNode;
  readonly blockMs: number;
}

export interface LocalSubstrateChain {
  readonly family: 'substrate';
  readonly name: string;
  readonly url: string;
  readonly node: SubstrateNode;
  readonly blockMs: number;
}

export type LocalChain = LocalEvmChain | LocalCosmosChain | LocalSubstrateChain;

export interface LocalNetwork {
  readonly dir: string;
  readonly manifest: Manifest;
  /** The relayer's config file. */
  readonly config: string;
  readonly apiUrl: string;
  readonly natsUrl: string;
  readonly chains: readonly LocalChain[];
  /** Seconds of chain time of the EVM chains in one of the wall clock. */
  readonly speed: number;
  readonly nats: NatsServer;
  readonly attesters: readonly RelayerProcess[];
  readonly relayer: RelayerProcess;
  /** A development key with tokens and coins on all chains; its address on EVM chains. */
  readonly user: { readonly address: Uint8Array; readonly key: Uint8Array };
  /** Key of the owner of everything that was deployed. */
  readonly deployer: Uint8Array;
  /** Where a process keeps its journal. */
  dataDir(name: string): string;
  stop(): Promise<void>;
}

const BLOCK_SECONDS = 1;
const CONFIRMATIONS = 2;
const POLL_MS = 200;
const THRESHOLD = 2;

/** Accounts of the test mnemonic, by what they are for. */
const ACCOUNT = { deployer: 0, attesters: [1, 2, 3], submitter: 4, user: 5, forwarder: 6 } as const;

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

    const accounts = devAccounts(10);
    const keyOf = (index: number): Uint8Array => accounts[index]!.privateKey;
    const attesters = ACCOUNT.attesters.map((index, i) => ({ name: `attester-${i + 1}`, key: keyOf(index) }));
    const members = attesters.map(({ name }) => ({ name, secret: vaultSecret(name) }));
    const user = { address: fromHex(accounts[ACCOUNT.user]!.address, 20), key: keyOf(ACCOUNT.user) };
    const deployer = keyOf(ACCOUNT.deployer);

    const plan = planFor(options.families ?? FAMILIES, options.extraChains);
    const [nodes, cosmos, substrate] = await Promise.all([
      Promise.all(plan.chains.flatMap((chain) => (chain.family === 'evm' ? [startNode(chain)] : []))),
      startCosmos(plan.chains.flatMap((chain) => (chain.family === 'cosmos' ? [chain] : []))),
      startSubstrate(plan.chains.flatMap((chain) => (chain.family === 'substrate' ? [chain] : []))),
    ]);
    const manifestJson = await deployNetwork(
      {
        plan: {
          ...plan,
          chains: plan.chains.map((chain) => cosmos.find((one) => one.plan.name === chain.name)?.plan ?? chain),
        },
        evm: nodes.map(({ name, anvil }) => ({ name, url: anvil.url, chainId: anvil.chainId })),
        cosmos,
        substrate,
        deployer,
        attesters,
        members,
        threshold: THRESHOLD,
        user: user.address,
        confirmations: CONFIRMATIONS,
      },
      { clock },
      signal,
    );
    const factories = await deployForwarderFactories({ clock }, nodes, deployer, signal);
    // Deployment went block by transaction; from here on blocks come by the clock, as on a real chain.
    const evmChains = await Promise.all(nodes.map(letRun));
    const chains: LocalChain[] = [
      ...evmChains,
      ...cosmos.map(({ plan: { name }, node, blockMs }): LocalCosmosChain => {
        return { family: 'cosmos', name, url: node.url, node, blockMs };
      }),
      ...substrate.map(({ plan: { name }, node, blockMs }): LocalSubstrateChain => {
        return { family: 'substrate', name, url: node.url, node, blockMs };
      }),
    ];
    say(`gateways deployed, assets funded${isProofOfStake && nodes.length > 0 ? ', EVM chains finalize' : ''}`);
    const manifestFile = join(dir, 'manifest.json');
    const text = `${JSON.stringify(manifestJson, null, 2)}\n`;
    writeFileSync(manifestFile, text);
    const manifest = loadManifest(Buffer.from(text), manifestFile);

    const apiPort = options.apiPort === 0 ? await freePort() : options.apiPort;
    writeKey(join(dir, 'user.key'), user.key);
    writeKey(join(dir, 'submitter.key'), keyOf(ACCOUNT.submitter));
    writeKey(join(dir, 'forwarder.key'), keyOf(ACCOUNT.forwarder));
    writeKey(join(dir, 'substrate-submitter.key'), SUBMITTER_SEED);
    const config = writeConfig('relayer', ['verify', 'plan', 'submit', 'api']);
    for (const { name, secret } of members) writeKey(join(dir, `${name}-vault.key`), secret);
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

    async function startNode({ name, chainId }: PlannedEvmChain): Promise<{ name: string; anvil: Anvil }> {
      const timestamp = Math.floor(clock.now() / 1000) - GENESIS_AGE_SECONDS;
      const anvil = await startAnvil({ chainId, clock, ...(isProofOfStake ? { timestamp } : {}) });
      stops.push(async () => anvil.stop());
      say(`${name} (eip155:${chainId}) at ${anvil.url}`);
      return { name, anvil };
    }

    async function startCosmos(planned: readonly PlannedCosmosChain[]): Promise<RunningCosmosChain[]> {
      const tokend = options.cosmos === 'tokend' && planned.length > 0 ? await obtainTokend(say) : undefined;
      const running: RunningCosmosChain[] = [];
      for (const chain of planned) {
        const started = await startCosmosChain({ clock }, chain, { deployer, user: user.key }, tokend);
        stops.push(async () => started.stop());
        say(`${chain.name} (cosmos:${chain.chainId}) at ${started.node.url}`);
        running.push(started);
      }
      return running;
    }

    async function startSubstrate(planned: readonly PlannedSubstrateChain[]): Promise<RunningSubstrateChain[]> {
      const isModern = options.substrate === 'modern' && planned.length > 0;
      const specs = isModern ? await obtainModernSpecs({ say }) : undefined;
      const started = await startSubstrateChains(planned, { deployer, user: user.key }, specs);
      for (const { plan: chain, node, stop: end } of started) {
        stops.push(end);
        say(`${chain.name} (parachain ${chain.paraId} of the relay chain at ${node.relayUrl}) at ${node.url}`);
      }
      return started;
    }

    async function letRun({ name, anvil }: { name: string; anvil: Anvil }): Promise<LocalEvmChain> {
      const chain = { family: 'evm', name, url: anvil.url, anvil } as const;
      if (!isProofOfStake) {
        await anvil.rpc('evm_setAutomine', [false]);
        await anvil.rpc('evm_setIntervalMining', [BLOCK_SECONDS]);
        return { ...chain, beacon: undefined };
      }
      const { beacon, lightClient } = await startProofOfStake(anvil);
      stops.push(async () => beacon.stop());
      const rows = manifestJson['chains'] as { readonly name: string }[];
      const row = rows.find((one) => one.name === name);
      if (row !== undefined) Object.assign(row, { lightClient });
      return { ...chain, beacon };
    }

    function writeConfig(name: string, roles: readonly string[]): string {
      const file = join(dir, `${name}.yaml`);
      const lines = [
        'manifest: ./manifest.json',
        `dataDir: ./data/${name}`,
        `roles: [${roles.join(', ')}]`,
        'chains:',
        ...chains.flatMap((chain) => [
          `  ${chain.name}:`,
          ...endpointLines(chain),
          ...keyLines(chain, name, roles),
          ...forwardLines(factories, chain.name, roles),
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
      deployer,
      dataDir: (name) => join(dir, 'data', name),
      stop,
    };
  }
}

function endpointLines(chain: LocalChain): string[] {
  const { url, wsUrl } = chain.family === 'evm' ? chain.anvil : chain.node;
  return [
    '    endpoints:',
    `      - url: ${url}`,
    `        ws: ${wsUrl}`,
    ...(chain.family === 'evm' && chain.beacon !== undefined
      ? ['    beacon:', `      - url: ${chain.beacon.url}`]
      : []),
    ...(chain.family === 'substrate' ? ['    relayEndpoints:', `      - url: ${chain.node.relayUrl}`] : []),
    `    pollMs: ${POLL_MS}`,
  ];
}

function keyLines({ family }: LocalChain, process: string, roles: readonly string[]): string[] {
  if (family === 'evm')
    return roles.includes('submit') ? ['    accounts:', '      - key: ${file:./submitter.key}'] : [];
  return [
    ...(roles.includes('attest') ? [`    vaultKey: \${file:./${process}-vault.key}`] : []),
    ...(family === 'substrate' && roles.includes('submit')
      ? ['    submitterKey: ${file:./substrate-submitter.key}']
      : []),
  ];
}

/** Throws when there is no Go to build it with. */
async function obtainTokend(say: (line: string) => void): Promise<string> {
  const { obtainCosmosBinaries } = await import('../witness/cosmos/binaries.ts');
  const answer = await obtainCosmosBinaries(say);
  if (answer.kind === 'built') return answer.binaries.tokend;
  throw new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: 'The real Cosmos chain cannot be built here.',
    metaMessages: [answer.reason, 'Leave --cosmos out: the local chain needs nothing.'],
  });
}

/** Private keys are for their owner only, even the ones that everybody knows. */
function writeKey(file: string, key: Uint8Array): void {
  writeFileSync(file, `${bytesToHex(key)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}
