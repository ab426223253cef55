/**
 * The Substrate side of a local network: a relay chain and its asset hubs in one process, and on each asset hub a vault with two
 * accounts. The relay chain has no gateway: it finalizes what the asset hubs do.
 */
import {
  type ChainView,
  createAsset,
  createChainView,
  createRuntimes,
  createSubstrateEndpoint,
  createSubstrateSender,
  formatAccount,
  type Funding,
  fundAccounts,
  keyFromSeed,
  vaultAccount,
  type VaultSigners,
} from '../../adapters/substrate/index.ts';
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { storagePrefix } from '../../light-clients/trie/index.ts';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { assert } from '../../relayer/core/errors.ts';
import type { SubstrateShard } from '../../relayer/manifest/index.ts';
import { shardKeys } from '../../relayer/substrateChain.ts';
import { startChainProcess } from './chainProcess.ts';
import type { CosmosMember, Holders } from './cosmosChains.ts';
import type { SpecFiles } from './substrate/index.ts';
import { decimalsOf, type NetworkPlan, type PlannedSubstrateChain, USER_TOKENS } from './networkPlan.ts';

/** What the process is told. */
export interface SubstrateProcessOptions {
  /** Between relay blocks; an asset hub block takes two. */
  readonly blockMs: number;
  readonly holders: readonly { readonly address: string; readonly amount: string }[];
  /** Parachain ids of its asset hubs; the first is the published one. */
  readonly paraIds: readonly number[];
  /** Runtimes other than those of installed packages. */
  readonly specs?: SpecFiles | undefined;
}

/** What it tells of each asset hub. Hashes and accounts are `0x` text. */
export interface SubstrateNode {
  /** Of the asset hub. */
  readonly url: string;
  readonly wsUrl: string;
  readonly relayUrl: string;
  readonly genesisHash: string;
  readonly relayGenesisHash: string;
  readonly parachainId: number;
  /** When the chain started, by its own time and by the host's. */
  readonly startMs: number;
  /** Of the relay chain. */
  readonly trusted: { readonly height: number; readonly hash: string };
  readonly runtime: { readonly specVersion: number; readonly metadataHash: string };
}

export interface RunningSubstrateChain {
  readonly plan: PlannedSubstrateChain;
  readonly node: SubstrateNode;
  readonly blockMs: number;
  stop(): Promise<void>;
}

export interface SubstrateVaultPlan {
  readonly signers: VaultSigners;
  readonly shards: readonly SubstrateShard[];
  /** Number in pallet-assets of each asset that is not the chain's own coin. */
  readonly assetIds: ReadonlyMap<number, bigint>;
}

/** The seed of the openers and executors of the local network. */
export const SUBMITTER_SEED = sha256(utf8('viaduct local network, substrate submitter: known to everybody'));

/** Gives fresh accounts their existence. */
const GIVER_SEED = sha256(utf8('viaduct local network, substrate giver: known to everybody'));
/** A tenth of a coin: more than the chain asks for. */
const EXISTENCE = 10n ** 11n;
const SS58_PREFIX = 42;

const SHARDS = 2;
const RELAY_BLOCK_MS = 500;
const RELAY_SLOT_MS = 6_000;
const SLOT_MS = 12_000;
/** The first blocks are made at once. */
const HEAD_START_SECONDS = 60;
/** Seconds of chain time in one of the wall clock. */
export const SUBSTRATE_SPEED = RELAY_SLOT_MS / RELAY_BLOCK_MS;
const HOME_CHUNK_SIZE = 64;
const COIN = 10n ** 12n;
/** Whole coins for each account that pays fees and deposits, and for each account of the vault as a pool for payments. */
const FUNDING = 10_000n * COIN;
const DEPLOYER_COINS = 10n ** 9n * COIN;

/** All in one process, since they are under one relay chain, and stopped together. */
export async function startSubstrateChains(
  plans: readonly PlannedSubstrateChain[],
  { deployer, user }: Holders,
  specs?: SpecFiles,
): Promise<RunningSubstrateChain[]> {
  if (plans.length === 0) return [];
  const holder = (seed: Uint8Array, amount: bigint) => {
    return { address: formatAccount(keyFromSeed(seed).account, SS58_PREFIX), amount: amount.toString() };
  };
  const options: SubstrateProcessOptions = {
    blockMs: RELAY_BLOCK_MS,
    holders: [holder(deployer, DEPLOYER_COINS), holder(user, USER_TOKENS * COIN), holder(GIVER_SEED, DEPLOYER_COINS)],
    paraIds: plans.map(({ paraId }) => paraId),
    ...(specs === undefined ? {} : { specs }),
  };
  const { node: nodes, stop } = await startChainProcess<readonly SubstrateNode[]>(
    'substrateMain.ts',
    'Substrate',
    options,
  );
  return plans.map((plan) => {
    const node = nodes.find(({ parachainId }) => parachainId === plan.paraId);
    assert(node !== undefined, 'the process has a node for each asset hub');
    return { plan, node, blockMs: 2 * RELAY_BLOCK_MS, stop };
  });
}

/** The accounts follow from the keys, so they are known before anything is sent. */
export function planSubstrateVault(
  members: readonly CosmosMember[],
  threshold: number,
  { assets }: NetworkPlan,
  chain: string,
): SubstrateVaultPlan {
  const signers = { members: members.map(({ secret }) => keyFromSeed(secret).account), threshold };
  const shards = Array.from({ length: SHARDS }, (_, index) => {
    const { opener, executor } = shardKeys(SUBMITTER_SEED, index);
    return { ...vaultAccount(signers, opener.account, executor.account), members: signers.members };
  });
  const foreign = assets.filter(({ home }) => home !== chain);
  return { signers, shards, assetIds: new Map(foreign.map(({ id }) => [id, BigInt(id)])) };
}

