/** Everything a hostile proof could make grow, with the reason for the number. */

/** Bytes of all nodes of a proof: nine times the `System.Events` of a full relay block. */
export const PROOF_BYTES_MAX = 8 * 1024 * 1024;
/** Nodes of a proof: more would average under 128 bytes at the byte limit, less than a node with two hashes. */
export const PROOF_NODES_MAX = 65_536;
/** Nibbles of a partial key: the format's own bound. */
export const PARTIAL_KEY_NIBBLES_MAX = 65_535;
/** Bytes of a storage key: real ones stay under 300. */
export const KEY_BYTES_MAX = 4_096;
/** Keys and prefixes in one request. No specific reason. */
export const QUERIES_MAX = 10_000;
/** Entries under one prefix, unless the caller asks for fewer. No specific reason. */
export const ENTRIES_MAX = 100_000;
