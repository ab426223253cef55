/** A Cosmos chain behind the engine's ports: a vault, and the CometBFT light client. */
import {
  type CosmosGateway,
  createCometEndpoint,
  createCosmosDerive,
  createCosmosSource,
  createCosmosTarget,
  createCosmosVault,
} from '../adapters/cosmos/index.ts';
import { createHttpEndpoint } from '../adapters/endpoints/index.ts';
import type { ChainDeps } from './chainDeps.ts';
import type { CosmosChainConfig } from './config/index.ts';
import { assert } from './core/errors.ts';
import { accountLengths, type CosmosChain, isHomeLane, lanesFrom, lanesTo, type Manifest } from './manifest/index.ts';
import type { NodeChain } from './node.ts';
import { vaultLane } from './vaultLane.ts';
import { createChainClock } from './verify/chainClock.ts';

const NANOS_PER_SECOND = 1_000_000_000n;

export function createCosmosChain(
  manifest: Manifest,
  chain: CosmosChain,
  config: CosmosChainConfig,
  deps: Pick<ChainDeps, 'clock' | 'worker' | 'packetsOf' | 'sequenceOf' | 'isDelivered'>,
): NodeChain {
  const { name, chainId, lightClient } = chain;
  const endpoints = config.endpoints.map(({ url }) => {
    return createCometEndpoint(createHttpEndpoint(deps, { url: url.reveal() }), { chainId });
  });
  const gateway = cosmosGateway(manifest, chain);
  const { trusted, trustLevel, trustingPeriodSeconds, clockDriftSeconds, chainClock } = lightClient;
  const rules = {
    chainId,
    trustLevel,
    trustingPeriodNanos: trustingPeriodSeconds * NANOS_PER_SECOND,
    clockDriftNanos: clockDriftSeconds * NANOS_PER_SECOND,
  };
  return {
    name,
    source: createCosmosSource(deps, {
      endpoints,
      gateway,
      rules,
      checkpointHeight: trusted.height,
      wsUrl: config.endpoints.find(({ ws }) => ws !== undefined)?.ws?.reveal(),
      pollMs: config.pollMs,
      packetsOf: deps.packetsOf,
      sequenceOf: async ({ lane, sourceReference }) => deps.sequenceOf(lane, sourceReference),
    }),
    lightClient: deps.worker.open({ kind: 'tendermint', parameters: { rules, checkpoint: trusted } }),
    ...(chainClock === undefined ? {} : { clock: createChainClock(deps.clock, chainClock) }),
    derive: createCosmosDerive(gateway),
    target: createCosmosTarget(),
    accounts: [],
    vault: createCosmosVault(
      { isDelivered: deps.isDelivered },
      { endpoints, gateway, clockDriftSeconds, memberSecret: config.vaultKey?.reveal() },
    ),
    finality: 'signed by two thirds of the validators; results proven by the next block',
    pollMs: config.pollMs,
  };
}

/** The vault with its coins and lanes, as the manifest has them. */
export function cosmosGateway(manifest: Manifest, chain: CosmosChain): CosmosGateway {
  const { name, gateway } = chain;
  const { threshold, shards, releaseExpiryBlocks, payoutForm, blockedReceivers, startHeight } = gateway;
  const home = lanesFrom(manifest, name).find(isHomeLane);
  assert(home !== undefined, 'a vault has a home lane');
  return {
    chainId: chain.chainId,
    startHeight,
    prefix: chain.prefix,
    shards: shards.map(({ account, members }) => ({ account, members, threshold })),
    coins: manifest.assets.flatMap((asset) =>
      asset.representations.flatMap((row) => {
        if (row.chain !== name || row.family !== 'cosmos') return [];
        const { denom, decimals, refundMinimum, custody } = row;
        return [{ denom, asset: asset.id, decimals, canonicalDecimals: asset.decimals, refundMinimum, custody }];
      }),
    ),
    outbound: lanesFrom(manifest, name)
      .filter((lane) => !isHomeLane(lane))
      .map((lane) => vaultLane(manifest, lane)),
    inbound: lanesTo(manifest, name)
      .filter((lane) => !isHomeLane(lane))
      .map(({ id, oppositeId }) => ({ lane: id, opposite: oppositeId })),
    home: home.id,
    receiverLengths: accountLengths(chain),
    blocked: blockedReceivers,
    costs: chain.costs,
    lockForm: payoutForm,
    feeDenom: chain.feeDenom,
    releaseExpiryBlocks: BigInt(releaseExpiryBlocks),
  };
}
