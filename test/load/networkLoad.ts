/**
 * The load of one chain of a network, from what `npm run devnet` leaves: the relayer's config, the manifest it names, and the
 * key of the development account beside it. It spends that account's money, so it takes loopback endpoints and networks of
 * profile `dev` only.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type LoadedConfig, loadConfig, systemSources } from '../../relayer/config/index.ts';
import {
  accountLengths,
  type Asset,
  chainByName,
  isHomeLane,
  laneGranularity,
  lanesFrom,
  type ManifestChain,
  type ManifestLane,
  type Representation,
} from '../../relayer/manifest/index.ts';
import { createCosmosLoad } from './cosmosLoad.ts';
import { createEvmLoad } from './evmLoad.ts';
import type { LoadDriver } from './load.ts';
import { createReceivers, type Receivers } from './receivers.ts';
import { createSubstrateLoad, giveExistence, openSubstrate } from './substrateLoad.ts';

export interface LoadNetwork {
  readonly loaded: LoadedConfig;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface LaneLoadOptions {
  readonly source: string;
  /** The first open lane out of the source when left out. */
  readonly target: string | undefined;
  /** The first one at home on the source when left out. */
  readonly asset: string | undefined;
  readonly holders: number;
  readonly freshPercent: number;
  readonly senders: number;
  readonly seed: string;
}

export interface LaneLoad {
  readonly lane: ManifestLane;
  readonly source: ManifestChain;
  readonly target: ManifestChain;
  readonly asset: Asset;
  readonly receivers: Receivers;
  /** Canonical units of one step of `receivers`. */
  readonly step: bigint;
  readonly driver: LoadDriver;
}

/** Families with a load driver beside this file. */
export const LOADED_FAMILIES: readonly string[] = ['evm', 'cosmos', 'substrate'];

/** The network whose files are in a folder. Throws `USAGE` when it is not a local one. */
export function openNetwork(dir: string): LoadNetwork {
  const config = join(dir, 'relayer.yaml');
  const keyFile = join(dir, 'user.key');
  if (!existsSync(config) || !existsSync(keyFile)) {
    throw usage(`No local network has its files in ${dir}.`, ['Start one with `npm run devnet`, in another terminal.']);
  }
  const loaded = loadConfig(config, systemSources());
  const { manifest } = loaded;
  if (manifest.profile !== 'dev')
    throw usage(`${manifest.network} is a network of profile ${manifest.profile}.`, [WHY]);
  for (const { name } of manifest.chains) requireLoopback(urlOf(loaded, name));
  return { loaded, key: fromHex(readFileSync(keyFile, 'utf8').trim(), 32) };
}

const WHY = 'A load spends money: it takes profile dev, and endpoints on loopback only.';

export function requireLoopback(url: string): void {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)) throw usage(`${host} is not on loopback.`, [WHY]);
}

