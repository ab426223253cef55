/**
 * What a release costs, as a pure function of a chain's figures: all members of a vault must come to the same gas and fee to
 * sign the same bytes, so nothing is asked of a node. Generous by design: gas that is not used is not lost on most chains
 * beyond its fee, and gas that does not suffice costs the whole transaction.
 */
import { assert } from '../../relayer/core/errors.ts';

/** How packets are paid: one message each, or all in one `MsgMultiSend`. */
export type PayoutForm = (typeof PAYOUT_FORMS)[number];

const PAYOUT_FORMS = ['send', 'mint', 'multiSend'] as const;

export interface MessageCost {
  /** Gas of one, its bytes left out. */
  readonly gas: bigint;
  readonly bytes: number;
}

/** Figures of one chain, from the manifest. */
export interface CostModel {
  /**
   * Gas of a transaction without messages, bytes and signatures: with a fee to move, the keys of all members to read, and as the
   * account's first, which writes them.
   */
  readonly baseGas: bigint;
  /** Bytes of a transaction without messages and signatures, its memo included. */
  readonly baseBytes: number;
  readonly gasPerByte: bigint;
  /** For each member that signs. */
  readonly gasPerSignature: bigint;
  readonly bytesPerSignature: number;
  readonly messages: Readonly<Record<PayoutForm, MessageCost>>;
  /** More for a receiver that has no account yet; all are taken for such. */
  readonly newAccountGas: bigint;
  /** Gas for the square of the number of outputs of a `MsgMultiSend`: Gaia has such a term, most have none. */
  readonly multiSendSquareGas: bigint;
  /** Outputs of one `MsgMultiSend`: 500 on Gaia. */
  readonly multiSendMax: number;
  readonly txBytesMax: number;
  readonly txGasMax: bigint;
  /** Added to all gas, in percent. */
  readonly marginPercent: bigint;
  /** Smallest units of the fee coin for 1,000 gas. */
  readonly feePerThousandGas: bigint;
}

export interface ReleaseCost {
  readonly gas: bigint;
  readonly bytes: number;
  /** Smallest units of the fee coin. */
  readonly fee: bigint;
}

/**
 * As measured on tokend 0.53.5 (SDK 0.53.4) with a 2-of-3 multisig; a chain's own figures differ by its store and modules.
 * Transactions through an RPC node stay below 1,000,000 bytes in base64.
 */
export const SDK_053_COSTS: CostModel = {
  baseGas: 90_000n,
  baseBytes: 600,
  gasPerByte: 10n,
  gasPerSignature: 6_000n,
  bytesPerSignature: 70,
  messages: {
    send: { gas: 21_200n, bytes: 150 },
    mint: { gas: 38_900n, bytes: 215 },
    multiSend: { gas: 8_000n, bytes: 65 },
  },
  newAccountGas: 13_900n,
  multiSendSquareGas: 0n,
  multiSendMax: 500,
  txBytesMax: 700_000,
  txGasMax: 120_000_000n,
  marginPercent: 10n,
  feePerThousandGas: 0n,
};

/** How many payouts a transaction has of each form. */
export type PayoutCounts = Readonly<Record<PayoutForm, number>>;

/** `attempt` raises the fee by a quarter each time: what a slot pays out never changes, what is offered for it may. */
export function transactionCost(model: CostModel, counts: PayoutCounts, signatures: number, attempt = 0): ReleaseCost {
  let bytes = model.baseBytes + model.bytesPerSignature * signatures;
  let exact = model.baseGas + model.gasPerSignature * BigInt(signatures);
  for (const form of PAYOUT_FORMS) {
    assert(Number.isInteger(counts[form]) && counts[form] >= 0, 'a number of payouts');
    bytes += model.messages[form].bytes * counts[form];
    exact += (model.messages[form].gas + model.newAccountGas) * BigInt(counts[form]);
  }
  exact += model.multiSendSquareGas * BigInt(counts.multiSend) ** 2n + model.gasPerByte * BigInt(bytes);
  const gas = ceilDivide(exact * (100n + model.marginPercent), 100n);
  let fee = ceilDivide(gas * model.feePerThousandGas, 1000n);
  for (let i = 0; i < attempt; i++) fee = ceilDivide(fee * 5n, 4n);
  return { gas, bytes, fee };
}

/** Of payouts of one form only. */
export function releaseCost(
  model: CostModel,
  form: PayoutForm,
  count: number,
  signatures: number,
  attempt = 0,
): ReleaseCost {
  return transactionCost(model, { send: 0, mint: 0, multiSend: 0, [form]: count }, signatures, attempt);
}

/** How many of `wanted` payouts fit into one transaction. */
export function payoutsThatFit(model: CostModel, form: PayoutForm, wanted: number, signatures: number): number {
  const fits = (count: number): boolean => {
    const { gas, bytes } = releaseCost(model, form, count, signatures);
    return gas <= model.txGasMax && bytes <= model.txBytesMax;
  };
  let [low, high] = [0, form === 'multiSend' ? Math.min(wanted, model.multiSendMax) : wanted];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function ceilDivide(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
