/** The user's side of a vault: pay it with a routing memo, read balances. */
import { fromHex } from '../../relayer/core/bytes.ts';
import type { ChainName } from '../../relayer/core/ids.ts';
import { formatAccount } from './account.ts';
import { readBalance, readSupply } from './chainQueries.ts';
import { referenceOf } from './deposits.ts';
import { encodeMemo } from './memo.ts';
import { sendOf } from './releaseTx.ts';
import type { CometEndpoint } from './rpc.ts';
import type { CosmosSender, SentTx } from './sender.ts';

export interface DepositTerms {
  /** Account bytes of any account of the vault. */
  readonly vault: Uint8Array;
  readonly denom: string;
  /** In the coin's own units; each is a transfer of its own to the same receiver. */
  readonly amounts: readonly bigint[];
  /** The target chain's name in the manifest. */
  readonly target: ChainName;
  /** Target-native account bytes. */
  readonly receiver: Uint8Array;
  /** Unix seconds; 0n = none. */
  readonly deadline?: bigint;
}

export interface SentDeposits extends SentTx {
  /** 32 bytes each: what the packets will carry, in the order of the amounts. */
  readonly sourceReferences: readonly Uint8Array[];
}

/** One transaction with a `MsgSend` for each amount. */
export async function deposit(sender: CosmosSender, terms: DepositTerms, signal: AbortSignal): Promise<SentDeposits> {
  return sentDeposits(terms, await sender.wait(await submitDeposit(sender, terms, signal), signal));
}

/** A transaction for each of the terms: all are sent before the first is waited for, so they share blocks. */
export async function depositMany(
  sender: CosmosSender,
  many: readonly DepositTerms[],
  signal: AbortSignal,
): Promise<readonly SentDeposits[]> {
  const hashes: string[] = [];
  for (const terms of many) hashes.push(await submitDeposit(sender, terms, signal));
  const sent: SentDeposits[] = [];
  for (const [index, terms] of many.entries()) {
    sent.push(sentDeposits(terms, await sender.wait(hashes[index] ?? '', signal)));
  }
  return sent;
}

async function submitDeposit(sender: CosmosSender, terms: DepositTerms, signal: AbortSignal): Promise<string> {
  const { vault, denom, amounts, target, receiver, deadline = 0n } = terms;
  const to = formatAccount(vault, sender.prefix);
  const messages = amounts.map((amount) => sendOf(sender.address, to, denom, amount));
  return sender.submit(messages, encodeMemo({ target, receiver, deadline }), signal);
}

function sentDeposits({ amounts }: DepositTerms, sent: SentTx): SentDeposits {
  const hash = fromHex(sent.transaction, 32);
  return { ...sent, sourceReferences: amounts.map((_, index) => referenceOf(hash, index, 0)) };
}

/** In the coin's own units. */
export async function balanceOf(
  endpoint: CometEndpoint,
  denom: string,
  /** Bech32. */
  address: string,
  signal: AbortSignal,
): Promise<bigint> {
  return readBalance(endpoint, address, denom, signal);
}

/** All there is of a coin on its chain, in its own units. */
export async function supplyOf(endpoint: CometEndpoint, denom: string, signal: AbortSignal): Promise<bigint> {
  return readSupply(endpoint, denom, signal);
}