export function openLaneLoad(
  deps: { readonly clock: Clock },
  { loaded, key }: LoadNetwork,
  options: LaneLoadOptions,
): LaneLoad {
  const { manifest } = loaded;
  const source = manifest.chains.find(({ name }) => name === options.source);
  if (source === undefined) {
    throw usage(`There is no chain ${JSON.stringify(options.source)}.`, [
      `There are ${manifest.chains.map(({ name }) => name).join(', ')}.`,
    ]);
  }
  const open = lanesFrom(manifest, source.name).filter((row) => row.enabled && !isHomeLane(row));
  const lane = open.find(({ target }) => options.target === undefined || target === options.target);
  const target = lane && chainByName(manifest, lane.target);
  if (lane === undefined || target === undefined) {
    throw usage(`No open lane leads from ${source.name} to ${options.target ?? 'anywhere'}.`, [
      `Open lanes lead to ${open.map((row) => row.target).join(', ')}.`,
    ]);
  }
  const onLane = manifest.assets.filter(({ id }) => lane.assets.some((row) => row.id === id));
  const localOf = (asset: Asset) => asset.representations.find(({ chain }) => chain === source.name);
  const asset = onLane.find((row) =>
    options.asset === undefined ? isAtHome(localOf(row)) : row.symbol === options.asset,
  );
  const local = asset && localOf(asset);
  if (asset === undefined || local === undefined) {
    throw usage(`The lane does not carry ${options.asset ?? `a token of ${source.name}`}.`, [
      `It carries ${onLane.map(({ symbol }) => symbol).join(', ')}.`,
    ]);
  }
  // Amounts are 1 to 9 steps, and a step is the least that the lane takes.
  const granularity = laneGranularity(asset, lane) ?? 1n;
  const least = lane.assets.find(({ id }) => id === asset.id)?.minAmount ?? 1n;
  const step = ((least + granularity - 1n) / granularity) * granularity;
  const unit = (10n ** BigInt(local.decimals) * step) / 10n ** BigInt(asset.decimals);
  const receivers = createReceivers({
    seed: `${options.seed} ${source.name} ${target.name}`,
    holders: options.holders,
    freshPercent: options.freshPercent,
    per: source.family === 'cosmos' ? 'transaction' : 'deposit',
    length: accountLengths(target)[0] ?? 20,
  });
  const common = { url: urlOf(loaded, source.name), unit, receivers, funder: key, senders: options.senders };
  const seed = `${options.seed} ${source.name}`;
  const own = driver();
  return {
    ...{ lane, source, target, asset, receivers, step },
    driver: {
      ...own,
      async prepare(deposits, batch, signal) {
        await ensureReceivers(signal);
        await own.prepare(deposits, batch, signal);
      },
    },
  };

  /** On a Substrate chain an account has to exist before an asset can be paid to it. */
  async function ensureReceivers(signal: AbortSignal): Promise<void> {
    if (target?.family !== 'substrate') return;
    if (options.freshPercent > 0) throw usage(`Receivers on ${target.name} have to exist: --fresh must be 0.`, []);
    await giveExistence(deps, openSubstrate(deps, target, urlOf(loaded, target.name)), key, receivers.holders, signal);
  }

  function driver(): LoadDriver {
    if (source?.family === 'evm' && local?.family === 'evm') {
      return createEvmLoad(deps, {
        ...common,
        chainId: source.chainId,
        gateway: source.gateway.address,
        lane: (lane as ManifestLane).id,
        asset: (asset as Asset).id,
        ...tokenOf(local),
        seed,
      });
    }
    if (source?.family === 'cosmos' && local?.family === 'cosmos') {
      const vaults = source.gateway.shards.map(({ account }) => account);
      const to = (target as ManifestChain).name;
      return createCosmosLoad(deps, { ...common, chain: source, vaults, target: to, denom: local.denom, seed });
    }
    if (source?.family === 'substrate' && local?.family === 'substrate') {
      return createSubstrateLoad(deps, {
        ...common,
        chain: openSubstrate(deps, source, common.url),
        vaults: source.gateway.shards.map(({ account }) => account),
        target: (target as ManifestChain).name,
        token: local.assetId === undefined ? { kind: 'native' } : { kind: 'asset', id: local.assetId },
        seed,
      });
    }
    throw usage(`There is no load for chains of family ${source?.family ?? 'unknown'}.`, []);
  }
}

/** A vault's own coin is at home like a locked token; that of an EVM chain also pays for gas, which blurs its sums. */
function isAtHome(row: Representation | undefined): boolean {
  return row?.custody === 'lock' || (row?.family === 'substrate' && row.custody === 'native');
}

function tokenOf(local: Extract<Representation, { family: 'evm' }>) {
  return local.custody === 'native'
    ? { token: undefined, needsApproval: false }
    : { token: local.token, needsApproval: local.custody === 'lock' };
}

function urlOf({ config }: LoadedConfig, chain: ManifestChain['name']): string {
  return config.chains.get(chain)?.endpoints[0]?.url.reveal() ?? '';
}

function usage(shortMessage: string, metaMessages: readonly string[]): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage, metaMessages });
}
