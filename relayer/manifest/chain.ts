/**
 * A chain of the manifest: one row of the union per family. A family has a file of its own here (its schema, its decoded
 * type, its checks), a folder in `adapters/` and a file beside `relayer/chains.ts`.
 */
import { z } from 'zod';
import { cosmosChainSchema, type CosmosChain, toCosmosChain } from './cosmosChain.ts';
import { type EvmChain, evmChainSchema, toEvmChain } from './evmChain.ts';
import { substrateChainSchema, type SubstrateChain, toSubstrateChain } from './substrateChain.ts';

export type ManifestChain = EvmChain | CosmosChain | SubstrateChain;

export const chainSchema = z.discriminatedUnion('family', [evmChainSchema, cosmosChainSchema, substrateChainSchema], {
  error: 'a chain of family "evm", "cosmos" or "substrate"',
});

export type RawChain = z.output<typeof chainSchema>;

/** `threshold`: of the signer set, which vaults take when they say nothing else. */
export function toChain(raw: RawChain, threshold: number): ManifestChain {
  switch (raw.family) {
    case 'evm':
      return toEvmChain(raw);
    case 'cosmos':
      return toCosmosChain(raw, threshold);
    case 'substrate':
      return toSubstrateChain(raw, threshold);
  }
}
