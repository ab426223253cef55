/**
 * The routing memo: what a sender writes into the memo of the transaction that pays a vault.
 *
 *   v1|<target>|<receiver>|<deadline>
 *
 *   target    the target chain's name in the manifest: 1 to 32 of a-z, 0-9 and -
 *   receiver  the receiver's account bytes on the target chain, 1 to 32 of them, in lower-case hex without 0x
 *   deadline  unix seconds after which the transfer goes back, or 0 for none
 *
 * Example: `v1|anvil-a|70997970c51812dc3a010c7d01b50e0d17dc79c8|0`. At most 121 characters; chains allow 256.
 *
 * Money for the vault itself (fees, a pool to pay from) comes with the memo `v1f`: it is kept and goes nowhere.
 *
 * One memo serves all deposits of its transaction. The asset is the coin that was sent, and is not said again. There is one
 * spelling only: no spaces, no upper case, no leading zeros. Anything else is no routing memo, and the money goes back:
 * guessing what somebody meant would be the worse mistake.
 */
import { bytesToHex, fromHex } from '../../relayer/core/bytes.ts';
import { assert } from '../../relayer/core/errors.ts';
import { type ChainName, chainName } from '../../relayer/core/ids.ts';
import { ACCOUNT_BYTES_MAX } from '../../relayer/core/limits.ts';

export interface RoutingMemo {
  readonly target: ChainName;
  /** Target-native account bytes, 1 to 32. */
  readonly receiver: Uint8Array;
  /** Unix seconds, u64; 0n = none. */
  readonly deadline: bigint;
}

/** The memo of a payment that the vault keeps. */
export const FUNDING_MEMO = 'v1f';

/** Characters of a memo: `max_memo_characters` of nearly every chain. */
export const MEMO_CHARACTERS_MAX = 256;

const MEMO = /^v1\|([a-z0-9-]{1,32})\|((?:[0-9a-f]{2}){1,32})\|(0|[1-9][0-9]{0,19})$/;
const U64_END = 1n << 64n;

export function encodeMemo({ target, receiver, deadline }: RoutingMemo): string {
  assert(receiver.length >= 1 && receiver.length <= ACCOUNT_BYTES_MAX, 'a receiver of 1 to 32 bytes');
  assert(deadline >= 0n && deadline < U64_END, 'a deadline of 64 bits');
  return `v1|${target}|${bytesToHex(receiver)}|${deadline}`;
}

/** Total: undefined for anything that is not exactly a routing memo. */
export function decodeMemo(text: string): RoutingMemo | undefined {
  if (text.length > MEMO_CHARACTERS_MAX) return undefined;
  const [, target, receiver, digits] = MEMO.exec(text) ?? [];
  if (target === undefined || receiver === undefined || digits === undefined) return undefined;
  const deadline = BigInt(digits);
  if (deadline >= U64_END) return undefined;
  return { target: chainName(target), receiver: fromHex(receiver), deadline };
}
