/**
 * The Cosmos adapter: source and derivation of a vault gateway, its accounts and members, and the user's side of it.
 */
export { formatAccount, parseAccount } from './account.ts';
export { balanceOf, deposit, depositMany, type DepositTerms, type SentDeposits, supplyOf } from './deposit.ts';
export { type Deposit, readDeposits, referenceOf, type RefundReason } from './deposits.ts';
export { deployVault, type DeployOptions, runByShard, type ShardKeys, type ShardRun } from './deploy.ts';
export { createCosmosDerive } from './derive.ts';
export { nodeMeaning, type NodeMeaning } from './errors.ts';
export {
  type CostModel,
  type MessageCost,
  type PayoutCounts,
  type PayoutForm,
  payoutsThatFit,
  type ReleaseCost,
  releaseCost,
  SDK_053_COSTS,
  transactionCost,
} from './fees.ts';
export { type DepositTrace, traceDeposits } from './findDeposits.ts';
export type { CosmosGateway, InboundLane, VaultCoin } from './gateway.ts';
export { decodeMemo, encodeMemo, FUNDING_MEMO, MEMO_CHARACTERS_MAX, type RoutingMemo } from './memo.ts';
export { type MemberKey, memberKey, memberPublicKeys } from './memberKeys.ts';
export { type EndpointProbe, probeEndpoint } from './probe.ts';
export { decodeReleaseMemo, encodeReleaseMemo, type ReleaseMemo } from './releaseMemo.ts';
export {
  type CometAnswer,
  type CometCall,
  type CometEndpoint,
  type CometOptions,
  createCometEndpoint,
  type HttpPort,
} from './rpc.ts';
export { type CosmosSender, type CosmosSenderOptions, createCosmosSender, type SentTx } from './sender.ts';
export { makeShard, SHARD_MEMBERS_MAX, type VaultShard } from './shards.ts';
export { type CosmosSourceOptions, createCosmosSource } from './source.ts';
export { createCosmosTarget } from './target.ts';
export { BURN, CREATE_DENOM, factoryDenom, MINT, tokenFactoryAmino, tokenFactoryTypes } from './tokenFactory.ts';
export { type CosmosVaultDeps, type CosmosVaultOptions, createCosmosVault } from './vault.ts';
