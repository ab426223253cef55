/**
 * From a manifest row and a config row to a chain behind the engine's ports: one case per family, each in a file beside this
 * one. A new family is one more case here, one folder in `adapters` and one in `light-clients`.
 */
import type { ChainConfig } from './config/index.ts';
import { assert } from './core/errors.ts';
import type { ChainDeps } from './chainDeps.ts';
import { createCosmosChain } from './cosmosChain.ts';
import { createEvmChain } from './evmChain.ts';
import { createSubstrateChain } from './substrateChain.ts';
import type { Manifest, ManifestChain } from './manifest/index.ts';
import type { NodeChain } from './node.ts';

export function createChain(manifest: Manifest, chain: ManifestChain, config: ChainConfig, deps: ChainDeps): NodeChain {
  switch (chain.family) {
    case 'evm':
      assert(config.family === chain.family, FAMILY);
      return createEvmChain(manifest, chain, config, deps);
    case 'cosmos':
      assert(config.family === chain.family, FAMILY);
      return createCosmosChain(manifest, chain, config, deps);
    case 'substrate':
      assert(config.family === chain.family, FAMILY);
      return createSubstrateChain(manifest, chain, config, deps);
  }
}

const FAMILY = 'a config row takes its family from the manifest';
