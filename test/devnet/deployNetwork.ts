/**
 * Deploys a bridge network on two fresh EVM chains and describes it as a manifest: gateways with one signer set, three
 * assets (a token locked on A, A's own coin, a token locked on B), both lanes.
 */
import {
  createEvmSender,
  createRpcEndpoint,
  deployBridgedToken,
  deployGateway,
  deployTestToken,
  type EvmSender,
  mintTestToken,
  registerAsset,
  registerLane,
  setLaneAsset,
  setLimit,
} from '../../adapters/evm/index.ts';
import { compareBytes, toHex } from '../../relayer/core/bytes.ts';
import type { SignerSet } from '../../relayer/core/checkpoint.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { assetId, caip2 } from '../../relayer/core/ids.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';

export interface DeployChain {
  readonly name: string;
  readonly url: string;
  readonly chainId: number;
}

export interface DeployOptions {
  readonly chains: readonly [DeployChain, DeployChain];
  /** Keys of 32 bytes. */
  readonly deployer: Uint8Array;
  readonly attesters: readonly { readonly name: string; readonly key: Uint8Array }[];
  readonly threshold: number;
  /** Gets tokens on their home chains. 20 bytes. */
  readonly user: Uint8Array;
  readonly confirmations: number;
}

interface AssetPlan {
  readonly id: number;
  readonly symbol: string;
  /** Canonical. */
  readonly decimals: number;
  /** Index of the home chain. */
  readonly home: 0 | 1;
  readonly custody: 'lock' | 'native';
  readonly homeDecimals: number;
  readonly mintedDecimals: number;
}

/** TEST has 18 decimals at home and 6 away; the coarser side sets the canonical unit. */
const ASSETS: readonly AssetPlan[] = [
  { id: 1, symbol: 'TEST', decimals: 6, home: 0, custody: 'lock', homeDecimals: 18, mintedDecimals: 6 },
  { id: 2, symbol: 'ETH', decimals: 18, home: 0, custody: 'native', homeDecimals: 18, mintedDecimals: 18 },
  { id: 3, symbol: 'USDX', decimals: 6, home: 1, custody: 'lock', homeDecimals: 6, mintedDecimals: 6 },
];

/** Locked tokens and coins are paid out on both sides, which costs more gas per packet than a mint. */
const CHUNK_SIZE = 128;
const USER_TOKENS = 1_000_000n;
const LIMIT_TOKENS = 100_000_000n;
const LIMIT_WINDOW_SECONDS = 3600n;
const LANE_MAX_TOKENS = 1_000_000n;

/** The manifest, ready to be written as JSON. */
export async function deployNetwork(
  options: DeployOptions,
  deps: { readonly clock: Clock },
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { chains, deployer, attesters, threshold, user } = options;
  const members = attesters.map(({ key }) => addressOf(key)).sort(compareBytes);
  const signerSet: SignerSet = { epoch: 1n, threshold, members };
  const senders = chains.map(({ url, chainId }) => {
    return createEvmSender(deps, {
      endpoint: createRpcEndpoint(deps, { url, chainId }),
      chainId,
      privateKey: deployer,
    });
  }) as [EvmSender, EvmSender];
  const gateways = await Promise.all(
    senders.map(async (sender) => deployGateway(sender, { signerSet, guardians: [sender.address] }, signal)),
  );
  const tokens = await Promise.all(([0, 1] as const).map(async (here) => configure(here)));

  async function configure(here: 0 | 1): Promise<Map<number, Uint8Array | undefined>> {
    const sender = senders[here];
    const there = here === 0 ? 1 : 0;
    const gateway = gateways[here]!.address;
    const remote = { remoteChain: caip2(`eip155:${chains[there].chainId}`), remoteGateway: gateways[there]!.address };
    const { outgoing } = await registerLane(
      sender,
      gateway,
      { ...remote, receiverLength: 20, chunkSizeMax: CHUNK_SIZE },
      signal,
    );
    const deployed = new Map<number, Uint8Array | undefined>();
    for (const plan of ASSETS) {
      const token = await deployToken(sender, gateway, plan, here);
      deployed.set(plan.id, token);
      const asset = assetId(plan.id);
      const custody = plan.home === here ? plan.custody : 'mint';
      const unit = 10n ** BigInt(plan.decimals);
      await registerAsset(sender, gateway, { asset, token, custody, canonicalDecimals: plan.decimals }, signal);
      await setLimit(sender, gateway, { asset, cap: LIMIT_TOKENS * unit, windowSeconds: LIMIT_WINDOW_SECONDS }, signal);
      const terms = { minAmount: 1n, maxAmount: LANE_MAX_TOKENS * unit, granularity: 1n };
      await setLaneAsset(sender, gateway, { outgoing, asset, enabled: true, ...terms }, signal);
    }
    return deployed;
  }

  async function deployToken(sender: EvmSender, gateway: Uint8Array, plan: AssetPlan, here: 0 | 1) {
    const { symbol } = plan;
    if (plan.home !== here) {
      const name = `Bridged ${symbol}`;
      return deployBridgedToken(sender, { name, symbol: `v${symbol}`, decimals: plan.mintedDecimals, gateway }, signal);
    }
    if (plan.custody === 'native') return undefined;
    const token = await deployTestToken(sender, { name: symbol, symbol, decimals: plan.homeDecimals }, signal);
    await mintTestToken(sender, token, user, USER_TOKENS * 10n ** BigInt(plan.homeDecimals), signal);
    return token;
  }

  return {
    $schema: '../configs/manifest.schema.json',
    version: 1,
    network: 'devnet',
    profile: 'dev',
    chains: chains.map(({ name, chainId }, i) => ({
      name,
      id: `eip155:${chainId}`,
      family: 'evm',
      lightClient: {
        kind: 'confirmations',
        confirmations: options.confirmations,
        quorum: 1,
        trusted: { height: gateways[i]!.startHeight.toString(), hash: toHex(gateways[i]!.blockHash) },
      },
      gateway: {
        kind: 'contract',
        address: toHex(gateways[i]!.address),
        startHeight: gateways[i]!.startHeight.toString(),
      },
    })),
    signers: {
      epoch: '1',
      threshold,
      members: attesters.map(({ name, key }) => ({ name, address: toHex(addressOf(key)), operator: name })),
    },
    assets: ASSETS.map(({ id, symbol, decimals, home, custody, homeDecimals, mintedDecimals }) => ({
      id,
      symbol,
      decimals,
      representations: chains.map(({ name }, i) => {
        const token = tokens[i]!.get(id);
        return {
          chain: name,
          custody: i === home ? custody : 'mint',
          ...(token === undefined ? {} : { token: toHex(token) }),
          decimals: i === home ? homeDecimals : mintedDecimals,
        };
      }),
    })),
    lanes: [
      [0, 1],
      [1, 0],
    ].map(([source, target]) => ({
      source: chains[source!]!.name,
      target: chains[target!]!.name,
      enabled: true,
      chunkSize: CHUNK_SIZE,
      assets: ASSETS.map(({ id, decimals }) => ({
        id,
        minAmount: '1',
        maxAmount: (LANE_MAX_TOKENS * 10n ** BigInt(decimals)).toString(),
      })),
    })),
  };
}
