/** The Cosmos adapter: source and derivation of a vault gateway, and what a sender writes into a memo. */
export { formatAccount, parseAccount } from './account.ts';
export { type Deposit, readDeposits, referenceOf, type RefundReason } from './deposits.ts';
export { createCosmosDerive } from './derive.ts';
export { nodeMeaning, type NodeMeaning } from './errors.ts';
export {
  type CostModel,
  type MessageCost,
  type PayoutForm,
  payoutsThatFit,
  type ReleaseCost,
  releaseCost,
  SDK_053_COSTS,
} from './fees.ts';
export { type DepositTrace, traceDeposits } from './findDeposits.ts';
export type { CosmosGateway, VaultCoin, VaultLane, VaultLaneAsset } from './gateway.ts';
export { decodeMemo, encodeMemo, MEMO_CHARACTERS_MAX, type RoutingMemo } from './memo.ts';
export { type EndpointProbe, probeEndpoint } from './probe.ts';
export {
  type CometAnswer,
  type CometCall,
  type CometEndpoint,
  type CometOptions,
  createCometEndpoint,
  type HttpPort,
} from './rpc.ts';
export { type CosmosSourceOptions, createCosmosSource } from './source.ts';
export { BURN, CREATE_DENOM, factoryDenom, MINT, tokenFactoryAmino, tokenFactoryTypes } from './tokenFactory.ts';
