/** The manifest: the public description of one bridge network. */
export type { Asset, LockedToken, MintedToken, NativeCoin, Representation } from './asset.ts';
export type { EvmChain, ManifestChain } from './chain.ts';
export { checksumAddress } from './fields.ts';
export { ConfigError, type Finding, formatFinding } from './findings.ts';
export { type ContractGateway, gatewayBytes, type GatewaySpec } from './gateway.ts';
export type { LaneAsset, ManifestLane } from './lane.ts';
export type {
  ChainClockSpec,
  ConfirmationsLightClient,
  EthereumFork,
  EthereumLightClient,
  LightClientSpec,
  TrustedBlock,
} from './lightClient.ts';
export { laneGranularity } from './granularity.ts';
export { loadManifest, type ManifestReading, readManifest } from './loadManifest.ts';
export {
  assetById,
  chainByName,
  laneBetween,
  laneById,
  lanesFrom,
  lanesTo,
  type Manifest,
  oppositeLane,
  type Profile,
} from './manifest.ts';
export { canonicalJson, manifestHash } from './manifestHash.ts';
export type { ManifestSigners, SignerMember } from './signers.ts';