/** Funds the vault, its members and submitters, and makes its assets. Returns the chain's row of the manifest. */
export async function deploySubstrateVault(
  deps: { readonly clock: Clock },
  { plan, node }: RunningSubstrateChain,
  { signers, shards, assetIds }: SubstrateVaultPlan,
  { assets }: NetworkPlan,
  deployer: Uint8Array,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { genesisHash, runtime, trusted } = node;
  const view = viewOf(deps, node);
  const sender = createSubstrateSender(
    { ...deps, view },
    { key: keyFromSeed(deployer), ss58Prefix: plan.ss58Prefix, pollMs: 100 },
  );
  const payers = [
    ...signers.members,
    ...shards.flatMap(({ account, opener, executor }) => [account, opener, executor]),
  ];
  const { height } = await fundAccounts(
    sender,
    payers.map((account): Funding => ({ account, amount: FUNDING })),
    signal,
  );
  const [issuer] = shards;
  for (const [id, number] of assetIds) {
    const asset = assets.find((one) => one.id === id);
    if (asset === undefined || issuer === undefined) continue;
    await createAsset(
      sender,
      {
        id: number,
        name: `Bridged ${asset.symbol}`,
        symbol: `v${asset.symbol}`,
        decimals: decimalsOf(asset, plan.name),
        minBalance: asset.leastOnHubs,
        issuer: issuer.account,
      },
      signal,
    );
  }
  return {
    name: plan.name,
    id: `polkadot:${genesisHash.slice(2, 34)}`,
    family: 'substrate',
    genesisHash,
    ss58Prefix: plan.ss58Prefix,
    slotMs: SLOT_MS,
    runtimes: [runtime],
    lightClient: {
      kind: 'grandpa',
      trusted: { height: String(trusted.height), hash: trusted.hash },
      slotMs: RELAY_SLOT_MS,
      parachain: { id: node.parachainId, relayGenesisHash: node.relayGenesisHash },
      chainClock: {
        hostMs: String(node.startMs),
        chainSeconds: String(Math.ceil(node.startMs / 1000) + HEAD_START_SECONDS),
        speed: SUBSTRATE_SPEED,
      },
    },
    gateway: {
      kind: 'vault',
      threshold: signers.threshold,
      shards: shards.map(({ account, members, opener, executor }) => ({
        address: toHex(account),
        members: members.map(toHex),
        opener: toHex(opener),
        executor: toHex(executor),
      })),
      startHeight: height.toString(),
      homeChunkSize: HOME_CHUNK_SIZE,
    },
  };
}

/** Gives fresh accounts the little that makes them exist, so that assets can be paid to them. */
export async function giveExistence(
  deps: { readonly clock: Clock },
  node: SubstrateNode,
  accounts: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  await fundAccounts(
    substrateSender(deps, node, GIVER_SEED),
    accounts.map((account): Funding => ({ account, amount: EXISTENCE })),
    signal,
  );
}

export function substrateSender(deps: { readonly clock: Clock }, node: SubstrateNode, seed: Uint8Array) {
  const view = viewOf(deps, node);
  return createSubstrateSender({ ...deps, view }, { key: keyFromSeed(seed), ss58Prefix: SS58_PREFIX, pollMs: 100 });
}

/**
 * The owner of a bridged asset freezes all of it, or ends that. `team`: the account that is issuer, admin and freezer
 * otherwise.
 */
export async function setFrozen(
  deps: { readonly clock: Clock },
  node: SubstrateNode,
  { id, team, ownerSeed }: { readonly id: bigint; readonly team: Uint8Array; readonly ownerSeed: Uint8Array },
  isFrozen: boolean,
  signal: AbortSignal,
): Promise<void> {
  const owner = substrateSender(deps, node, ownerSeed);
  const makeCall: Parameters<typeof owner.send>[0] = (runtime) => {
    const teamOf = (account: Uint8Array): Uint8Array =>
      runtime.call('Assets', 'set_team', { id, issuer: team, admin: account, freezer: account });
    const calls = isFrozen
      ? [teamOf(owner.account), runtime.call('Assets', 'freeze_asset', { id })]
      : [runtime.call('Assets', 'thaw_asset', { id }), teamOf(team)];
    return runtime.call('Utility', 'batch_all', { calls });
  };
  await owner.send(makeCall, signal);
}

function viewOf(deps: { readonly clock: Clock }, { url, genesisHash, runtime }: SubstrateNode): ChainView {
  const endpoint = createSubstrateEndpoint(createHttpEndpoint(deps, { url }), { genesisHash });
  const runtimes = createRuntimes(new Map([[runtime.specVersion, runtime.metadataHash]]));
  return createChainView(createEndpointRing([endpoint]), runtimes, genesisHash);
}

/** Unix seconds of the asset hub's newest block. */
export async function chainSeconds({ url }: SubstrateNode): Promise<bigint> {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'state_getStorage',
    params: [toHex(storagePrefix('Timestamp', 'Now'))],
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { result } = (await response.json()) as { result: string };
  return Buffer.from(result.slice(2), 'hex').readBigUInt64LE() / 1000n;
}
