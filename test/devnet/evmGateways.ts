/** The EVM side of a local network: gateways with one signer set, tokens, and lanes to every other gateway. */
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
import { toHex } from '../../relayer/core/bytes.ts';
import type { SignerSet } from '../../relayer/core/checkpoint.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { assetId, type Caip2 } from '../../relayer/core/ids.ts';
import {
  type AssetPlan,
  CHUNK_SIZE,
  decimalsOf,
  granularityBetween,
  LANE_MAX_TOKENS,
  type NetworkPlan,
  USER_TOKENS,
} from './networkPlan.ts';

/** One end of lanes. */
export interface RemoteGateway {
  readonly name: string;
  readonly id: Caip2;
  readonly gateway: Uint8Array;
  /** Bytes of an account there. */
  readonly receiverLength: number;
}

export interface EvmGatewayOnChain {
  readonly name: string;
  readonly sender: EvmSender;
  readonly address: Uint8Array;
  readonly startHeight: bigint;
  readonly blockHash: Uint8Array;
}

const LIMIT_TOKENS = 100_000_000n;
const LIMIT_WINDOW_SECONDS = 3600n;

export async function deployEvmGateway(
  deps: { readonly clock: Clock },
  options: {
    readonly name: string;
    readonly url: string;
    readonly chainId: number;
    readonly deployer: Uint8Array;
    readonly signerSet: SignerSet;
  },
  signal: AbortSignal,
): Promise<EvmGatewayOnChain> {
  const { name, url, chainId, deployer, signerSet } = options;
  const endpoint = createRpcEndpoint(deps, { url, chainId });
  const sender = createEvmSender(deps, { endpoint, chainId, privateKey: deployer });
  const { address, startHeight, blockHash } = await deployGateway(
    sender,
    { signerSet, guardians: [sender.address] },
    signal,
  );
  return { name, sender, address, startHeight, blockHash };
}

/** The tokens by asset; undefined for the chain's own coin. */
export async function configureEvmGateway(
  { name, sender, address }: EvmGatewayOnChain,
  remotes: readonly RemoteGateway[],
  { assets }: NetworkPlan,
  /** Gets tokens at their home. */
  user: Uint8Array,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Uint8Array | undefined>> {
  const tokens = new Map<number, Uint8Array | undefined>();
  for (const plan of assets) {
    const token = await deployToken(plan);
    tokens.set(plan.id, token);
    const asset = assetId(plan.id);
    const custody = plan.home === name ? plan.custody : 'mint';
    const cap = LIMIT_TOKENS * 10n ** BigInt(plan.decimals);
    await registerAsset(sender, address, { asset, token, custody, canonicalDecimals: plan.decimals }, signal);
    await setLimit(sender, address, { asset, cap, windowSeconds: LIMIT_WINDOW_SECONDS }, signal);
  }
  for (const { name: remote, id, gateway, receiverLength } of remotes) {
    const lane = { remoteChain: id, remoteGateway: gateway, receiverLength, chunkSizeMax: CHUNK_SIZE };
    const { outgoing } = await registerLane(sender, address, lane, signal);
    for (const plan of assets) {
      const granularity = granularityBetween(plan, name, remote);
      const maxAmount = LANE_MAX_TOKENS * 10n ** BigInt(plan.decimals);
      const terms = { minAmount: 1n, maxAmount, granularity, enabled: true };
      await setLaneAsset(sender, address, { outgoing, asset: assetId(plan.id), ...terms }, signal);
    }
  }
  return tokens;

  async function deployToken(plan: AssetPlan): Promise<Uint8Array | undefined> {
    const { symbol } = plan;
    const decimals = decimalsOf(plan, name);
    if (plan.home !== name) {
      const bridged = { name: `Bridged ${symbol}`, symbol: `v${symbol}`, decimals, gateway: address };
      return deployBridgedToken(sender, bridged, signal);
    }
    if (plan.custody === 'native') return undefined;
    const token = await deployTestToken(sender, { name: symbol, symbol, decimals }, signal);
    await mintTestToken(sender, token, user, USER_TOKENS * 10n ** BigInt(decimals), signal);
    return token;
  }
}

export function evmGatewayRow({ address, startHeight }: EvmGatewayOnChain): Record<string, unknown> {
  return { kind: 'contract', address: toHex(address), startHeight: startHeight.toString() };
}
