/**
 * GRANDPA finality for Substrate chains and their parachains, without a node's help and usable alone:
 *
 *   const client = createGrandpaClient({ trusted: { header, setId, authorities }, slotMs: 6_000 });
 *   const proof = decodeFinalityProof(answerOf('grandpa_proveFinality', number + 1));
 *   const verdict = client.update(state, encodeUpdate({ steps: [stepFromFinalityProof(proof, setId)] }), now);
 *
 * `number` and `setId` are those of the trusted state (`decodeTrustedState`). What begins with `decode` and gives no verdict throws
 * a `Refusal` for bytes that do not decode; all else answers with a verdict.
 */
export { type Authority, type AuthoritySet, finalityThreshold } from './authoritySet.ts';
export { type ConsensusLog, consensusLogs, decodeConsensusLog } from './consensusLog.ts';
export { verifyEd25519 } from '../ed25519.ts';
export { decodeFinalityProof, type FinalityProof } from './finalityProof.ts';
export { createGrandpaClient, type GrandpaClientOptions } from './grandpaClient.ts';
export { decodeHeader, type DigestItem, encodeHeader, hashHeader, type Header, slotOf } from './header.ts';
export {
  type BlockId,
  decodeCommit,
  decodeJustification,
  encodeJustification,
  type Justification,
  type Precommit,
  precommitMessage,
} from './justification.ts';
export { type LinkedHeader, linkHeaders } from './linkHeaders.ts';
export { readParachainHead } from './parachainHead.ts';
export { encodeUpdate, type FinalityStep, type GrandpaUpdate, stepFromFinalityProof } from './update.ts';
export { decodeTrustedState, type TrustedState } from './trustedState.ts';
export { verifyJustification } from './verifyJustification.ts';
