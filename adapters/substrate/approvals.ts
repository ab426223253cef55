/** Asks the members of a vault to approve an operation, and sends what they signed, also when it is not enough yet. */
import { equalBytes } from '../../relayer/core/bytes.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import type { Logger } from '../../relayer/core/log.ts';
import type { Cosigners, Delivery, ReleaseRequest } from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import type { ChainNow, ChainView } from './chainView.ts';
import { slotOf, type Timepoint } from './cursor.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';
import type { VaultSigners } from './multisig.ts';
import { createVaultCalls } from './multisigCalls.ts';
import { encodeTerms } from './releaseTerms.ts';
import { tryRead } from './runtime.ts';
import { splitAnswer } from './vaultMember.ts';

export interface ApprovalsDeps {
  readonly view: ChainView;
  readonly cosigners: Cosigners;
  readonly log: Logger;
}

export interface ApprovalsOptions {
  readonly gateway: SubstrateGateway;
  readonly signers: VaultSigners;
  readonly vault: VaultAccount;
}

export interface ToApprove {
  readonly delivery: Delivery;
  /** Positions in the chunk, ascending. */
  readonly refused: readonly number[];
  /** Of the call, 32 bytes. */
  readonly hash: Uint8Array;
}

/** `approvals`: the accounts that approved already. Throws `COSIGNERS_MISSING` when too few members answer. */
export type GatherApprovals = (
  now: ChainNow,
  operation: ToApprove,
  timepoint: Timepoint,
  approvals: readonly Uint8Array[],
  signal: AbortSignal,
) => Promise<void>;

export function createApprovals(deps: ApprovalsDeps, options: ApprovalsOptions): GatherApprovals {
  const { view, cosigners, log } = deps;
  const { gateway, signers, vault } = options;
  const address = formatAccount(vault.account, gateway.ss58Prefix);
  const calls = createVaultCalls(signers, vault);

  /** Whether a member's bytes are its own approval of this operation: anything else would cost it a fee for nothing. */
  const isApproval = (
    { runtime }: ChainNow,
    member: Uint8Array,
    raw: Uint8Array,
    hash: Uint8Array,
    timepoint: Timepoint,
  ): boolean => {
    const read = tryRead(() => runtime.readExtrinsic(raw));
    if (read?.signer === undefined || !equalBytes(read.signer, member)) return false;
    return equalBytes(read.call, calls.approve(runtime, member, hash, timepoint));
  };

  return async (now, { delivery, refused, hash }, timepoint, approvals, signal) => {
    const terms = encodeTerms({ timepoint, refused }, delivery.packets.length / PACKET_BYTES);
    const request: ReleaseRequest = { account: address, slot: slotOf(timepoint), delivery, terms };
    // All of them, not just enough: an approval that is not sent leaves a gap in its member's nonces, and what that member signs
    // next waits behind it.
    const absent = signers.members.filter(
      (member) => !approvals.some((approved) => equalBytes(approved, member)),
    ).length;
    const taken = new Map<string, Promise<void>>();
    const send = async (member: string, raw: Uint8Array): Promise<void> => {
      const { meaning, words } = await view.submit(raw, signal);
      // A used nonce comes from asking twice; what a member has to mend is another thing.
      if (meaning === 'outOfFunds') log.warn({ account: member, words }, 'a member of a vault cannot pay its fees');
    };
    const take = (answer: Uint8Array): 'more' | 'enough' => {
      const split = splitAnswer(answer);
      const isNew =
        split !== undefined &&
        signers.members.some((member) => equalBytes(member, split.member)) &&
        !approvals.some((approved) => equalBytes(approved, split.member));
      if (isNew && isApproval(now, split.member, split.raw, hash, timepoint)) {
        const member = formatAccount(split.member, gateway.ss58Prefix);
        if (!taken.has(member)) {
          const sending = send(member, split.raw);
          // Its failure is heard below, once the members were waited for.
          sending.catch(() => undefined);
          taken.set(member, sending);
        }
      }
      return taken.size >= absent ? 'enough' : 'more';
    };
    const enough = calls.approvalsNeeded - approvals.length;
    try {
      await cosigners.collect(request, take, signal);
    } catch (thrown) {
      if (taken.size < enough) throw thrown;
    } finally {
      await Promise.all(taken.values());
    }
  };
}
