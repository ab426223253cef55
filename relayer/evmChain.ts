/** An EVM chain behind the engine's ports: a contract, and the light client of the manifest's kind. */
import { createEndpointRing, createHttpEndpoint } from '../adapters/endpoints/index.ts';
import {
  createBeaconUpdates,
  createEvmAccount,
  createEvmDeriveWith,
  createEvmSource,
  createEvmTarget,
  createEvmSender,
  createForwarding,
  createHeaderUpdates,
  createPayoutRoom,
  createRpcEndpoint,
  DEFAULT_FEE_LIMITS,
  type FeeLimits,
  forwarderAddress,
  type EvmSourceOptions,
  type RpcEndpoint,
} from '../adapters/evm/index.ts';
import { createConfirmationsClient } from '../light-clients/confirmations/index.ts';
import { type EthereumParameters, MAINNET_PRESET, MINIMAL_PRESET } from '../light-clients/ethereum/index.ts';
import type { ChainDeps } from './chainDeps.ts';
import type { EvmChainConfig, ForwardConfig } from './config/index.ts';
import type { Forwarding } from './core/forward.ts';
import { HEADER_DRIFT_SECONDS_MAX } from './core/limits.ts';
import { type EthereumLightClient, type EvmChain, lanesFrom, lanesTo, type Manifest } from './manifest/index.ts';
import type { ChainForwarding, NodeChain } from './node.ts';
import { createChainClock } from './verify/chainClock.ts';

export function createEvmChain(
  manifest: Manifest,
  chain: EvmChain,
  config: EvmChainConfig,
  deps: Pick<ChainDeps, 'clock' | 'worker' | 'accumulate'>,
): NodeChain {
  const { name, chainId, gateway } = chain;
  const endpoints = config.endpoints.map(({ url }) => createRpcEndpoint(deps, { url: url.reveal(), chainId }));
  const evmGateway = {
    address: gateway.address,
    startHeight: gateway.startHeight,
    outbound: lanesFrom(manifest, name).map(({ id }) => id),
    inbound: lanesTo(manifest, name).map(({ id }) => id),
  };
  const { updates, ...verified } = verification(chain, config, endpoints, deps);
  const wsUrl = config.endpoints.find(({ ws }) => ws !== undefined)?.ws?.reveal();
  const feeLimits = { ...DEFAULT_FEE_LIMITS, maxFeePerGasMax: config.maxFeePerGas };
  return {
    name,
    source: createEvmSource(deps, {
      endpoints,
      gateway: evmGateway,
      ...updates,
      wsUrl,
      pollMs: config.pollMs,
    }),
    ...verified,
    derive: createEvmDeriveWith(evmGateway, deps.accumulate),
    target: createEvmTarget({ endpoints, gateway: gateway.address }),
    forward: forwardOf(config.forward, chain, endpoints, feeLimits, deps),
    forecast: { roomNow: createPayoutRoom({ endpoints, gateway: gateway.address }) },
    accounts: config.accounts.map(({ key }) => {
      return createEvmAccount({ chainId, endpoints, gateway: gateway.address, privateKey: key.reveal(), feeLimits });
    }),
    pollMs: config.pollMs,
  };
}

/** Undefined where this process pays for no poking. Each endpoint in turn: what one leaves half done the next one finds done. */
function forwardOf(
  forward: ForwardConfig | undefined,
  { chainId }: EvmChain,
  endpoints: readonly RpcEndpoint[],
  feeLimits: FeeLimits,
  deps: Pick<ChainDeps, 'clock'>,
): ChainForwarding | undefined {
  if (forward?.account === undefined) return undefined;
  const { factory, account, openMax, pokesPerHourMax } = forward;
  const ring = createEndpointRing(endpoints);
  const at = (endpoint: RpcEndpoint): Forwarding => {
    const sender = { endpoint, chainId, privateKey: account.key.reveal(), feeLimits };
    return createForwarding(factory, createEvmSender(deps, sender));
  };
  return {
    openMax,
    pokesPerHourMax,
    forwarding: {
      addressOf: (terms) => forwarderAddress(factory, terms),
      poke: async (terms, signal) => ring.ask(async (endpoint) => at(endpoint).poke(terms, signal), signal),
      recover: async (terms, token, signal) =>
        ring.ask(async (endpoint) => at(endpoint).recover(terms, token, signal), signal),
    },
  };
}

interface Verification extends Pick<NodeChain, 'lightClient' | 'finality' | 'clock'> {
  readonly updates: Pick<EvmSourceOptions, 'pullUpdate' | 'pullBootstrap'>;
}

/** A rollup's own blocks say what its sequencer published; whether L1 accepts them is not proven. */
const L2_NOTE = { l1: '', l2: "; what the rollup's sequencer published, not its settlement on L1" } as const;

/** The light client of the manifest's kind, and what feeds it. */
function verification(
  { lightClient }: EvmChain,
  config: EvmChainConfig,
  endpoints: readonly RpcEndpoint[],
  { clock, worker }: Pick<ChainDeps, 'clock' | 'worker'>,
): Verification {
  switch (lightClient.kind) {
    case 'confirmations': {
      const { preset, confirmations, quorum, trusted } = lightClient;
      return {
        updates: { pullUpdate: createHeaderUpdates({ endpoints, confirmations, quorum }) },
        lightClient: createConfirmationsClient({
          trusted,
          confirmations,
          quorum,
          endpoints: endpoints.length,
          driftSecondsMax: HEADER_DRIFT_SECONDS_MAX,
        }),
        finality: `${confirmations} confirmations at ${quorum} of ${endpoints.length} endpoints${L2_NOTE[preset]}`,
      };
    }
    case 'ethereum': {
      const parameters = ethereumParameters(lightClient);
      const beacon = config.beacon.map((url) => createHttpEndpoint({ clock }, { url: url.reveal() }));
      const execution = createEndpointRing(endpoints);
      return {
        updates: createBeaconUpdates({ endpoints: beacon, execution, parameters }),
        lightClient: worker.open({ kind: 'ethereum', parameters }),
        clock: lightClient.chainClock && createChainClock(clock, lightClient.chainClock),
        finality: 'finalized by the beacon chain, proven by its sync committee',
      };
    }
  }
}

function ethereumParameters({ preset, forks, ...values }: EthereumLightClient): EthereumParameters {
  const { genesisValidatorsRoot, genesisTime, secondsPerSlot, trustedBlockRoot, maxAgeSeconds } = values;
  return {
    preset: preset === 'mainnet' ? MAINNET_PRESET : MINIMAL_PRESET,
    forks,
    genesisValidatorsRoot,
    genesisTime,
    secondsPerSlot,
    trustedBlockRoot,
    maxAgeSeconds,
  };
}
