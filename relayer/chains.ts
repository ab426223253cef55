/**
 * From a manifest row and a config row to a chain behind the engine's ports. The one place where families and kinds of
 * light clients are chosen: a new family is one more case here, one folder in `adapters` and one in `light-clients`.
 */
import { createEndpointRing, createHttpEndpoint } from '../adapters/endpoints/index.ts';
import {
  createBeaconUpdates,
  createEvmAccount,
  createEvmDerive,
  createEvmSource,
  createEvmTarget,
  createHeaderUpdates,
  createRpcEndpoint,
  DEFAULT_FEE_LIMITS,
  type EvmSourceOptions,
  type RpcEndpoint,
} from '../adapters/evm/index.ts';
import { createConfirmationsClient } from '../light-clients/confirmations/index.ts';
import { type EthereumParameters, MAINNET_PRESET, MINIMAL_PRESET } from '../light-clients/ethereum/index.ts';
import type { ChainConfig } from './config/index.ts';
import type { Clock } from './core/clock.ts';
import type { LaneId } from './core/ids.ts';
import { HEADER_DRIFT_SECONDS_MAX } from './core/limits.ts';
import { type EthereumLightClient, lanesFrom, lanesTo, type Manifest, type ManifestChain } from './manifest/index.ts';
import type { NodeChain } from './node.ts';
import { createChainClock } from './verify/chainClock.ts';
import type { LightClientWorker } from './verify/lightClientWorker.ts';

export interface ChainDeps {
  readonly clock: Clock;
  /** Runs the light clients that cost more than a millisecond. */
  readonly worker: LightClientWorker;
  /**
   * Packets [first, first + count) of a lane, from the journal, frames from the bus included: whoever uses them checks them
   * against a proven hash. Undefined while they are not all there.
   */
  readonly packetsOf: (lane: LaneId, first: bigint, count: number) => Promise<Uint8Array | undefined>;
}

export function createChain(manifest: Manifest, chain: ManifestChain, config: ChainConfig, deps: ChainDeps): NodeChain {
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
    derive: createEvmDerive(evmGateway),
    target: createEvmTarget({ endpoints, gateway: gateway.address }),
    accounts: config.accounts.map(({ key }) => {
      return createEvmAccount({ chainId, endpoints, gateway: gateway.address, privateKey: key.reveal(), feeLimits });
    }),
    pollMs: config.pollMs,
  };
}

interface Verification extends Pick<NodeChain, 'lightClient' | 'finality' | 'clock'> {
  readonly updates: Pick<EvmSourceOptions, 'pullUpdate' | 'pullBootstrap'>;
}

/** A rollup's own blocks say what its sequencer published; whether L1 accepts them is not proven. */
const L2_NOTE = { l1: '', l2: "; what the rollup's sequencer published, not its settlement on L1" } as const;

/** The light client of the manifest's kind, and what feeds it. */
function verification(
  { lightClient }: ManifestChain,
  config: ChainConfig,
  endpoints: readonly RpcEndpoint[],
  { clock, worker }: ChainDeps,
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
