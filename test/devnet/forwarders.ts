/** Factories of forwarders on the EVM chains of a local network, and the lines of a config about them. */
import { createEvmSender, createRpcEndpoint, deployForwarderFactory } from '../../adapters/evm/index.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import type { Anvil } from './anvil.ts';

/** By chain, 20 bytes. */
export type ForwarderFactories = ReadonlyMap<string, Uint8Array>;

export async function deployForwarderFactories(
  deps: { readonly clock: Clock },
  nodes: readonly { readonly name: string; readonly anvil: Anvil }[],
  deployer: Uint8Array,
  signal: AbortSignal,
): Promise<ForwarderFactories> {
  const factories = await Promise.all(
    nodes.map(async ({ name, anvil: { url, chainId } }) => {
      const endpoint = createRpcEndpoint(deps, { url, chainId });
      const sender = createEvmSender(deps, { endpoint, chainId, privateKey: deployer });
      return [name, await deployForwarderFactory(sender, signal)] as const;
    }),
  );
  return new Map(factories);
}

/** Everybody knows the factory; whoever is told of forwards pokes them. */
export function forwardLines(factories: ForwarderFactories, chain: string, roles: readonly string[]): string[] {
  const factory = factories.get(chain);
  if (factory === undefined) return [];
  const key = roles.includes('api') ? ['      key: ${file:./forwarder.key}'] : [];
  return ['    forward:', `      factory: '${toHex(factory)}'`, ...key];
}
