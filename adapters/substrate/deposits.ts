/**
 * What one deposit becomes: a transfer, a refund, or nothing that can be paid at all. Pure and total, so that every attester
 * reads the same from the same bytes.
 */
import { concatBytes } from '../../relayer/core/bytes.ts';
import type { AssetId, LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { type SubstrateGateway, toCanonical, type VaultToken } from './gateway.ts';
import { decodeMemo } from './memo.ts';

export type RefundReason =
  | 'the memo is no routing memo'
  | 'no open lane to that chain'
  | 'the receiver is no account of that chain'
  | 'the lane does not carry this asset'
  | 'the amount is below the minimum'
  | 'the amount is above the maximum'
  | 'the amount is too fine for the target chain';

/** Money that came to a vault, as the block's extrinsics and events say. */
export interface SentDeposit {
  /** Of the extrinsic in its block. */
  readonly index: number;
  /** 32 bytes: binds the block and the extrinsic. */
  readonly sourceReference: Uint8Array;
  /** Account bytes. */
  readonly sender: Uint8Array;
  readonly token: VaultToken;
  /** The token's own units. */
  readonly own: bigint;
  readonly remark: Uint8Array;
}

export type Deposit = Pick<SentDeposit, 'index' | 'sourceReference' | 'sender'> &
  (
    | {
        readonly kind: 'transfer';
        readonly lane: LaneId;
        readonly asset: AssetId;
        /** Canonical units. */
        readonly amount: bigint;
        readonly receiver: Uint8Array;
        readonly deadline: bigint;
      }
    | {
        readonly kind: 'refund';
        readonly asset: AssetId;
        /** Canonical units; what they cannot express stays in the vault. */
        readonly amount: bigint;
        readonly reason: RefundReason;
      }
    /** The vault keeps it: a token that no asset knows, or an amount that is not worth or not fit to be sent back. */
    | { readonly kind: 'kept' }
  );

const U128_END = 1n << 128n;

/** An extrinsic's own hash is no name for it: the same bytes can come again. So the block's hash stands for it. */
export function referenceOf(blockHash: Uint8Array, extrinsicIndex: number): Uint8Array {
  const position = new Uint8Array(4);
  new DataView(position.buffer).setUint32(0, extrinsicIndex);
  return keccak256(concatBytes(blockHash, position));
}

export function judgeDeposit(gateway: SubstrateGateway, sent: SentDeposit): Deposit {
  const { index, sourceReference, sender, token, own } = sent;
  const base = { index, sourceReference, sender };
  const asset = gateway.assets.find((known) => isSameToken(known.token, token));
  if (asset === undefined || own === 0n) return { ...base, kind: 'kept' };
  const { amount, exact } = toCanonical(asset, own);
  const refund = (reason: RefundReason): Deposit =>
    own < asset.refundMinimum || amount === 0n || amount >= U128_END
      ? { ...base, kind: 'kept' }
      : { ...base, kind: 'refund', asset: asset.asset, amount, reason };

  const memo = decodeMemo(sent.remark);
  if (memo === undefined) return refund('the memo is no routing memo');
  const lane = gateway.outbound.find(({ target, enabled }) => enabled && target === memo.target);
  if (lane === undefined) return refund('no open lane to that chain');
  if (!lane.receiverLengths.includes(memo.receiver.length)) return refund('the receiver is no account of that chain');
  const terms = lane.assets.find((carried) => carried.asset === asset.asset);
  if (terms === undefined) return refund('the lane does not carry this asset');
  if (amount < terms.minAmount) return refund('the amount is below the minimum');
  if (amount >= U128_END || (terms.maxAmount !== undefined && amount > terms.maxAmount)) {
    return refund('the amount is above the maximum');
  }
  if (!exact || amount % terms.granularity !== 0n) return refund('the amount is too fine for the target chain');
  const { receiver, deadline } = memo;
  return { ...base, kind: 'transfer', lane: lane.lane, asset: asset.asset, amount, receiver, deadline };
}

export function isSameToken(a: VaultToken, b: VaultToken): boolean {
  return a.kind === 'native' ? b.kind === 'native' : b.kind === 'asset' && a.id === b.id;
}
