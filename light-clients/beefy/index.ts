/** BEEFY: signed commitments, authority sets by root, and the Merkle mountain range that they commit to. */
export { type AuthoritySetRoot, verifyAuthority } from './authorityProof.ts';
export {
  type Commitment,
  decodeCommitment,
  decodeSignedCommitment,
  encodeCommitment,
  encodeSignedCommitment,
  hashCommitment,
  type SignedCommitment,
} from './commitment.ts';
export { decodeMmrLeafProof, type MmrLeafProof, verifyMmrLeaf } from './mmr.ts';
export { type BeefySet, recoverSigner, verifySignedCommitment } from './verifySignedCommitment.ts';
