/**
 * The local network as a bench uses it: real chains of the families asked for, nats-server, three attesters with a threshold of
 * two and a relayer, each a process of its own. It is the network of `npm run devnet`, with chunks as large as the targets take,
 * and started anew with empty journals, so that what is fed to the chains beforehand is nobody's work but the chains'.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../relayer/core/clock.ts';
import type { ChainName, LaneId } from '../../../relayer/core/ids.ts';
import { CHUNK_PACKETS_MAX } from '../../../relayer/core/limits.ts';
import { type Asset, chainByName, type ManifestChain } from '../../../relayer/manifest/index.ts';
import type { LocalFamily } from '../../devnet/networkPlan.ts';
import { type LocalNetwork, startLocalNetwork } from '../../devnet/localNetwork.ts';
import { createSupplyCheck, type SupplyCheck } from '../../e2e/supply.ts';
import type { LoadReport } from '../../load/load.ts';
import {
  type LaneLoad,
  type LaneLoadOptions,
  type LoadNetwork,
  openLaneLoad,
  openNetwork,
} from '../../load/networkLoad.ts';
import { giveExistence, openSubstrate } from '../../load/substrateLoad.ts';
import type { ChainEye } from './chainEye.ts';
import { createCosmosEye } from './cosmosEye.ts';
import { createEvmEye } from './evmEye.ts';
import type { LaneUnderLoad, Measured } from './measureLanes.ts';
import { childOf, pidOf, sayingGc } from './processes.ts';
import { createSubstrateEye } from './substrateEye.ts';

export interface LocalWorld extends Measured {
  /** With the manifest that counts. */
  readonly network: LocalNetwork;
  readonly load: LoadNetwork;
  readonly supply: SupplyCheck;
  readonly books: Map<LaneId, LaneBook>;
  chain(name: string): ManifestChain;
  eye(name: string): ChainEye;
  urlOf(name: string): string;
  /** Makes accounts exist where assets can be paid to existing ones only. */
  prepareReceivers(chain: string, accounts: readonly Uint8Array[], signal: AbortSignal): Promise<void>;
  /** Until what is in a block of the chain now is final. */
  settle(chain: string, signal: AbortSignal): Promise<void>;
  /** Starts the processes of the relayer, with empty journals. */
  startRelayers(): Promise<void>;
  stopRelayers(): Promise<void>;
  stop(): Promise<void>;
}

/** What went over a lane so far, and what its receivers must have got by it. */
export interface LaneBook {
  readonly id: LaneId;
  readonly target: string;
  readonly asset: Asset;
  deposits: number;
  /** Canonical units. */
  amount: bigint;
  /** Canonical units, by account in hex. */
  readonly credits: Map<string, bigint>;
}

const LOOK_MS = 100;
const HOLDERS = 512;
const SENDERS = 4;

export async function startLocalWorld(
  dir: string,
  families: readonly LocalFamily[],
  signal: AbortSignal,
): Promise<LocalWorld> {
  // Bare anvils: what is measured is the relayer, and proof-of-stake slots would take their share of this machine.
  const options = { dir, apiPort: 0, clock: systemClock, families, lightClient: 'confirmations' } as const;
  const started = await startLocalNetwork({ ...options, say: () => undefined }, signal);
  const { attesters, relayer, nats } = started;
  const all = [...attesters, relayer];
  const stopRelayers = async (): Promise<void> => {
    await Promise.all(all.map(async (running) => running.stop()));
  };
  await stopRelayers();
  rmSync(join(dir, 'data'), { recursive: true, force: true });
  enlargeChunks(join(dir, 'manifest.json'));
  // One line for each broadcast: when it was.
  rewrite(started.config, (text) => text.replace('level: info', 'level: debug'));
  // The devnet hands a chunk out again soon, so that faults show soon; under load that would do the same work twice.
  for (const name of all.map((one) => one.name))
    rewrite(join(dir, `${name}.yaml`), (text) => text.replace(/^tuning:.*\n/m, ''));
  const load = openNetwork(dir);
  const { manifest } = load.loaded;
  const network: LocalNetwork = { ...started, manifest };
  const eyes = new Map<string, ChainEye>();
  const chain = (name: string): ManifestChain => {
    const found = chainByName(manifest, name as ChainName);
    if (found === undefined) throw new Error(`no chain ${name}`);
    return found;
  };
  const eye = (name: string): ChainEye => {
    const known = eyes.get(name) ?? eyeOf(chain(name), urlOf(name));
    eyes.set(name, known);
    return known;
  };
  const urlOf = (name: string): string => network.chains.find((one) => one.name === name)?.url ?? '';

  return {
    network,
    load,
    supply: await createSupplyCheck(network, signal),
    books: new Map(),
    chain,
    urlOf,
    eye,
    async prepareReceivers(name, accounts, stop) {
      const row = chain(name);
      if (row.family !== 'substrate') return;
      const deps = { clock: systemClock };
      await giveExistence(deps, openSubstrate(deps, row, urlOf(name)), network.user.key, accounts, stop);
    },
    async settle(name, stop) {
      const height = await eye(name).head(stop);
      while ((await eye(name).finalized(stop)) < height) await systemClock.sleep(LOOK_MS, stop);
    },
    pids: () =>
      new Map([
        ...all.map(({ name, pid }) => [name, pid] as const),
        ...chainPids(network),
        ['nats-server', nats.pid],
        ['load and measurement', process.pid],
      ]),
    relayers: all.map(({ name }) => name),
    logs: all.map(({ logFile }) => logFile),
    submitterLog: relayer.logFile,
    startRelayers: async () => sayingGc(async () => Promise.all(all.map(async (running) => running.start()))),
    stopRelayers,
    stop: started.stop,
  };
}

