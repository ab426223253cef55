/**
 * The books of a whole network, read from the chains alone: for every asset, what its home holds is what exists elsewhere.
 * A vault also holds what it was funded with, which is no deposit and is counted beforehand.
 */
import { balanceOf as coinsOf, createCometEndpoint, formatAccount, supplyOf } from '../../adapters/cosmos/index.ts';
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { balanceOf, createRpcEndpoint, totalSupply } from '../../adapters/evm/index.ts';
import {
  assetSupply,
  balanceOf as tokensOf,
  createChainView,
  createRuntimes,
  createSubstrateEndpoint,
} from '../../adapters/substrate/index.ts';
import { tokenOf } from '../../relayer/cli/evmWallet.ts';
import { vaultTokenOf } from '../../relayer/cli/substrateWallet.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import type {
  CosmosChain,
  CosmosCoin,
  EvmChain,
  Representation,
  SubstrateChain,
  SubstrateToken,
} from '../../relayer/manifest/index.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import { chainNamed, persistently, urlOf } from './scenario.ts';

export interface SupplyCheck {
  /** True when the books are even; `tell` hears of each asset that is not. */
  holds(tell: (line: string) => void, signal: AbortSignal): Promise<boolean>;
}

/** To be made before anything is sent. */
export async function createSupplyCheck(network: LocalNetwork, signal: AbortSignal): Promise<SupplyCheck> {
  const { manifest } = network;
  const deps = { clock: systemClock };
  const funded = new Map<Representation, bigint>();
  for (const { representations } of manifest.assets) {
    for (const row of representations) if (row.family !== 'evm') funded.set(row, await held(row, signal));
  }

  /** Units of the token in the gateway, or for a mint all that exist outside of it. */
  async function held(row: Representation, stop: AbortSignal): Promise<bigint> {
    const chain = chainNamed(manifest, row.chain);
    if (chain.family === 'evm') return heldByContract(chain, row, stop);
    if (row.family === 'cosmos' && chain.family === 'cosmos') return heldByVault(chain, row, stop);
    if (row.family === 'substrate' && chain.family === 'substrate') return heldOnSubstrate(chain, row, stop);
    throw new Error('a representation of the family of its chain');
  }

  async function heldByContract(chain: EvmChain, row: Representation, stop: AbortSignal): Promise<bigint> {
    const endpoint = createRpcEndpoint(deps, { url: urlOf(network, chain.name), chainId: chain.chainId });
    const token = tokenOf(row);
    return row.custody === 'mint' && token !== undefined
      ? totalSupply(endpoint, token, stop)
      : balanceOf(endpoint, token, chain.gateway.address, stop);
  }

  async function heldByVault(chain: CosmosChain, { custody, denom }: CosmosCoin, stop: AbortSignal): Promise<bigint> {
    const http = createHttpEndpoint(deps, { url: urlOf(network, chain.name) });
    const endpoint = createCometEndpoint(http, { chainId: chain.chainId });
    let own = 0n;
    for (const { account } of chain.gateway.shards) {
      own += await coinsOf(endpoint, denom, formatAccount(account, chain.prefix), stop);
    }
    return custody === 'mint' ? (await supplyOf(endpoint, denom, stop)) - own : own;
  }

  async function heldOnSubstrate(chain: SubstrateChain, row: SubstrateToken, stop: AbortSignal): Promise<bigint> {
    const genesisHash = toHex(chain.genesisHash);
    const http = createHttpEndpoint(deps, { url: urlOf(network, chain.name) });
    const ring = createEndpointRing([createSubstrateEndpoint(http, { genesisHash })]);
    const view = createChainView(ring, createRuntimes(chain.runtimes), genesisHash);
    let own = 0n;
    for (const { account } of chain.gateway.shards) own += await tokensOf(view, vaultTokenOf(row), account, stop);
    return row.assetId !== undefined && row.custody === 'mint'
      ? (await assetSupply(view, row.assetId, stop)) - own
      : own;
  }

  return {
    async holds(tell, stop) {
      let isEven = true;
      for (const asset of manifest.assets) {
        let [locked, minted] = [0n, 0n];
        for (const row of asset.representations) {
          const units = (await persistently(async () => held(row, stop), stop)) - (funded.get(row) ?? 0n);
          const canonical = toCanonical(units, row.decimals, asset.decimals);
          if (row.custody === 'mint') minted += canonical;
          else locked += canonical;
        }
        if (locked === minted) continue;
        isEven = false;
        tell(`${asset.symbol}: ${locked} canonical units at home, ${minted} elsewhere`);
      }
      return isEven;
    },
  };
}

function toCanonical(units: bigint, decimals: number, canonical: number): bigint {
  return decimals >= canonical
    ? units / 10n ** BigInt(decimals - canonical)
    : units * 10n ** BigInt(canonical - decimals);
}
