/** Substrate state-trie read proofs (V0 and V1) and storage keys. */
export { ENTRIES_MAX, KEY_BYTES_MAX, PROOF_BYTES_MAX, PROOF_NODES_MAX, QUERIES_MAX } from './limits.ts';
export { type TrieEntry } from './proofReader.ts';
export { readTrie, type TrieAnswer, type TrieQuestion } from './readTrie.ts';
export { blake2Concat128, paraHeadKey, storagePrefix, twox128, twox64Concat } from './storageKey.ts';
