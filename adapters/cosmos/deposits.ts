/**
 * What the deposits of one transaction become: transfers, refunds, or nothing that can be paid at all. Pure and total, so
 * that every attester reads the same from the same bytes.
 *
 * Trusts: that the transaction and its result are those of a verified block; that the chain's bank moves what a `MsgSend`
 * says, no more and no less, when the result's code is 0. Chains that tax or redirect sends are not for vaults.
 */
import { concatBytes } from '../../relayer/core/bytes.ts';
import type { AssetId, LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { formatAccount, parseAccount } from './account.ts';
import type { CosmosGateway, VaultCoin } from './gateway.ts';
import { decodeMemo, FUNDING_MEMO, type RoutingMemo } from './memo.ts';
import { readTxSends, type SentCoin } from './txSends.ts';

export type RefundReason =
  | 'the memo is no routing memo'
  | 'no open lane to that chain'
  | 'the receiver is no account of that chain'
  | 'several coins in one message'
  | 'the lane does not carry this asset'
  | 'the amount is below the minimum'
  | 'the amount is above the maximum'
  | 'the amount is too fine for the target chain';

interface DepositBase {
  readonly messageIndex: number;
  /** Position of the coin in its message. */
  readonly coinIndex: number;
  /** 32 bytes: binds the transaction, the message and the coin. */
  readonly sourceReference: Uint8Array;
  /** Account bytes. */
  readonly sender: Uint8Array;
}

export type Deposit =
  | (DepositBase & {
      readonly kind: 'transfer';
      readonly lane: LaneId;
      readonly asset: AssetId;
      /** Canonical units. */
      readonly amount: bigint;
      readonly receiver: Uint8Array;
      readonly deadline: bigint;
    })
  | (DepositBase & {
      readonly kind: 'refund';
      readonly asset: AssetId;
      /** Canonical units; what they cannot express stays in the vault. */
      readonly amount: bigint;
      readonly reason: RefundReason;
    })
  /** The vault keeps it: a coin that no asset knows, or an amount that is not worth or not fit to be sent back. */
  | (DepositBase & { readonly kind: 'kept'; readonly coin: SentCoin });

const U128_END = 1n << 128n;

export type DepositReader = (tx: Uint8Array, code: number) => readonly Deposit[];

export function readDeposits(gateway: CosmosGateway, tx: Uint8Array, code: number): readonly Deposit[] {
  return createDepositReader(gateway)(tx, code);
}

export function createDepositReader(gateway: CosmosGateway): DepositReader {
  // Valid bech32 has one spelling up to its case, so texts are compared: decoding takes 20 microseconds, twice a send.
  const vaults = new Set(gateway.shards.map(({ account }) => formatAccount(account, gateway.prefix)));
  const isVault = (text: string): boolean => {
    const lower = text.toLowerCase();
    return vaults.has(lower) && (text === lower || text === lower.toUpperCase());
  };

  const coins = new Map(gateway.coins.map((coin) => [coin.denom, scaled(coin)]));

  return (tx, code) => {
    if (code !== 0) return [];
    const read = readTxSends(tx);
    if (read?.sends.some(({ to }) => isVault(to)) !== true || read.memo === FUNDING_MEMO) return [];
    const txHash = sha256(tx);
    const memo = decodeMemo(read.memo);
    const lane = memo && gateway.outbound.find(({ target, enabled }) => enabled && target === memo.target);
    const route = { memo, lane };
    const senders = new Map<string, Uint8Array | undefined>();
    const deposits: Deposit[] = [];
    for (const { messageIndex, from, to, coins: sent } of read.sends) {
      // When a vault itself moves money, that is no deposit.
      if (!isVault(to) || isVault(from)) continue;
      if (!senders.has(from)) senders.set(from, parseAccount(from, gateway.prefix));
      const sender = senders.get(from);
      if (sender === undefined) continue;
      for (let coinIndex = 0; coinIndex < sent.length; coinIndex++) {
        const coin = sent[coinIndex] as SentCoin;
        const sourceReference = referenceOf(txHash, messageIndex, coinIndex);
        const base: DepositBase = { messageIndex, coinIndex, sourceReference, sender };
        deposits.push(judge(route, base, coin, coins.get(coin.denom), sent.length));
      }
    }
    return deposits;
  };
}

/** keccak256(SHA-256 of the transaction ‖ message index, u32 ‖ coin index, u32) */
export function referenceOf(txHash: Uint8Array, messageIndex: number, coinIndex: number): Uint8Array {
  const position = new Uint8Array(8);
  new DataView(position.buffer).setUint32(0, messageIndex);
  new DataView(position.buffer).setUint32(4, coinIndex);
  return keccak256(concatBytes(txHash, position));
}

/** What the memo of a transaction asks for. */
interface Route {
  readonly memo: RoutingMemo | undefined;
  /** The open one to the memo's target. */
  readonly lane: CosmosGateway['outbound'][number] | undefined;
}

function judge(
  { memo, lane }: Route,
  base: DepositBase,
  sent: SentCoin,
  known: ScaledCoin | undefined,
  coinsInMessage: number,
): Deposit {
  // Chains keep amounts below 2^256, which have at most 78 digits.
  if (known === undefined || !/^[1-9]\d{0,77}$/.test(sent.amount)) return { ...base, kind: 'kept', coin: sent };
  const { coin } = known;
  const own = BigInt(sent.amount);
  const amount = known.multiply === 1n ? own / known.divide : own * known.multiply;
  const problem = problemOf(memo, lane, known, own, amount, coinsInMessage);
  if (problem === undefined && memo !== undefined && lane !== undefined) {
    const { receiver, deadline } = memo;
    return { ...base, kind: 'transfer', lane: lane.lane, asset: coin.asset, amount, receiver, deadline };
  }
  return own < coin.refundMinimum || amount === 0n || amount >= U128_END
    ? { ...base, kind: 'kept', coin: sent }
    : { ...base, kind: 'refund', asset: coin.asset, amount, reason: problem ?? 'no open lane to that chain' };
}

function problemOf(
  memo: RoutingMemo | undefined,
  lane: Route['lane'],
  { coin, divide }: ScaledCoin,
  own: bigint,
  amount: bigint,
  coinsInMessage: number,
): RefundReason | undefined {
  if (memo === undefined) return 'the memo is no routing memo';
  if (lane === undefined) return 'no open lane to that chain';
  if (!lane.receiverLengths.includes(memo.receiver.length)) return 'the receiver is no account of that chain';
  if (coinsInMessage !== 1) return 'several coins in one message';
  const terms = lane.assets.find(({ asset }) => asset === coin.asset);
  if (terms === undefined) return 'the lane does not carry this asset';
  if (amount < terms.minAmount) return 'the amount is below the minimum';
  if (amount >= U128_END || (terms.maxAmount !== undefined && amount > terms.maxAmount)) {
    return 'the amount is above the maximum';
  }
  if (own % divide !== 0n || amount % terms.granularity !== 0n) return 'the amount is too fine for the target chain';
  return undefined;
}

/** A coin with what leads from its own units to canonical ones; one of the two is 1. */
interface ScaledCoin {
  readonly coin: VaultCoin;
  readonly multiply: bigint;
  /** Rounds down where canonical units are the coarser ones. */
  readonly divide: bigint;
}

function scaled(coin: VaultCoin): ScaledCoin {
  const finer = BigInt(Math.max(0, coin.canonicalDecimals - coin.decimals));
  const coarser = BigInt(Math.max(0, coin.decimals - coin.canonicalDecimals));
  return { coin, multiply: 10n ** finer, divide: 10n ** coarser };
}
