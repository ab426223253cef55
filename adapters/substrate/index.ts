/** The Substrate adapter: source, derivation and vault of a gateway, and the user's and operator's side. */
export { ACCOUNT_BYTES, formatAccount, parseAccount } from './account.ts';
export type { PacketsOf } from './blocks.ts';
export { type BlockRef, type ChainNow, type ChainView, createChainView } from './chainView.ts';
export { type Deposit, judgeDeposit, referenceOf, type RefundReason } from './deposits.ts';
export { createSubstrateDerive } from './derive.ts';
export { submitMeaning, type SubmitMeaning } from './errors.ts';
export { DEFAULT_TIPS, type TipPolicy } from './fees.ts';
export { type DepositTrace, traceDeposits } from './findDeposits.ts';
export type { SubstrateGateway, VaultAccount, VaultAsset, VaultInbound, VaultToken } from './gateway.ts';
export { keyFromSeed, type SigningKey } from './keys.ts';
export { decodeMemo, encodeMemo, MEMO_CHARACTERS_MAX, type RoutingMemo } from './memo.ts';
export { multisigAccount, vaultAccount, type VaultSigners } from './multisig.ts';
export { createAsset, fundAccounts, type Funding, type NewAsset, transfer } from './operator.ts';
export { createReceiverProblem, type ReceiverProblem } from './receiverProblem.ts';
export {
  createSubstrateEndpoint,
  type SubstrateAnswer,
  type SubstrateCall,
  type SubstrateEndpoint,
  type SubstrateRpcOptions,
} from './rpc.ts';
export { createRuntimes, metadataHash, type Runtimes } from './runtimes.ts';
export {
  createSubstrateSender,
  type SubstrateReceipt,
  type SubstrateSender,
  type SubstrateSenderOptions,
} from './sender.ts';
export { createSubstrateSource, type SubstrateSourceOptions } from './source.ts';
export { createSubstrateTarget } from './target.ts';
export {
  assetSupply,
  balanceOf,
  deposit,
  depositMany,
  type DepositTerms,
  depositWithMemo,
  type SentDeposit,
} from './user.ts';
export {
  createSubstrateVault,
  type SubmitterKeys,
  type SubstrateVaultDeps,
  type SubstrateVaultOptions,
} from './vault.ts';
