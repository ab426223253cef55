/**
 * Where the local chain is knowingly not what a real one is, and why that is no matter. Printed into docs/WITNESSES.md. Each
 * has to occur: one that does not is stale, and the witness says so.
 */

export interface KnownDifference {
  /** Names of steps. */
  readonly step: RegExp;
  /** Places in the answer. */
  readonly path: RegExp;
  readonly what: string;
  readonly why: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