/** One run's load on a lane; each seed has receivers of its own. */
export function openLane(
  { load }: LocalWorld,
  source: string,
  target: string,
  options: Partial<Pick<LaneLoadOptions, 'holders' | 'senders' | 'asset'>> & { readonly seed: string },
): LaneLoad {
  const usual = { asset: undefined, holders: HOLDERS, freshPercent: 0, senders: SENDERS };
  return openLaneLoad({ clock: systemClock }, load, { source, target, ...usual, ...options });
}

export function underLoad(
  world: LocalWorld,
  { lane, source, target, driver }: LaneLoad,
  plan: Pick<LaneUnderLoad, 'batch' | 'countMax'> & { readonly perSecond?: number | undefined },
): LaneUnderLoad {
  return {
    name: `${source.name} -> ${target.name}`,
    lane: lane.id,
    source: world.eye(source.name),
    target: world.eye(target.name),
    ...{ driver, batch: plan.batch, perSecond: plan.perSecond, countMax: plan.countMax },
    before: world.books.get(lane.id)?.deposits ?? 0,
  };
}

/** Remembers what a run put on its lane. */
export function bookLoad(
  { books }: LocalWorld,
  { lane, target, asset, receivers, step }: LaneLoad,
  { batches }: LoadReport,
): void {
  const book = books.get(lane.id) ?? {
    ...{ id: lane.id, target: target.name, asset, deposits: 0, amount: 0n },
    credits: new Map<string, bigint>(),
  };
  books.set(lane.id, book);
  const included = batches.filter(({ succeeded }) => succeeded);
  for (const { first, count } of included) {
    book.deposits += count;
    book.amount += receivers.total(first, count) * step;
  }
  for (const [account, steps] of receivers.credits(included)) {
    book.credits.set(account, (book.credits.get(account) ?? 0n) + steps * step);
  }
}

/**
 * Packets in a chunk for a vault. By weight a block of the asset hub holds some 1,300 mints: of chunks of 512 only two would fit.
 * What a gateway on an EVM chain takes was said when it was deployed.
 */
const VAULT_CHUNKS: Readonly<Record<string, number>> = { cosmos: CHUNK_PACKETS_MAX, substrate: CHUNK_PACKETS_MAX / 2 };

export function chunkSizeOf({ manifest }: LocalNetwork, target: string): number {
  return manifest.lanes.find((lane) => lane.target === target)?.chunkSize ?? 0;
}

function enlargeChunks(file: string): void {
  rewrite(file, (text) => {
    const manifest = JSON.parse(text) as {
      readonly chains: readonly { readonly name: string; readonly family: string }[];
      lanes: { readonly target: string; chunkSize: number }[];
    };
    const familyOf = (name: string): string => manifest.chains.find((one) => one.name === name)?.family ?? '';
    for (const lane of manifest.lanes) lane.chunkSize = VAULT_CHUNKS[familyOf(lane.target)] ?? lane.chunkSize;
    return JSON.stringify(manifest, null, 2);
  });
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

function eyeOf(chain: ManifestChain, url: string): ChainEye {
  if (chain.family === 'cosmos') return createCosmosEye(chain, url);
  if (chain.family === 'substrate') return createSubstrateEye(chain, url);
  const { name, chainId, gateway, lightClient } = chain;
  const confirmations = lightClient.kind === 'confirmations' ? lightClient.confirmations : 0;
  return createEvmEye({ name, url, chainId, gateway: gateway.address, confirmations });
}

function chainPids({ chains, manifest }: LocalNetwork): (readonly [string, number | undefined])[] {
  return chains.map(({ family, name, url }) => {
    if (family === 'evm') return [name, pidOf('--port', new URL(url).port)];
    if (family === 'substrate') return ['relay chain and its hubs', childOf('substrateMain.ts')];
    const row = manifest.chains.find((chain) => chain.name === name);
    return [name, row?.family === 'cosmos' ? childOf('cosmosMain.ts', row.chainId) : undefined];
  });
}
