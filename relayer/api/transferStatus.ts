/**
 * A transfer's state from its sequence and the lane's watermarks, and why it is not done. Pure: nothing is stored per
 * transfer but the few returns.
 */

export type TransferState =
  /** Its transaction was seen, its block is not verified yet. */
  | 'observed'
  /** Our own light client verified it. */
  | 'verified'
  /** A threshold of attesters signed for it. */
  | 'attested'
  /** The target executed it, verified. */
  | 'delivered'
  /** The target could not pay it; it is on its way back. */
  | 'refused'
  /** Back with its sender. */
  | 'refunded';

export interface StatusView {
  readonly sequence: bigint;
  /** First sequence not derived, attested, accepted. */
  readonly derived: bigint;
  readonly attested: bigint;
  readonly accepted: bigint;
  /** The target's verified blocks say that its chunk was executed. */
  readonly executed: boolean;
  /** Its return on the opposite lane, when it was refused, and whether that was delivered. */
  readonly returned: { readonly delivered: boolean } | undefined;
  /** What roles said lately about this lane. */
  readonly blocked: { readonly step: string; readonly reason: string } | undefined;
  /** How the source chain is verified, for people. */
  readonly finality: string;
  /** A deposit that could not travel, on its way back: its delivery is a refund. */
  readonly isRefund: boolean;
}

export interface TransferStatus {
  readonly state: TransferState;
  readonly settled: boolean;
  /** Undefined when settled. */
  readonly waitingFor:
    { readonly step: 'verify' | 'attest' | 'submit' | 'confirm' | 'return'; readonly reason: string } | undefined;
}

export function transferStatus(view: StatusView): TransferStatus {
  const { sequence, blocked } = view;
  const why = (step: string, otherwise: string): string => (blocked?.step === step ? blocked.reason : otherwise);
  if (view.returned !== undefined) {
    if (view.returned.delivered) return { state: 'refunded', settled: true, waitingFor: undefined };
    const reason = 'the target refused it; the return is on its way to the sender';
    return { state: 'refused', settled: false, waitingFor: { step: 'return', reason } };
  }
  if (view.executed && view.isRefund) return { state: 'refunded', settled: true, waitingFor: undefined };
  if (view.executed) return { state: 'delivered', settled: true, waitingFor: undefined };
  if (sequence >= view.derived) {
    return {
      state: 'observed',
      settled: false,
      waitingFor: { step: 'verify', reason: why('verify', `no verified block has it yet (${view.finality})`) },
    };
  }
  if (sequence >= view.attested) {
    const reason = why('attest', 'waiting for a threshold of attesters to sign');
    return { state: 'verified', settled: false, waitingFor: { step: 'attest', reason } };
  }
  if (sequence >= view.accepted) {
    const reason =
      blocked?.step === 'plan'
        ? blocked.reason
        : why('submit', 'signed; on its way to the target, or there and not verified yet');
    return { state: 'attested', settled: false, waitingFor: { step: 'submit', reason } };
  }
  const reason = why('submit', 'accepted by the target gateway; waiting for its delivery to be verified');
  return { state: 'attested', settled: false, waitingFor: { step: 'confirm', reason } };
}
