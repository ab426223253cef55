/** The CometBFT light client: verification, inclusion, decoding. Pure; see each file for what it trusts. */
export { walkBack } from './backward.ts';
export { commitHash, dataHash, headerHash, resultsHash, sha256, txLeaf, validatorsHash } from './canonical.ts';
export {
  advance,
  checkRules,
  createTendermintClient,
  stateFromCheckpoint,
  type TendermintClientOptions,
} from './client.ts';
export {
  createTendermintFollower,
  type TendermintFollower,
  type TendermintParameters,
} from './createTendermintFollower.ts';
export {
  decodeHeader,
  decodeLightBlock,
  decodeSignedHeader,
  decodeState,
  decodeUpdate,
  decodeValidators,
  encodeHeader,
  encodeLightBlock,
  encodeState,
  encodeUpdate,
  type Update,
} from './codec.ts';
export { verifyBlockTxs, verifyTx, type IncludedTx, type TxProof } from './inclusion.ts';
export { addressOf, verifySignature } from './keys.ts';
export {
  decodeAbciQueryAnswer,
  decodeBlockAnswer,
  decodeBlockResultsAnswer,
  decodeBlockchainAnswer,
  decodeCommitAnswer,
  decodeCommitJson,
  decodeHeaderJson,
  decodeTimeJson,
  decodeTxAnswer,
  decodeValidatorsAnswer,
  decodeValidatorsJson,
  type AbciQueryAnswer,
  type BlockAnswer,
  type BlockResultsAnswer,
  type TxAnswer,
  type TxProofAnswer,
  type ValidatorsAnswer,
} from './rpcJson.ts';
export type {
  BlockId,
  Commit,
  CommitSignature,
  Header,
  KeyType,
  LightBlock,
  PublicKey,
  SignedBlock,
  TrustAnchor,
  TrustRules,
  TrustedState,
  TxResult,
  Validator,
} from './types.ts';
export { verifyLightBlock, verifySignedBlock, verifyTrace } from './verify.ts';
export { checkMisbehaviour, compareWitness, type Attack, type Comparison, type Evidence } from './witness.ts';
