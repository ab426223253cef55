/**
 * A network to load: two real anvils, one token that is locked on A and minted on B, the `confirmations` light client on both,
 * a real nats-server, three attesters with a threshold of two and a relayer, each a process of its own with its journal on
 * disk. Nothing in it is simulated. Keys come from the well-known test mnemonic: loopback only.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createEvmSender,
  createRpcEndpoint,
  deployBridgedToken,
  deployGateway,
  deployTestToken,
  mintTestToken,
  registerAsset,
  registerLane,
  type RpcEndpoint,
  setLaneAsset,
  setLimit,
} from '../../../adapters/evm/index.ts';
import { bytesToHex, compareBytes, toHex, utf8 } from '../../../relayer/core/bytes.ts';
import type { SignerSet } from '../../../relayer/core/checkpoint.ts';
import { type Clock, systemClock } from '../../../relayer/core/clock.ts';
import { type AssetId, assetId, caip2, type LaneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { addressOf } from '../../../relayer/core/secp256k1.ts';
import { loadManifest, type Manifest } from '../../../relayer/manifest/index.ts';
import { type Anvil, devAccounts, startAnvil } from '../../devnet/anvil.ts';
import { obtainNatsServer, type NatsServer, startNatsServer } from '../../devnet/nats/index.ts';
import { createRelayerProcess, type RelayerProcess } from '../../devnet/relayerProcess.ts';
import type { ChainEye } from '../relayed/chainEye.ts';
import { createEvmEye } from '../relayed/evmEye.ts';
import type { Measured } from '../relayed/measureLanes.ts';
import { pidOf, sayingGc } from '../relayed/processes.ts';

export interface BenchNetworkOptions {
  /** Its files: configs, keys, data, logs. */
  readonly dir: string;
  readonly blockSeconds: number;
  /** Of a block. */
  readonly gasLimit: bigint;
  /** Packets in a chunk. */
  readonly chunkSize: number;
  /** Funded accounts that submit to B. */
  readonly accounts: number;
  readonly clock: Clock;
  say(line: string): void;
}

export interface BenchChain {
  readonly anvil: Anvil;
  /** 20 bytes. */
  readonly gateway: Uint8Array;
  /** 20 bytes. */
  readonly token: Uint8Array;
}

export interface BenchNetwork extends Measured {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly a: BenchChain;
  readonly b: BenchChain;
  readonly asset: AssetId;
  readonly lane: LaneId;
  /** A lane into B whose source is nobody: what is fed directly, without a relayer, goes through it. */
  readonly directLane: LaneId;
  readonly signerSet: SignerSet;
  /** Keys of the attesters, ascending by address. */
  readonly signerKeys: readonly Uint8Array[];
  /** Has all the tokens on A, and coins on both chains. */
  readonly funder: Uint8Array;
  readonly nats: NatsServer;
  readonly attesters: readonly RelayerProcess[];
  readonly relayer: RelayerProcess;
  /** Where a process keeps its journal. */
  dataDir(name: string): string;
  startRelayers(): Promise<void>;
  stopRelayers(): Promise<void>;
  stop(): Promise<void>;
}

export const CONFIRMATIONS = 2;
const DECIMALS = 6;
/** The first account that submits to B. */
export const FIRST_SUBMITTER = 5;
const CHAIN_IDS = [31_437, 31_438] as const;
/** Nobody's chain: only the name that the lane of what is fed directly comes from. */
const DIRECT_CHAIN = { id: caip2('eip155:31439'), gateway: keccak256(utf8('fed directly')).slice(0, 20) };
/** Of the test mnemonic, by what they are for; the submitters come after. */
const ACCOUNT = { deployer: 0, attesters: [1, 2, 3], funder: 4, submitters: FIRST_SUBMITTER } as const;
const THRESHOLD = 2;
/** More than any run moves. */
const PLENTY = 10n ** 18n;

