/**
 * The consensus layer of the local network, from npm: Lodestar's state transition and what it is made of. Everything here
 * imports it through this file, so that the preset is chosen first.
 */
import './minimalPreset.ts';

export * as blst from '@chainsafe/blst';
export { BitArray } from '@chainsafe/ssz';
export { Tree } from '@chainsafe/persistent-merkle-tree';
export {
  type BeaconConfig,
  type ChainConfig,
  chainConfigToJson,
  type ChainForkConfig,
  createBeaconConfig,
  createChainForkConfig,
} from '@lodestar/config';
export { mainnetChainConfig, minimalChainConfig } from '@lodestar/config/configs';
export * as params from '@lodestar/params';
export * as transition from '@lodestar/state-transition';
export type { CachedBeaconStateElectra, CachedBeaconStateFulu } from '@lodestar/state-transition';
export * as lightClient from '@lodestar/state-transition/light-client';
export {
  type BeaconBlock,
  type BeaconBlockBody,
  type electra,
  type fulu,
  type LightClientBootstrap,
  type LightClientHeader,
  type LightClientUpdate,
  type phase0,
  ssz,
} from '@lodestar/types';
