/** Merkle-Patricia tries: strict RLP, inclusion and absence, roots from all entries, EIP-1186 account and storage proofs. */
export {
  type AccountProofVerdict,
  type ProvenAccount,
  type StorageProofVerdict,
  verifyAccountProof,
  verifyStorageProof,
} from './accountProof.ts';
export {
  EMPTY_TRIE_ROOT,
  MPT_NODE_BYTES_MAX,
  MPT_NODES_MAX,
  type MptProofVerdict,
  verifyMptProof,
} from './mptProof.ts';
export { decodeRlp, encodeRlp, integerBytes, isBytes, type RlpItem, rlpInteger } from './rlp.ts';
export { listRoot, type NodeVisitor, type TrieEntry, trieRoot } from './trieRoot.ts';
