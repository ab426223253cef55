/** The manifest: the public description of one bridge network. */
export { accountLengths, formatAccount, parseAccount, type ReadAccount } from './account.ts';
export type {
  Asset,
  CosmosCoin,
  LockedToken,
  MintedToken,
  NativeCoin,
  Representation,
  SubstrateToken,
} from './asset.ts';
export type { ManifestChain } from './chain.ts';
export type { CosmosChain } from './cosmosChain.ts';
export type { CosmosCosts } from './cosmosCosts.ts';
export { COSMOS_MEMBERS_MAX, type CosmosVault, multisigAccount } from './cosmosVault.ts';
export type { EvmChain } from './evmChain.ts';
export { checksumAddress } from './fields.ts';
export { ConfigError, type Finding, formatFinding } from './findings.ts';
export { type ContractGateway, gatewayBytes, type GatewaySpec } from './gateway.ts';
export { isHomeLane, type LaneAsset, type ManifestLane } from './lane.ts';
export type {
  ConfirmationsLightClient,
  EthereumFork,
  EthereumLightClient,
  EvmLightClient,
  LightClientSpec,
} from './lightClient.ts';
export type { GrandpaLightClient } from './grandpa.ts';
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
export type { SubstrateChain } from './substrateChain.ts';
export type { SubstrateShard, SubstrateVault } from './substrateVault.ts';
export type { TendermintLightClient } from './tendermint.ts';
export type { ChainClockSpec, TrustedBlock } from './trusted.ts';
export type { VaultGateway, VaultShard } from './vault.ts';
