/**
 * What the local network consists of: chains by family, and assets with a home on each of them. One table; a network of fewer
 * families is the part of it that is at home there, and some chains are there only when they are asked for.
 */
import { ViaductError } from '../../relayer/core/errors.ts';

export const FAMILIES = ['evm', 'cosmos', 'substrate'] as const;
export type LocalFamily = (typeof FAMILIES)[number];

export interface PlannedEvmChain {
  readonly family: 'evm';
  readonly name: string;
  readonly chainId: number;
}

export interface PlannedCosmosChain {
  readonly family: 'cosmos';
  readonly name: string;
  readonly chainId: string;
  readonly prefix: string;
  /** The chain's own coin, 6 decimals. Fees are paid in it. */
  readonly denom: string;
}

export interface PlannedSubstrateChain {
  readonly family: 'substrate';
  readonly name: string;
  readonly ss58Prefix: number;
  /** Under the relay chain, which all of them have in common. */
  readonly paraId: number;
}

export type PlannedChain = PlannedEvmChain | PlannedCosmosChain | PlannedSubstrateChain;

export interface AssetPlan {
  readonly id: number;
  readonly symbol: string;
  /** Of the canonical units. */
  readonly decimals: number;
  /** Name of the home chain. */
  readonly home: string;
  readonly custody: 'lock' | 'native';
  /** By chain; where nothing is said, the family's usual ones. */
  readonly decimalsOn: Readonly<Record<string, number>>;
  /** The least that an account of an asset hub holds of it, in its units there. */
  readonly leastOnHubs: bigint;
}

const CHAINS: readonly PlannedChain[] = [
  { family: 'evm', name: 'anvil-a', chainId: 31337 },
  { family: 'evm', name: 'anvil-b', chainId: 31338 },
  { family: 'cosmos', name: 'cosmos-a', chainId: 'viaduct-local-a', prefix: 'cosmos', denom: 'utoka' },
  { family: 'cosmos', name: 'cosmos-b', chainId: 'viaduct-local-b', prefix: 'via', denom: 'utokb' },
  { family: 'substrate', name: 'asset-hub', ss58Prefix: 42, paraId: 1000 },
  { family: 'substrate', name: 'asset-hub-b', ss58Prefix: 42, paraId: 2000 },
];

/** Chains that cost time and are not there unless they are named. */
export const EXTRA_CHAINS: readonly string[] = ['asset-hub-b'];

/**
 * TEST and TOKA have 18 decimals on one chain and 6 on another; the coarsest side sets the canonical unit but for ETH, of which
 * an account of an asset hub holds a thousandth or nothing.
 */
const ASSETS: readonly AssetPlan[] = [
  plan(1, 'TEST', 6, 'anvil-a', 'lock', { 'anvil-a': 18, 'anvil-b': 6 }),
  plan(2, 'ETH', 18, 'anvil-a', 'native', { 'anvil-a': 18, 'anvil-b': 18 }, 1_000n),
  plan(3, 'USDX', 6, 'anvil-b', 'lock', { 'anvil-a': 6, 'anvil-b': 6 }),
  plan(4, 'TOKA', 6, 'cosmos-a', 'lock', { 'anvil-a': 18, 'anvil-b': 6 }),
  plan(5, 'TOKB', 6, 'cosmos-b', 'lock', { 'anvil-a': 6, 'anvil-b': 18 }),
  plan(6, 'HUB', 6, 'asset-hub', 'native', { 'asset-hub': 12, 'anvil-a': 18, 'anvil-b': 6 }),
  plan(7, 'HUBB', 6, 'asset-hub-b', 'native', { 'asset-hub-b': 12, 'anvil-a': 6, 'anvil-b': 18 }),
];

/** Locked tokens and coins are paid out too, which costs more gas per packet than a mint. */
export const CHUNK_SIZE = 128;
/** Whole tokens in one transfer. */
export const LANE_MAX_TOKENS = 1_000_000n;
/** Whole tokens that the user has at home. */
export const USER_TOKENS = 3_000_000n;
const USUAL_DECIMALS = 6;

export interface NetworkPlan {
  readonly chains: readonly PlannedChain[];
  readonly assets: readonly AssetPlan[];
}

/** `extra`: names of chains of `EXTRA_CHAINS`. */
export function planFor(families: readonly LocalFamily[], extra: readonly string[] = []): NetworkPlan {
  const isThere = (name: string): boolean => !EXTRA_CHAINS.includes(name) || extra.includes(name);
  const chains = CHAINS.filter(({ family, name }) => families.includes(family) && isThere(name));
  return { chains, assets: ASSETS.filter(({ home }) => chains.some(({ name }) => name === home)) };
}

/** From `evm,cosmos`. */
export function parseFamilies(text: string): LocalFamily[] {
  return text.split(',').map((name) => {
    const family = FAMILIES.find((known) => known === name);
    if (family !== undefined) return family;
    throw new ViaductError({
      code: 'USAGE',
      shortMessage: `There is no family ${JSON.stringify(name)} in the local network.`,
      metaMessages: [`It has ${FAMILIES.join(', ')}.`],
    });
  });
}

/** From `asset-hub-b`, or nothing. */
export function parseExtra(text: string): string[] {
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !EXTRA_CHAINS.includes(name));
  if (unknown === undefined) return names;
  throw new ViaductError({
    code: 'USAGE',
    shortMessage: `The local network has no extra chain ${JSON.stringify(unknown)}.`,
    metaMessages: [`It has ${EXTRA_CHAINS.join(', ')}.`],
  });
}

export function decimalsOf(asset: AssetPlan, chain: string): number {
  return asset.decimalsOn[chain] ?? USUAL_DECIMALS;
}

/** Canonical units of the smallest amount that both ends of a lane can represent. */
export function granularityBetween(asset: AssetPlan, source: string, target: string): bigint {
  const coarser = Math.min(decimalsOf(asset, source), decimalsOf(asset, target));
  return 10n ** BigInt(Math.max(0, asset.decimals - coarser));
}

/** Every pair of chains, both ways. */
export function lanePairs({ chains }: NetworkPlan): readonly { readonly source: string; readonly target: string }[] {
  return chains.flatMap(({ name: source }) =>
    chains.filter(({ name }) => name !== source).map(({ name: target }) => ({ source, target })),
  );
}

function plan(
  id: number,
  symbol: string,
  decimals: number,
  home: string,
  custody: AssetPlan['custody'],
  decimalsOn: AssetPlan['decimalsOn'],
  leastOnHubs = 1n,
): AssetPlan {
  return { id, symbol, decimals, home, custody, decimalsOn, leastOnHubs };
}
