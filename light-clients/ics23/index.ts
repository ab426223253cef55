/** ICS-23 proofs of Cosmos stores. Pure; see `verify.ts` for what is trusted and proven. */
export { decodeCommitmentProof, decodeMerkleProof, decodeProofOps, type ProofOp } from './decode.ts';
export { IAVL_SPEC, SDK_SPECS, SMT_SPEC, TENDERMINT_SPEC } from './specs.ts';
export type { CommitmentProof, ExistenceProof, InnerOp, LeafOp, NonExistenceProof, ProofSpec } from './types.ts';
export { verifyAbsence, verifyExistence, verifyMembership, verifyNonMembership } from './verify.ts';
