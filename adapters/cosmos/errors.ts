/**
 * What a node's words mean. The only place that looks at the text of a node; beside each text is the source that prints it.
 */

export type NodeMeaning =
  /** The height is above the node's tip: it lags, or the block is not there yet. */
  | 'notYet'
  /** The height is below what the node still has. */
  | 'pruned'
  /** The node does not keep the results of blocks: of no use for derivation. */
  | 'noResults'
  /** The very transaction is known already, which is as good as taken. */
  | 'known'
  | 'other';

/**
 * - heights: cometbft rpc/core/env.go and blocks.go
 *   https://github.com/cometbft/cometbft/blob/v0.38.x/rpc/core/env.go
 * - results: cometbft state/errors.go
 *   https://github.com/cometbft/cometbft/blob/v0.38.x/state/errors.go
 * - cache: cometbft mempool/errors.go
 *   https://github.com/cometbft/cometbft/blob/v0.38.x/mempool/errors.go
 */
const TEXTS: readonly (readonly [pattern: RegExp, meaning: NodeMeaning])[] = [
  // "height %d must be less than or equal to the current blockchain height %d"
  [/must be less than or equal to the current blockchain height/, 'notYet'],
  // "height %d is not available, lowest height is %d"
  [/is not available, lowest height is/, 'pruned'],
  // 0.38 "node is not persisting finalize block responses"; 0.37 "node is not persisting abci responses"
  [/node is not persisting (finalize block|abci) responses/, 'noResults'],
  // "could not find results for height #%d"
  [/could not find results for height/, 'noResults'],
  // "tx already exists in cache"; SDK code 19 "tx already in mempool"
  [/tx already exists in cache|tx already in mempool/, 'known'],
];

export function nodeMeaning(message: string): NodeMeaning {
  return TEXTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'other';
}

export type SubmitMeaning =
  | 'taken'
  /** The account's sequence is another one in the node's mempool. */
  | 'sequence'
  /** It never will be included as it is: its timeout height has passed, its fee is too low, or it is signed for another state. */
  | 'stale'
  | 'outOfFunds'
  | 'other';

/**
 * Codes with which a node answers a broadcast, codespace `sdk`: cosmos-sdk types/errors/errors.go
 * https://github.com/cosmos/cosmos-sdk/blob/v0.53.4/types/errors/errors.go
 */
const SUBMIT_CODES: Readonly<Record<number, SubmitMeaning>> = {
  // ErrUnauthorized: signed with another account number or chain id.
  4: 'stale',
  // ErrInsufficientFunds: a check runs no messages, so it is the fee.
  5: 'outOfFunds',
  // ErrUnknownAddress: an account that never held anything.
  9: 'outOfFunds',
  // ErrInsufficientFee
  13: 'stale',
  // ErrTxInMempoolCache
  19: 'taken',
  // ErrTxTimeoutHeight
  30: 'stale',
  // ErrWrongSequence
  32: 'sequence',
};

export function checkTxMeaning(code: unknown, codespace: unknown): SubmitMeaning {
  if (code === 0) return 'taken';
  if (typeof code !== 'number' || codespace !== 'sdk') return 'other';
  return SUBMIT_CODES[code] ?? 'other';
}
