/** Everything hostile bytes could make grow, with the reason for the number. */

/** Members of an authority set: ten times the largest known (Kusama, about 1,000). */
export const AUTHORITIES_MAX = 10_000;
/** Precommits of a justification: an equivocating voter may appear twice. */
export const PRECOMMITS_MAX = 2 * AUTHORITIES_MAX;
/** Ancestry headers of a justification: voters run at most a few hundred blocks ahead of finality. */
export const ANCESTRY_HEADERS_MAX = 4_096;
/** Digest items of a header: ordinary ones have 2 to 5, one that disables a third of 1,000 validators nearly 700. */
export const DIGEST_ITEMS_MAX = 4_096;
/** Bytes of a header: one that announces `AUTHORITIES_MAX` authorities of 40 bytes, and as much again. */
export const HEADER_BYTES_MAX = 1024 * 1024;
/** Bytes of a justification: `PRECOMMITS_MAX` of 132 bytes and the ancestry. */
export const JUSTIFICATION_BYTES_MAX = 8 * 1024 * 1024;
/** Headers of a `grandpa_proveFinality` answer: the node's own MAX_UNKNOWN_HEADERS. */
export const UNKNOWN_HEADERS_MAX = 100_000;
/** Bytes of a finality proof or an update: 100,000 ordinary headers of 300 bytes, and as much again. */
export const UPDATE_BYTES_MAX = 64 * 1024 * 1024;
/** Authority-set changes in one update: half a year of four-hour sessions. */
export const STEPS_MAX = 1_024;
