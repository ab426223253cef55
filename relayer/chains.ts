/**
 * From a manifest row and a config row to a chain behind the engine's ports: one case per family, each in a file beside this
 * one. A new family is one more case here, one folder in `adapters` and one in `light-clients`.
 */
import type { ChainConfig } from './config/index.ts';
import type { Clock } from './core/clock.ts';
import { assert } from './core/errors.ts';
import type { ChainName, LaneId } from './core/ids.ts';
import type { Logger } from './core/log.ts';
import { createCosmosChain } from './cosmosChain.ts';
import { createEvmChain } from './evmChain.ts';
import { createSubstrateChain } from './substrateChain.ts';
import type { Manifest, ManifestChain } from './manifest/index.ts';
import type { NodeChain } from './node.ts';
import type { LightClientWorker } from './verify/lightClientWorker.ts';

export interface ChainDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Runs the light clients that cost more than a millisecond. */
  readonly worker: LightClientWorker;
  /**
   * Packets [first, first + count) of a lane, from the journal, frames from the bus included: whoever uses them checks them
   * against a proven hash. Undefined while they are not all there.
   */
  readonly packetsOf: (lane: LaneId, first: bigint, count: number) => Promise<Uint8Array | undefined>;
  /** True when all of the packets are verified as delivered. */
  readonly isDelivered: (lane: LaneId, first: bigint, count: number) => Promise<boolean>;
  /** The derivation cursor of a chain, as the journal has it. */
  readonly cursorOf: (chain: ChainName) => Promise<Uint8Array | undefined>;
  /** Where the packet with this source reference is, among the newest of its lane. */
  readonly sequenceOf: (lane: LaneId, sourceReference: Uint8Array) => Promise<bigint | undefined>;
}

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
