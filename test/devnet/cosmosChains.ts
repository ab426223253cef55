/**
 * The Cosmos side of a local network: local chains, each a process (or real ones, by `tokend`), and on each a vault with two
 * accounts that the attesters own together. Its second account shows that payments go in parallel; what a token factory
 * makes is made by the first.
 */
import { DirectSecp256k1Wallet } from '@cosmjs/proto-signing';
import {
  type CosmosGateway,
  createCometEndpoint,
  createCosmosSender,
  deployVault,
  factoryDenom,
  formatAccount,
  makeShard,
  memberKey,
  memberPublicKeys,
  SDK_053_COSTS,
} from '../../adapters/cosmos/index.ts';
import { createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { assetId, caip2 } from '../../relayer/core/ids.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { startCosmosProcess } from './cosmosProcess.ts';
import { type AssetPlan, decimalsOf, type NetworkPlan, type PlannedCosmosChain, USER_TOKENS } from './networkPlan.ts';

export interface CosmosNode {
  readonly url: string;
  readonly wsUrl: string;
}

export interface RunningCosmosChain {
  readonly plan: PlannedCosmosChain;
  readonly node: CosmosNode;
  readonly blockMs: number;
  stop(): Promise<void>;
}

export interface CosmosVaultPlan {
  readonly shards: CosmosGateway['shards'];
  /** The denom of each asset on this chain. */
  readonly denoms: ReadonlyMap<number, string>;
}

export interface CosmosMember {
  readonly name: string;
  /** 32 bytes: what the member's keys of all vaults come from. */
  readonly secret: Uint8Array;
}

export interface Holders {
  /** Pays for the deployment. */
  readonly deployer: Uint8Array;
  readonly user: Uint8Array;
}

export const SHARDS = 2;
export const BLOCK_MS = 500;
/** Payments that are not included in so many blocks are signed anew; members with a new journal wait for some of these first. */
const RELEASE_EXPIRY_BLOCKS = 24;
const TRUSTING_PERIOD_SECONDS = 86_400;
const CLOCK_DRIFT_SECONDS = 10;
const HOME_CHUNK_SIZE = 64;
/** Own units that each account of a vault begins with: fees, what new tokens cost, and a pool for payments. */
const FUNDING = 100_000_000_000n;
const DEPLOYER_COINS = 10n ** 15n;
/** Compiled into it. */
const TOKEND_PREFIX = 'cosmos';
/** Modules to whose accounts the SDK's bank pays nothing. */
const MODULES = [
  'fee_collector',
  'distribution',
  'mint',
  'bonded_tokens_pool',
  'not_bonded_tokens_pool',
  'tokenfactory',
];

export function vaultSecret(attester: string): Uint8Array {
  return sha256(utf8(`viaduct local network, vault member ${attester}: known to everybody`));
}

/** The accounts follow from the keys, so they are known before the chain runs. */
export function planVault(
  chain: PlannedCosmosChain,
  members: readonly CosmosMember[],
  threshold: number,
  { assets }: NetworkPlan,
): CosmosVaultPlan {
  const keys = members.map(({ secret }) => memberPublicKeys(secret, chain.chainId, SHARDS));
  const shards = Array.from({ length: SHARDS }, (_, shard) =>
    makeShard(
      keys.map((own) => own[shard] ?? new Uint8Array(0)),
      threshold,
    ),
  );
  const minter = formatAccount(shards[0]?.account ?? new Uint8Array(0), chain.prefix);
  const denomOf = ({ home, symbol }: AssetPlan): string =>
    home === chain.name ? chain.denom : factoryDenom(minter, symbol.toLowerCase());
  return { shards, denoms: new Map(assets.map((asset) => [asset.id, denomOf(asset)])) };
}

export async function startCosmosChain(
  deps: { readonly clock: Clock },
  plan: PlannedCosmosChain,
  holders: Holders,
  tokend: string | undefined,
): Promise<RunningCosmosChain> {
  const { chainId, denom } = plan;
  const prefix = tokend === undefined ? plan.prefix : TOKEND_PREFIX;
  const coinsOf = async (key: Uint8Array, amount: bigint) => {
    return { address: await addressOf(key, prefix), coins: { [denom]: amount } };
  };
  const genesis = [
    await coinsOf(holders.deployer, DEPLOYER_COINS),
    await coinsOf(holders.user, USER_TOKENS * 1_000_000n),
  ];
  if (tokend !== undefined) {
    const { startTokend } = await import('./cosmos/tokend.ts');
    const chain = await startTokend(deps, { binary: tokend, chainId, holders: genesis, denom, blockMs: BLOCK_MS });
    return { plan: { ...plan, prefix: chain.prefix }, node: chain.nodes[0], blockMs: BLOCK_MS, stop: chain.stop };
  }
  const chain = await startCosmosProcess({
    ...{ chainId, prefix, denom, blockMs: BLOCK_MS },
    holders: genesis.map(({ address, coins }) => {
      return { address, coins: Object.fromEntries(Object.entries(coins).map(([name, amount]) => [name, `${amount}`])) };
    }),
  });
  return { plan, node: chain.node, blockMs: BLOCK_MS, stop: chain.stop };
}

/** Funds the vault's accounts and makes its tokens. Returns the chain's row of the manifest. */
export async function deployCosmosVault(
  deps: { readonly clock: Clock },
  { plan, node }: RunningCosmosChain,
  vault: CosmosVaultPlan,
  { assets }: NetworkPlan,
  members: readonly CosmosMember[],
  deployer: Uint8Array,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { name, chainId, prefix, denom: feeDenom } = plan;
  const { shards, denoms } = vault;
  const end = { chain: caip2(`cosmos:${chainId}`), gateway: shards[0]?.account ?? new Uint8Array(0) };
  const blocked = MODULES.map((module) => sha256(utf8(module)).slice(0, 20));
  const gateway: CosmosGateway = {
    ...{ chainId, prefix, shards, feeDenom, blocked, costs: SDK_053_COSTS, startHeight: 1n },
    coins: assets.map((asset) => ({
      denom: denoms.get(asset.id) ?? '',
      asset: assetId(asset.id),
      decimals: decimalsOf(asset, name),
      canonicalDecimals: asset.decimals,
      refundMinimum: 1n,
      custody: asset.home === name ? ('lock' as const) : ('mint' as const),
    })),
    ...{ outbound: [], inbound: [], home: laneIdOf(end, end), receiverLengths: [20, 32], lockForm: 'send' },
    releaseExpiryBlocks: BigInt(RELEASE_EXPIRY_BLOCKS),
  };
  const funder = await createCosmosSender(deps, { url: node.url, chainId, prefix, privateKey: deployer, feeDenom });
  const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url: node.url }), { chainId });
  const keys = shards.map((_, shard) => {
    return new Map(members.map(({ secret }, i) => [i, memberKey(secret, chainId, shard).privateKey]));
  });
  const options = { endpoint, gateway, keys, funder, funding: { [feeDenom]: FUNDING } };
  const { startHeight } = await deployVault(deps, options, signal);
  funder.close();
  const trusted = startHeight - 1n;
  return {
    name,
    id: `cosmos:${chainId}`,
    family: 'cosmos',
    prefix,
    feeDenom,
    costs: withNumbers(SDK_053_COSTS),
    lightClient: {
      kind: 'tendermint',
      trusted: { height: trusted.toString(), hash: await blockHash(node, trusted) },
      trustLevel: '1/3',
      trustingPeriodSeconds: TRUSTING_PERIOD_SECONDS,
      clockDriftSeconds: CLOCK_DRIFT_SECONDS,
    },
    gateway: {
      kind: 'vault',
      threshold: shards[0]?.threshold,
      shards: shards.map(({ account, members: publicKeys }) => {
        return { address: formatAccount(account, prefix), members: publicKeys.map(toHex) };
      }),
      startHeight: startHeight.toString(),
      homeChunkSize: HOME_CHUNK_SIZE,
      releaseExpiryBlocks: RELEASE_EXPIRY_BLOCKS,
      payoutForm: 'send',
      blockedReceivers: blocked.map((account) => formatAccount(account, prefix)),
    },
  };
}

/** An account that the chain's bank pays nothing to. */
export function blockedAccount(): Uint8Array {
  return sha256(utf8('fee_collector')).slice(0, 20);
}

async function addressOf(key: Uint8Array, prefix: string): Promise<string> {
  const wallet = await DirectSecp256k1Wallet.fromKey(Uint8Array.from(key), prefix);
  return (await wallet.getAccounts())[0]?.address ?? '';
}

async function blockHash({ url }: CosmosNode, height: bigint): Promise<string> {
  const response = await fetch(`${url}/commit?height=${height}`);
  const answer = (await response.json()) as {
    result: { signed_header: { commit: { block_id: { hash: string } } } };
  };
  return `0x${answer.result.signed_header.commit.block_id.hash.toLowerCase()}`;
}

/** As the manifest writes the figures. */
function withNumbers(costs: typeof SDK_053_COSTS): unknown {
  return JSON.parse(JSON.stringify(costs, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));
}
