/**
 * Deploys a bridge network on fresh chains and describes it as a manifest: a gateway on each chain, assets with a home on each,
 * lanes between all pairs.
 */
import { compareBytes, toHex } from '../../relayer/core/bytes.ts';
import type { SignerSet } from '../../relayer/core/checkpoint.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { caip2 } from '../../relayer/core/ids.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { type CosmosMember, deployCosmosVault, planVault, type RunningCosmosChain } from './cosmosChains.ts';
import { configureEvmGateway, deployEvmGateway, evmGatewayRow, type RemoteGateway } from './evmGateways.ts';
import { deploySubstrateVault, planSubstrateVault, type RunningSubstrateChain } from './substrateChains.ts';
import { CHUNK_SIZE, decimalsOf, LANE_MAX_TOKENS, lanePairs, type NetworkPlan } from './networkPlan.ts';

export interface DeployEvmChain {
  readonly name: string;
  readonly url: string;
  readonly chainId: number;
}

export interface DeployOptions {
  readonly plan: NetworkPlan;
  readonly evm: readonly DeployEvmChain[];
  readonly cosmos: readonly RunningCosmosChain[];
  readonly substrate: readonly RunningSubstrateChain[];
  /** Keys of 32 bytes. */
  readonly deployer: Uint8Array;
  readonly attesters: readonly { readonly name: string; readonly key: Uint8Array }[];
  /** In the order of the attesters. */
  readonly members: readonly CosmosMember[];
  readonly threshold: number;
  /** Gets tokens on their home chains. 20 bytes, on EVM chains. */
  readonly user: Uint8Array;
  readonly confirmations: number;
}

/** What an asset is on one chain. */
type TokenRow = Readonly<Record<string, unknown>>;

/** The manifest, ready to be written as JSON. */
export async function deployNetwork(
  options: DeployOptions,
  deps: { readonly clock: Clock },
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { plan, deployer, attesters, members, threshold, user, confirmations } = options;
  const signerSet: SignerSet = {
    epoch: 1n,
    threshold,
    members: attesters.map(({ key }) => addressOf(key)).sort(compareBytes),
  };
  const gateways = await Promise.all(
    options.evm.map(async (chain) => deployEvmGateway(deps, { ...chain, deployer, signerSet }, signal)),
  );
  const vaults = options.cosmos.map((chain) => ({ chain, vault: planVault(chain.plan, members, threshold, plan) }));
  const substrate = options.substrate.map((chain) => {
    return { chain, vault: planSubstrateVault(members, threshold, plan, chain.plan.name) };
  });
  const ends: RemoteGateway[] = [
    ...gateways.map(({ name, sender, address }) => {
      return { name, id: caip2(`eip155:${sender.chainId}`), gateway: address, receiverLength: 20 };
    }),
    ...vaults.map(({ chain, vault }) => ({
      name: chain.plan.name,
      id: caip2(`cosmos:${chain.plan.chainId}`),
      gateway: vault.shards[0]?.account ?? new Uint8Array(0),
      receiverLength: 20,
    })),
    ...substrate.map(({ chain, vault }) => ({
      name: chain.plan.name,
      id: caip2(`polkadot:${chain.node.genesisHash.slice(2, 34)}`),
      gateway: vault.shards[0]?.account ?? new Uint8Array(0),
      receiverLength: 32,
    })),
  ];
  /** By chain, then by asset. */
  const tokens = new Map<string, ReadonlyMap<number, TokenRow>>();

  const evmRows = gateways.map(async (gateway) => {
    const { name, sender, startHeight, blockHash } = gateway;
    const remotes = ends.filter((end) => end.name !== name);
    const deployed = await configureEvmGateway(gateway, remotes, plan, user, signal);
    tokens.set(
      name,
      new Map([...deployed].map(([id, token]) => [id, token === undefined ? {} : { token: toHex(token) }])),
    );
    return {
      name,
      id: `eip155:${sender.chainId}`,
      family: 'evm',
      lightClient: {
        kind: 'confirmations',
        confirmations,
        quorum: 1,
        trusted: { height: startHeight.toString(), hash: toHex(blockHash) },
      },
      gateway: evmGatewayRow(gateway),
    };
  });
  const cosmosRows = vaults.map(async ({ chain, vault }) => {
    tokens.set(chain.plan.name, new Map([...vault.denoms].map(([id, denom]) => [id, { denom, refundMinimum: '1' }])));
    return deployCosmosVault(deps, chain, vault, plan, members, deployer, signal);
  });
  const substrateRows = substrate.map(async ({ chain, vault }) => {
    const rows = plan.assets.map(({ id }): [number, TokenRow] => {
      const number = vault.assetIds.get(id);
      return [id, { ...(number === undefined ? {} : { assetId: number.toString() }), refundMinimum: '1' }];
    });
    tokens.set(chain.plan.name, new Map(rows));
    return deploySubstrateVault(deps, chain, vault, plan, deployer, signal);
  });
  const chains = await Promise.all([...evmRows, ...cosmosRows, ...substrateRows]);

  return {
    $schema: '../configs/manifest.schema.json',
    version: 1,
    network: 'devnet',
    profile: 'dev',
    chains,
    signers: {
      epoch: '1',
      threshold,
      members: attesters.map(({ name, key }) => ({ name, address: toHex(addressOf(key)), operator: name })),
    },
    assets: plan.assets.map((asset) => ({
      id: asset.id,
      symbol: asset.symbol,
      decimals: asset.decimals,
      representations: plan.chains.map(({ name }) => ({
        chain: name,
        custody: asset.home === name ? asset.custody : 'mint',
        ...tokens.get(name)?.get(asset.id),
        decimals: decimalsOf(asset, name),
      })),
    })),
    lanes: lanePairs(plan).map(({ source, target }) => ({
      source,
      target,
      enabled: true,
      chunkSize: CHUNK_SIZE,
      assets: plan.assets.map(({ id, decimals }) => ({
        id,
        minAmount: '1',
        maxAmount: (LANE_MAX_TOKENS * 10n ** BigInt(decimals)).toString(),
      })),
    })),
  };
}
