/**
 * What hashes here: Keccak-256 over flat bytes, many messages in one call. All engines give the same digests; they differ
 * in speed alone.
 */

export interface KeccakEngine {
  /** For people: how it hashes. */
  readonly name: 'wasm simd' | 'wasm' | 'noble';
  /** The digest (32 bytes) of the parts laid end to end. */
  hash(parts: readonly Uint8Array[]): Uint8Array;
  /** The digests, laid end to end, of slices of `stride` bytes; the last one may be shorter. None of no bytes. */
  hashEach(bytes: Uint8Array, stride: number): Uint8Array;
  /** The digests, laid end to end, of prefix ‖ record, for each record of `RECORD_BYTES`; `prefix` has 32 bytes. */
  hashPrefixed(prefix: Uint8Array, records: Uint8Array): Uint8Array;
  /**
   * For each chain, `next = hash(previous ‖ record)` from its first digest over all its records. A chain cannot go faster
   * than its hashes one after the other; several go side by side.
   */
  runChains(chains: readonly HashChain[]): Uint8Array[];
}

export interface HashChain {
  /** 32 bytes. */
  readonly first: Uint8Array;
  /** Whole records of `RECORD_BYTES`, laid end to end. */
  readonly records: Uint8Array;
}
