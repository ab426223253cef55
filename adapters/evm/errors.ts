/**
 * What a revert of the gateway, or a node's words about a transaction, mean for the submitter. The only place that looks
 * at the text of a node; beside each text is the source that prints it.
 */
import { decodeErrorResult, type Hex } from 'viem';
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../../relayer/core/limits.ts';
import { GATEWAY_ABI } from './gateway.ts';
import { asRecord } from './json.ts';

export type RevertMeaning =
  | { readonly kind: 'alreadyDelivered'; readonly reason: string }
  | { readonly kind: 'wait'; readonly reason: string; readonly retryMs: number }
  | { readonly kind: 'refused'; readonly reason: string };

/** Blocks of few chains come more often. */
const BLOCK_RETRY_MS = 1_000;
/** Milliseconds until a paused gateway is looked at again: people unpause, not blocks. */
const PAUSED_RETRY_MS = 30_000;

/** Reads the revert data of a gateway call by its custom error. */
export function revertMeaning(data: Hex): RevertMeaning {
  let name: string;
  let args: readonly unknown[];
  try {
    const decoded = decodeErrorResult({ abi: GATEWAY_ABI, data });
    name = decoded.errorName;
    args = decoded.args ?? [];
  } catch {
    return {
      kind: 'refused',
      reason: data === '0x' ? 'reverted without a reason' : `unknown error ${data.slice(0, 10)}`,
    };
  }
  const reason = `${name}(${args.map(show).join(', ')})`;
  switch (name) {
    case 'GatewayChunkAlreadyDelivered':
      return { kind: 'alreadyDelivered', reason };
    // An earlier checkpoint comes first, or the node has not seen this one accepted yet.
    case 'GatewayCheckpointSkips':
    case 'GatewayCheckpointUnknown':
    case 'GatewayChunkBaseMismatch':
      return { kind: 'wait', reason, retryMs: RETRY_MS_MIN };
    // A node between two blocks may answer by the state of the new one and the time of the old one: time that passed since the
    // last payment is below zero then.
    case 'Panic':
      return { kind: 'wait', reason, retryMs: BLOCK_RETRY_MS };
    case 'GatewayIsPaused':
      return { kind: 'wait', reason, retryMs: PAUSED_RETRY_MS };
    case 'GatewayLimitExceeded':
      return { kind: 'wait', reason, retryMs: limitRetryMs(args[3]) };
    default:
      return { kind: 'refused', reason };
  }
}

/** The revert data in the error of `eth_call` or `eth_estimateGas`, or undefined when it is no revert. */
export function revertData(data: unknown): Hex | undefined {
  // geth, reth, anvil: the hex itself; others wrap it in an object, or put a word before it (Nethermind, OpenEthereum).
  const inner = asRecord(data)?.['data'] ?? data;
  if (typeof inner !== 'string') return undefined;
  const match = /^(?:Reverted )?(0x(?:[0-9a-fA-F]{2})*)$/.exec(inner);
  return match?.[1] as Hex | undefined;
}

export type BroadcastMeaning = 'known' | 'nonceTooLow' | 'underpriced' | 'outOfFunds' | 'other';

/**
 * - geth: core/txpool/errors.go and core/error.go
 *   https://github.com/ethereum/go-ethereum/blob/master/core/txpool/errors.go
 *   https://github.com/ethereum/go-ethereum/blob/master/core/error.go
 * - anvil: crates/anvil/src/eth/error.rs
 *   https://github.com/foundry-rs/foundry/blob/master/crates/anvil/src/eth/error.rs
 * - reth: crates/rpc/rpc-eth-types/src/error/mod.rs
 *   https://github.com/paradigmxyz/reth/blob/main/crates/rpc/rpc-eth-types/src/error/mod.rs
 * - erigon: txnprovider/txpool/txpoolcfg/txpoolcfg.go
 *   https://github.com/erigontech/erigon/blob/main/txnprovider/txpool/txpoolcfg/txpoolcfg.go
 */
const BROADCAST_TEXTS: readonly (readonly [pattern: RegExp, meaning: BroadcastMeaning])[] = [
  // geth, reth "already known"; anvil "transaction already imported"; erigon "already known", "existing tx with same hash".
  [/already known|already imported|same hash/i, 'known'],
  // geth, reth, anvil, erigon "nonce too low".
  [/nonce too low/i, 'nonceTooLow'],
  // geth, reth, anvil "replacement transaction underpriced"; geth, erigon "transaction underpriced", "underpriced";
  // erigon "could not replace existing tx"; geth, anvil "max fee per gas less than block base fee".
  [/underpriced|could not replace|less than block base fee/i, 'underpriced'],
  // geth, reth, erigon "insufficient funds for gas * price + value"; anvil "Insufficient funds for gas * price + value".
  [/insufficient funds/i, 'outOfFunds'],
];

/** What a node's refusal of `eth_sendRawTransaction` means. */
export function broadcastMeaning(message: string): BroadcastMeaning {
  return BROADCAST_TEXTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'other';
}

function limitRetryMs(seconds: unknown): number {
  if (typeof seconds !== 'bigint') return RETRY_MS_MAX;
  const ms = seconds > BigInt(RETRY_MS_MAX) ? RETRY_MS_MAX : Number(seconds) * 1000;
  return Math.max(RETRY_MS_MIN, Math.min(RETRY_MS_MAX, ms));
}

function show(value: unknown): string {
  return typeof value === 'string' ||
    typeof value === 'bigint' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
    ? String(value)
    : '...';
}