export async function startBenchNetwork(options: BenchNetworkOptions, signal: AbortSignal): Promise<BenchNetwork> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return await start(options, stops, stop, signal);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: BenchNetworkOptions,
  stops: (() => Promise<void>)[],
  stop: () => Promise<void>,
  signal: AbortSignal,
): Promise<BenchNetwork> {
  const { dir, clock, chunkSize } = options;
  const deps = { clock };
  mkdirSync(join(dir, 'logs'), { recursive: true });
  const nats = await startNatsServer({ binary: (await obtainNatsServer({ say: options.say })).path, clock });
  stops.push(async () => nats.dispose());
  const keys = devAccounts(ACCOUNT.submitters + options.accounts).map(({ privateKey }) => privateKey);
  const keyOf = (index: number): Uint8Array => keys[index] as Uint8Array;
  const anvils = await Promise.all(CHAIN_IDS.map(async (chainId) => startChain(chainId, options)));
  for (const anvil of anvils) stops.push(async () => anvil.stop());

  const members = ACCOUNT.attesters
    .map((index) => ({ name: `attester-${index}`, key: keyOf(index), address: addressOf(keyOf(index)) }))
    .sort((left, right) => compareBytes(left.address, right.address));
  const signerSet: SignerSet = { epoch: 1n, threshold: THRESHOLD, members: members.map(({ address }) => address) };
  const asset = assetId(1);
  const funder = keyOf(ACCOUNT.funder);
  const senders = anvils.map(({ url, chainId }) => {
    const endpoint = createRpcEndpoint(deps, { url, chainId });
    return createEvmSender(deps, { endpoint, chainId, privateKey: keyOf(ACCOUNT.deployer) });
  });
  const [onA, onB] = senders as [(typeof senders)[number], (typeof senders)[number]];
  const gateways = await Promise.all(senders.map(async (sender) => deployGateway(sender, { signerSet }, signal)));
  const [gatewayA, gatewayB] = gateways.map(({ address }) => address) as [Uint8Array, Uint8Array];
  const tokenA = await deployTestToken(onA, { name: 'Bench', symbol: 'BENCH', decimals: DECIMALS }, signal);
  const minted = { name: 'Bridged Bench', symbol: 'vBENCH', decimals: DECIMALS, gateway: gatewayB };
  const tokenB = await deployBridgedToken(onB, minted, signal);
  await mintTestToken(onA, tokenA, addressOf(funder), PLENTY, signal);

  const limit = { asset, cap: 10n ** 30n, windowSeconds: 3_600n };
  const terms = { asset, enabled: true, minAmount: 1n, maxAmount: PLENTY, granularity: 1n };
  const shape = { receiverLength: 20, chunkSizeMax: chunkSize };
  const remoteB = { remoteChain: caip2(`eip155:${CHAIN_IDS[1]}`), remoteGateway: gatewayB, ...shape };
  const remoteA = { remoteChain: caip2(`eip155:${CHAIN_IDS[0]}`), remoteGateway: gatewayA, ...shape };
  const nobody = { remoteChain: DIRECT_CHAIN.id, remoteGateway: DIRECT_CHAIN.gateway, ...shape };
  const { outgoing: lane, incoming: back } = await registerLane(onA, gatewayA, remoteB, signal);
  await registerAsset(onA, gatewayA, { asset, token: tokenA, custody: 'lock', canonicalDecimals: DECIMALS }, signal);
  await setLimit(onA, gatewayA, limit, signal);
  await setLaneAsset(onA, gatewayA, { outgoing: lane, ...terms }, signal);
  await registerLane(onB, gatewayB, remoteA, signal);
  const direct = await registerLane(onB, gatewayB, nobody, signal);
  await registerAsset(onB, gatewayB, { asset, token: tokenB, custody: 'mint', canonicalDecimals: DECIMALS }, signal);
  await setLimit(onB, gatewayB, limit, signal);
  for (const outgoing of [back, direct.outgoing]) await setLaneAsset(onB, gatewayB, { outgoing, ...terms }, signal);

  const manifestFile = join(dir, 'manifest.json');
  const names = ['bench-a', 'bench-b'] as const;
  const laneRow = { enabled: true, chunkSize, assets: [{ id: 1, minAmount: '1', maxAmount: PLENTY.toString() }] };
  const text = JSON.stringify({
    version: 1,
    network: 'bench',
    profile: 'dev',
    chains: names.map((name, i) => ({
      name,
      id: `eip155:${CHAIN_IDS[i]}`,
      family: 'evm',
      lightClient: {
        kind: 'confirmations',
        confirmations: CONFIRMATIONS,
        quorum: 1,
        trusted: { height: `${gateways[i]?.startHeight}`, hash: toHex(gateways[i]?.blockHash ?? new Uint8Array(0)) },
      },
      gateway: {
        kind: 'contract',
        address: toHex(gateways[i]?.address ?? new Uint8Array(0)),
        startHeight: `${gateways[i]?.startHeight}`,
      },
    })),
    signers: {
      epoch: '1',
      threshold: THRESHOLD,
      members: members.map(({ name, address }) => ({ name, address: toHex(address), operator: name })),
    },
    assets: [
      {
        id: 1,
        symbol: 'BENCH',
        decimals: DECIMALS,
        representations: [
          { chain: names[0], custody: 'lock', token: toHex(tokenA), decimals: DECIMALS },
          { chain: names[1], custody: 'mint', token: toHex(tokenB), decimals: DECIMALS },
        ],
      },
    ],
    lanes: [
      { source: names[0], target: names[1], ...laneRow },
      // What is locked on A costs more gas to pay out: smaller chunks the other way.
      { source: names[1], target: names[0], ...laneRow, chunkSize: Math.min(chunkSize, 128) },
    ],
  });
  writeFileSync(manifestFile, text);

  for (const anvil of anvils) {
    await anvil.rpc('evm_setAutomine', [false]);
    await anvil.rpc('evm_setIntervalMining', [options.blockSeconds]);
  }
  const submitters = Array.from({ length: options.accounts }, (_, index) => `submitter-${index}`);
  submitters.forEach((name, index) => {
    writeKey(join(dir, `${name}.key`), keyOf(ACCOUNT.submitters + index));
  });
  const process_ = (name: string, roles: readonly string[]): RelayerProcess => {
    const file = join(dir, `${name}.yaml`);
    const lines = [
      'manifest: ./manifest.json',
      `dataDir: ./data/${name}`,
      `roles: [${roles.join(', ')}]`,
      'chains:',
      ...names.flatMap((chain, i) => [
        `  ${chain}:`,
        `    endpoints: [{ url: '${anvils[i]?.url}', ws: '${anvils[i]?.wsUrl}' }]`,
        // Blocks that are always full raise the base fee without end.
        '    maxFeePerGasGwei: 1000000',
        ...(roles.includes('submit')
          ? ['    accounts:', ...submitters.map((key) => `      - key: \${file:./${key}.key}`)]
          : []),
      ]),
      ...(roles.includes('attest') ? ['attester:', `  name: ${name}`, `  key: \${file:./${name}.key}`] : []),
      `nats: { url: '${nats.url}' }`,
      // One line for each broadcast: when it was.
      ...(roles.includes('submit') ? ['log: { level: debug }'] : []),
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return createRelayerProcess(name, file, join(dir, 'logs', `${name}.log`), deps);
  };
  const attesters = members.map(({ name, key }) => {
    writeKey(join(dir, `${name}.key`), key);
    return process_(name, ['verify', 'attest']);
  });
  const relayer = process_('relayer', ['verify', 'plan', 'submit']);
  const all = [...attesters, relayer];
  const stopRelayers = async (): Promise<void> => {
    await Promise.all(all.map(async (running) => running.stop()));
  };
  stops.push(stopRelayers);
  const [anvilA, anvilB] = anvils as [Anvil, Anvil];
  return {
    dir,
    manifest: loadManifest(Buffer.from(text), manifestFile),
    a: { anvil: anvilA, gateway: gatewayA, token: tokenA },
    b: { anvil: anvilB, gateway: gatewayB, token: tokenB },
    asset,
    lane,
    directLane: direct.incoming,
    signerSet,
    signerKeys: members.map(({ key }) => key),
    funder,
    nats,
    attesters,
    relayer,
    dataDir: (name) => join(dir, 'data', name),
    pids: () =>
      new Map([
        ...all.map(({ name, pid }) => [name, pid] as const),
        ['anvil A', anvilPid(anvilA)],
        ['anvil B', anvilPid(anvilB)],
        ['nats-server', nats.pid],
        ['load and measurement', process.pid],
      ]),
    relayers: all.map(({ name }) => name),
    logs: all.map(({ logFile }) => logFile),
    submitterLog: relayer.logFile,
    startRelayers: async () => sayingGc(async () => Promise.all(all.map(async (running) => running.start()))),
    stopRelayers,
    stop,
  };
}

export function endpointOf({ anvil }: BenchChain): RpcEndpoint {
  return createRpcEndpoint({ clock: systemClock }, { url: anvil.url, chainId: anvil.chainId });
}

export function eyeOf(name: string, { anvil, gateway }: BenchChain): ChainEye {
  return createEvmEye({ name, url: anvil.url, chainId: anvil.chainId, gateway, confirmations: CONFIRMATIONS });
}

function anvilPid({ url }: Anvil): number | undefined {
  return pidOf('--port', new URL(url).port);
}

/** Blocks by transaction while contracts are deployed; by the clock from then on. */
async function startChain(chainId: number, options: BenchNetworkOptions): Promise<Anvil> {
  return startAnvil({
    chainId,
    clock: options.clock,
    accounts: ACCOUNT.submitters + options.accounts,
    extraArguments: ['--gas-limit', options.gasLimit.toString(), '--base-fee', '1'],
  });
}

/** Private keys are for their owner only, even the ones that everybody knows. */
function writeKey(file: string, key: Uint8Array): void {
  writeFileSync(file, `${bytesToHex(key)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}
