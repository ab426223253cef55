/**
 * Verifies a read proof of a Substrate state, as `state_getReadProof` gives it: which values the keys have, which keys have
 * none, and which entries there are under a prefix.
 *
 * Trusted: the state root, from a verified header. Proven when valid: every value is in the state under its key; every
 * undefined is a key that the state does not have; every list under a prefix is complete. Not proven: what a value means
 * (that takes the metadata of the runtime that wrote it), nor anything about keys that were not asked.
 *
 * The proof must be exactly what the question needs: a node missing, a node twice and a node that no key leads to are each
 * refused. The compact form of a proof is not taken. A proof for a prefix is the read proof of all keys under it (every node there lies on the way to one of them).
 */
import { judge, must } from '../refusal.ts';
import type { Verdict } from '../verdict.ts';
import { ENTRIES_MAX, QUERIES_MAX } from './limits.ts';
import { createProofReader, type TrieEntry } from './proofReader.ts';

export interface TrieQuestion {
  readonly keys?: readonly Uint8Array[];
  readonly prefixes?: readonly Uint8Array[];
  /** The most entries taken under one prefix. */
  readonly entriesMax?: number;
}

export interface TrieAnswer {
  /** In the order of `keys`; undefined is proven absent. */
  readonly values: readonly (Uint8Array | undefined)[];
  /** In the order of `prefixes`, each ascending and complete. */
  readonly entries: readonly (readonly TrieEntry[])[];
}

/** `nodes` in any order. Values and keys are views of, or as fresh as, the nodes given. */
export function readTrie(root: Uint8Array, nodes: readonly Uint8Array[], question: TrieQuestion): Verdict<TrieAnswer> {
  return judge(() => {
    const { keys = [], prefixes = [], entriesMax = ENTRIES_MAX } = question;
    must(keys.length + prefixes.length <= QUERIES_MAX, `trie proof: more than ${QUERIES_MAX} questions`);
    const reader = createProofReader(root, nodes);
    const values = keys.map((key) => reader.read(key));
    const entries = prefixes.map((prefix) => reader.readPrefix(prefix, entriesMax));
    must(reader.unused() === 0, 'trie proof: a node that nothing asked for');
    return { values, entries };
  });
}
