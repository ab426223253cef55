/** Ethereum by sync committees: see `createEthereumClient.ts` for what it trusts and what it does not prove. */
export { createEthereumClient, type EthereumClient } from './createEthereumClient.ts';
export { createEthereumFollower } from './createEthereumFollower.ts';
export {
  type EthereumParameters,
  type Fork,
  FORK_NAMES,
  forkAtSlot,
  type ForkName,
  MAINNET_PRESET,
  MINIMAL_PRESET,
  periodAtSlot,
  type Preset,
  slotAtTime,
  timeOfSlot,
} from './parameters.ts';
export { encodeMessage, type MessageKind } from './message.ts';
export { messageFromJson } from './messageJson.ts';
export { summarizeTrustedState, type TrustedStateSummary } from './trustedState.ts';
export { type Containers, createContainers, type Layout, layoutOf } from './containers.ts';
export { BUNDLE_HEADERS_MAX, BUNDLE_MESSAGES_MAX, encodeUpdateBundle, type UpdateBundle } from './updateBundle.ts';
export { decodeVerifiedBlock, encodeVerifiedBlock, type VerifiedBlock } from './verifiedBlock.ts';
export { type Bls, createBlst, createNobleBls, selectBls } from './bls.ts';
export {
  decodeExecutionHeader,
  encodeExecutionHeader,
  type ExecutionHeader,
  executionHeaderHash,
  type ExecutionHeaderVerdict,
} from './executionHeader.ts';
export {
  ANCESTORS_MAX,
  HISTORY_ADDRESS,
  HISTORY_WINDOW,
  type HistoryProof,
  historySlot,
  proveHistoricalHash,
  walkAncestors,
} from './ancestors.ts';
export {
  decodeReceipt,
  encodeReceipt,
  logsBloom,
  proveLogs,
  proveLogsOfValues,
  type ProvenLog,
  type Receipt,
  type ReceiptLog,
  RECEIPTS_MAX,
  receiptsRootOf,
  type ReceiptType,
} from './receipts.ts';
