/**
 * One registered forward, as the store keeps it.
 *
 *   waiting ─▶ arrived ─▶ sent ─▶ forwarded ─▶ settled
 *      │          │                   └─▶ (refused, back at the forwarder) ─▶ recovered
 *      └──────────┴─▶ (expired) ─▶ recovered, or expired when nothing ever came
 */
import { bytesToHex, fromHex } from '../core/bytes.ts';
import { assetId, chainName, type ChainName, laneId } from '../core/ids.ts';
import { jsonCodec, type PacketPlace } from '../store/records.ts';
import type { ForwardTerms } from '../core/forward.ts';

export const FORWARD_STATES = [
  /** Nothing was delivered to it, as far as is verified. */
  'waiting',
  /** A verified delivery paid it. */
  'arrived',
  /** An endpoint says that it was sent on. */
  'sent',
  /** Verified: it is in the second lane. */
  'forwarded',
  /** Verified: delivered on the final chain. */
  'settled',
  /** What it held went to the recovery account. */
  'recovered',
  /** Its time was over and nothing had come. */
  'expired',
] as const;
export type ForwardState = (typeof FORWARD_STATES)[number];

export interface ForwardRecord {
  readonly chain: ChainName;
  /** Of the forwarder. */
  readonly address: Uint8Array;
  readonly terms: ForwardTerms;
  readonly state: ForwardState;
  readonly createdMs: number;
  /** In the second lane. */
  readonly place: PacketPlace | undefined;
  /** The last one sent for it. */
  readonly transaction: string | undefined;
  /** Why it does not go on, for people. */
  readonly reason: string | undefined;
}

const ENDED: ReadonlySet<ForwardState> = new Set(['settled', 'recovered', 'expired']);

export function isOpen({ state }: Pick<ForwardRecord, 'state'>): boolean {
  return !ENDED.has(state);
}

interface Row {
  chain: string;
  address: string;
  terms: Record<'gateway' | 'lane' | 'amount' | 'receiver' | 'recovery' | 'expirySeconds' | 'nonce', string> & {
    asset: number;
  };
  state: ForwardState;
  createdMs: number;
  place?: { lane: string; sequence: string };
  transaction?: string;
  reason?: string;
}

export const forwardCodec = jsonCodec<ForwardRecord>(
  'a forward',
  ({ address, terms, ...rest }) => {
    const { gateway, receiver, recovery, nonce } = terms;
    const bytes = {
      gateway: bytesToHex(gateway),
      receiver: bytesToHex(receiver),
      recovery: bytesToHex(recovery),
      nonce: bytesToHex(nonce),
    };
    return { ...rest, address: bytesToHex(address), terms: { ...terms, ...bytes } };
  },
  (value) => {
    const { terms, place, ...row } = value as Row;
    return {
      chain: chainName(row.chain),
      address: fromHex(row.address),
      terms: {
        gateway: fromHex(terms.gateway),
        lane: laneId(terms.lane),
        asset: assetId(terms.asset),
        amount: BigInt(terms.amount),
        receiver: fromHex(terms.receiver),
        recovery: fromHex(terms.recovery),
        expirySeconds: BigInt(terms.expirySeconds),
        nonce: fromHex(terms.nonce, 32),
      },
      state: row.state,
      createdMs: row.createdMs,
      place: place && { lane: laneId(place.lane), sequence: BigInt(place.sequence) },
      transaction: row.transaction,
      reason: row.reason,
    };
  },
);
