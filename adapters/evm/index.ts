/** The EVM adapter: source, derivation, target, submitter accounts, and the user's and operator's side. */
export { createEvmAccount, type EvmAccountOptions } from './account.ts';
export { type BeaconUpdates, type BeaconUpdatesOptions, createBeaconUpdates } from './beaconUpdates.ts';
export {
  CUSTODIES,
  type DeployedGateway,
  deployBridgedToken,
  deployGateway,
  deployTestToken,
  type EvmCustody,
  type LaneRegistration,
  mintTestToken,
  registerAsset,
  registerLane,
  setGuardian,
  setLaneAsset,
  setLimit,
} from './deploy.ts';
export {
  balanceOf,
  deposit,
  depositBatch,
  type DepositTerms,
  packetsOfReceipt,
  type SentDeposits,
  type SentPacket,
  totalSupply,
} from './deposit.ts';
export { createEvmDerive, createEvmDeriveWith, type EvmGateway } from './derive.ts';
export { DEFAULT_FEE_LIMITS, type FeeLimits, type Fees } from './fees.ts';
export { createForwarding, deployForwarderFactory, forwarderAddress } from './forward.ts';
export { headerFromRpc, type RpcHeader } from './headerFromRpc.ts';
export { createHeaderUpdates, type HeaderUpdatesOptions, type PullUpdate } from './headerUpdates.ts';
export { keyFromMnemonic } from './mnemonic.ts';
export { createPayoutRoom, type PayoutRoom } from './payoutRoom.ts';
export { createRpcEndpoint, type RpcAnswer, type RpcCall, type RpcEndpoint, type RpcOptions } from './rpc.ts';
export { createEvmSender, type EvmReceipt, type EvmSend, type EvmSender, type EvmSenderOptions } from './sender.ts';
export { createEvmSource, type EvmSourceOptions } from './source.ts';
export { createEvmTarget, type EvmTargetOptions } from './target.ts';
