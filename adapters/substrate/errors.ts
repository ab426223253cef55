/**
 * What a node's refusal of an extrinsic means. The only place that looks at the codes and texts of a node; beside each is the
 * source that makes it.
 *
 * - codes: sc-rpc-api `author/error.rs`
 *   https://github.com/paritytech/polkadot-sdk/blob/master/substrate/client/rpc-api/src/author/error.rs
 * - texts of code 1010: sp-runtime `transaction_validity.rs`, `impl From<InvalidTransaction> for &'static str`
 *   https://github.com/paritytech/polkadot-sdk/blob/master/substrate/primitives/runtime/src/transaction_validity.rs
 */

export type SubmitMeaning =
  /** The very extrinsic waits in the pool, or was included not long ago. */
  | 'known'
  /** Its nonce is used. */
  | 'stale'
  /** The account cannot pay the fee. */
  | 'outOfFunds'
  /** Another one with this nonce waits and offers as much. */
  | 'underpriced'
  /** Its era is over, or was signed for another runtime or chain: it has to be signed anew. */
  | 'outdated'
  /** It never fits into a block. */
  | 'tooLarge'
  /** The pool takes nothing now. */
  | 'full'
  | 'other';

const CODES: Readonly<Record<number, SubmitMeaning>> = {
  // "Transaction is temporarily banned": it was included, or found invalid, within the last half hour.
  1012: 'known',
  // "Transaction Already Imported"
  1013: 'known',
  // "Priority is too low: (x vs y)"
  1014: 'underpriced',
  // "Immediately Dropped"
  1016: 'full',
};

/** `InvalidTransaction` in the data of code 1010. */
const INVALID: readonly (readonly [pattern: RegExp, meaning: SubmitMeaning])[] = [
  [/^Transaction is outdated/, 'stale'],
  [/^Inability to pay some fees/, 'outOfFunds'],
  // A signature over another spec version or genesis is a bad one as well.
  [/^Transaction has a bad signature/, 'outdated'],
  [/^Transaction has an ancient birth block/, 'outdated'],
  [/^Transaction would exhaust the block limits/, 'tooLarge'],
];

export function submitMeaning(code: number, data: string): SubmitMeaning {
  if (code === 1010) return INVALID.find(([pattern]) => pattern.test(data))?.[1] ?? 'other';
  return CODES[code] ?? 'other';
}
