/**
 * From a manifest row and a config row to a chain behind the engine's ports. The one place where families and kinds of
 * light clients are chosen: a new family is one more case here, one folder in `adapters` and one in `light-clients`.
 */
import {
  createEvmAccount,
  createEvmDerive,
  createEvmSource,
  createEvmTarget,
  createHeaderUpdates,
  createRpcEndpoint,
  DEFAULT_FEE_LIMITS,
} from '../adapters/evm/index.ts';
import { createConfirmationsClient } from '../light-clients/confirmations/index.ts';
import type { ChainConfig } from './config/index.ts';
import type { Clock } from './core/clock.ts';
import { HEADER_DRIFT_SECONDS_MAX } from './core/limits.ts';
import { lanesFrom, lanesTo, type Manifest, type ManifestChain } from './manifest/index.ts';
import type { NodeChain } from './node.ts';

export function createChain(
  manifest: Manifest,
  chain: ManifestChain,
  config: ChainConfig,
  deps: { readonly clock: Clock },
): NodeChain {
  const { name, chainId, lightClient, gateway } = chain;
  const endpoints = config.endpoints.map(({ url }) => createRpcEndpoint(deps, { url: url.reveal(), chainId }));
  const evmGateway = {
    address: gateway.address,
    startHeight: gateway.startHeight,
    outbound: lanesFrom(manifest, name).map(({ id }) => id),
    inbound: lanesTo(manifest, name).map(({ id }) => id),
  };
  const { confirmations, quorum, trusted } = lightClient;
  const wsUrl = config.endpoints.find(({ ws }) => ws !== undefined)?.ws?.reveal();
  const feeLimits = { ...DEFAULT_FEE_LIMITS, maxFeePerGasMax: config.maxFeePerGas };
  return {
    name,
    source: createEvmSource(deps, {
      endpoints,
      gateway: evmGateway,
      pullUpdate: createHeaderUpdates({ endpoints, confirmations, quorum }),
      wsUrl,
      pollMs: config.pollMs,
    }),
    lightClient: createConfirmationsClient({
      trusted,
      confirmations,
      quorum,
      endpoints: endpoints.length,
      driftSecondsMax: HEADER_DRIFT_SECONDS_MAX,
    }),
    derive: createEvmDerive(evmGateway),
    target: createEvmTarget({ endpoints, gateway: gateway.address }),
    accounts: config.accounts.map(({ key }) => {
      return createEvmAccount({ chainId, endpoints, gateway: gateway.address, privateKey: key.reveal(), feeLimits });
    }),
    finality: `${confirmations} confirmations at ${quorum} of ${endpoints.length} endpoints`,
    pollMs: config.pollMs,
  };
}
