/**
 * One member's side of a vault: what it approves, and why it is safe to.
 *
 * An operation is opened on the chain, with a remark that names its packets, before any member is asked. Derivation keeps the
 * list of open operations, where the first one for some packets shuts out later ones until the chain has closed it. A member
 * approves an operation only when, as far as it verified the chain and at least up to the opening, the operation is on that
 * list and none of its packets was delivered; and each approval names the operation's place on the chain. So whatever the
 * other members do: of two operations for the same packets the chain carries out one at most that an honest member approved.
 * See docs/adr/007.
 *
 * What is refused must be so for a reason that this member sees as well; what must be refused, has to be.
 */
import { setMaxListeners } from 'node:events';
import { bytesToHex, concatBytes, equalBytes } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { createSerial } from '../../relayer/core/concurrency.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { PACKET_BYTES, RELEASE_ANSWER_MS } from '../../relayer/core/limits.ts';
import { decodePacket, readSequence } from '../../relayer/core/packet.ts';
import type {
  Delivery,
  ReleasePromise,
  ReleaseRequest,
  ReleaseView,
  VaultMember,
  Verdict,
} from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import type { ChainNow, ChainView } from './chainView.ts';
import { decodeCursor, type OpenOperation, slotOf } from './cursor.ts';
import { signExtrinsic } from './extrinsic.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';
import type { SigningKey } from './keys.ts';
import type { VaultSigners } from './multisig.ts';
import { createVaultCalls } from './multisigCalls.ts';
import { unpayable } from './receivable.ts';
import { createRecentNow } from './recentNow.ts';
import { callHash, chunkRemark, payoutsOf, refusalOf, releaseCall } from './releaseCall.ts';
import { decodeTerms, type ReleaseTerms } from './releaseTerms.ts';

export interface VaultMemberDeps {
  readonly clock: Clock;
  readonly view: ChainView;
  /** This process's own derivation cursor of the vault's chain, as the journal has it. */
  readonly cursor: () => Promise<Uint8Array | undefined>;
}

export interface VaultMemberOptions {
  readonly gateway: SubstrateGateway;
  readonly signers: VaultSigners;
  readonly key: SigningKey;
}

/**
 * Seconds that a deadline may lie before the block that opens its release and the packet be paid all the same: the submitter
 * judges before that block is made.
 */
export const EXPIRY_GRACE_SECONDS = 120n;
/**
 * How long a nonce stays set aside for an approval that was handed out and may not be on the chain yet. Whoever asked has enough
 * with k answers and drops the others: a nonce kept for longer would hold up all later approvals of this member.
 */
const NONCE_KEPT_MS = RELEASE_ANSWER_MS + 1_000;

export function createVaultMember(deps: VaultMemberDeps, options: VaultMemberOptions): VaultMember {
  const { clock, view } = deps;
  const { gateway, signers, key } = options;
  const never = new AbortController().signal;
  // Every question in flight listens; members are asked about many operations at once.
  setMaxListeners(0, never);
  const serial = createSerial();
  const { recent } = createRecentNow(clock, view);
  const address = formatAccount(key.account, gateway.ss58Prefix);
  const addresses = new Map(
    gateway.vaults.map(({ account }) => [bytesToHex(account), formatAccount(account, gateway.ss58Prefix)]),
  );
  /** By operation. */
  const handedOut = new Map<string, { readonly nonce: bigint; readonly untilMs: number }>();

  const vaultOf = (account: string): VaultAccount | undefined =>
    gateway.vaults.find((vault) => addresses.get(bytesToHex(vault.account)) === account);

  async function judge(
    vault: VaultAccount,
    delivery: Delivery,
    { timepoint, refused }: ReleaseTerms,
    seen: ReleaseView,
  ): Promise<Verdict<Uint8Array>> {
    if (seen.height < BigInt(timepoint.height)) return needsMore(`block ${timepoint.height} is not derived here yet`);
    const { packets, checkpoint } = delivery;
    const cursor = decodeCursor(await deps.cursor(), gateway.startHeight);
    const remark = chunkRemark(checkpoint.lane, readSequence(packets), packets, refused);
    const operation = cursor.open.find(
      (open) =>
        isFor(open, remark) && equalBytes(open.vault, vault.account) && slotOf(open.timepoint) === slotOf(timepoint),
    );
    if (operation === undefined) return invalid('no such operation is open, or another one has its packets');
    const now = await recent(never);
    const call = releaseCall(gateway, now.runtime, vault.account, remark, packets);
    if (call === undefined) return invalid('it leaves something in that this account cannot pay');
    if (!equalBytes(callHash(call), operation.callHash))
      return invalid('the operation is not for what it is asked for');
    const problem = await refusalProblem(now, vault, packets, refused, operation.timeSeconds);
    return problem === undefined ? { kind: 'valid', value: operation.callHash } : invalid(problem);
  }

  /** Why these are not the packets to refuse, or undefined. */
  async function refusalProblem(
    { runtime, finalized }: ChainNow,
    vault: VaultAccount,
    packets: Uint8Array,
    refused: readonly number[],
    openedSeconds: bigint,
  ): Promise<string | undefined> {
    const inDoubt: number[] = [];
    const skipped = new Set(refused);
    for (let position = 0; position * PACKET_BYTES < packets.length; position++) {
      const packet = decodePacket(packets, position * PACKET_BYTES);
      const isRefused = skipped.has(position);
      const early = refusalOf(gateway, packet, openedSeconds - EXPIRY_GRACE_SECONDS);
      if (!isRefused && early !== undefined) return `packet ${packet.sequence} has to be refused: ${early}`;
      if (isRefused && refusalOf(gateway, packet, openedSeconds) === undefined) inDoubt.push(position);
    }
    const others = Array.from({ length: packets.length / PACKET_BYTES }, (_, i) => i).filter(
      (i) => !inDoubt.includes(i),
    );
    const payouts = inDoubt.length === 0 ? [] : (payoutsOf(gateway, vault.account, packets, others) ?? []);
    const problems = await unpayable(view, runtime, finalized, payouts, never);
    const wrong = inDoubt.find((position) => !problems.has(position));
    return wrong === undefined ? undefined : `packet ${wrong} of the chunk can be paid, as it looks from here`;
  }

  /** Of the operations that are open as far as this process verified the chain. */
  async function openNames(): Promise<ReadonlySet<string>> {
    const { open } = decodeCursor(await deps.cursor(), gateway.startHeight);
    return new Set(
      open.map(({ vault, timepoint, callHash }) =>
        operationName(addresses.get(bytesToHex(vault)) ?? '', slotOf(timepoint), callHash),
      ),
    );
  }

  /** The lowest nonce that is not set aside for another operation. */
  async function nonceFor(operation: string, signal: AbortSignal): Promise<bigint> {
    return serial(async () => {
      const next = await view.nextIndex(address, signal);
      const nowMs = clock.now();
      const open = await openNames();
      for (const [other, { nonce, untilMs }] of handedOut) {
        if (untilMs <= nowMs || nonce < next || !open.has(other)) handedOut.delete(other);
      }
      const own = handedOut.get(operation);
      handedOut.delete(operation);
      const taken = new Set([...handedOut.values()].map(({ nonce }) => nonce));
      // The lowest one: with a gap below it, the approval that was handed out before would not be included either.
      let nonce = next;
      while (taken.has(nonce)) nonce++;
      const isKept = own?.nonce === nonce;
      handedOut.set(operation, { nonce, untilMs: isKept ? own.untilMs : nowMs + NONCE_KEPT_MS });
      return nonce;
    });
  }

  return {
    // The chain keeps what is open: a member that lost its journal derives it again.
    quarantine: undefined,
    check: async (request, seen): Promise<Verdict<ReleasePromise>> => {
      const vault = vaultOf(request.account);
      if (vault === undefined) return invalid('no account of this vault');
      if (request.delivery === undefined) return invalid('members have no part in what pays nobody');
      const terms = decodeTerms(request.terms, request.delivery.packets.length / PACKET_BYTES);
      if (terms.kind !== 'valid') return terms;
      if (slotOf(terms.value.timepoint) !== request.slot) return invalid('the slot is not that of the operation');
      const verdict = await judge(vault, request.delivery, terms.value, seen);
      if (verdict.kind !== 'valid') return verdict;
      const promise: ReleasePromise = {
        holder: request.account,
        slot: request.slot,
        content: verdict.value,
        expiryHeight: undefined,
      };
      if (seen.standing !== undefined && !isSame(seen.standing, promise)) {
        return invalid('another operation for these packets may still be carried out');
      }
      return { kind: 'valid', value: promise };
    },
    sign: async (request: ReleaseRequest, promise: ReleasePromise, signal: AbortSignal) => {
      const vault = vaultOf(request.account);
      if (vault === undefined) {
        throw new ViaductError({ code: 'BUG', shortMessage: 'A release of another vault was promised.' });
      }
      const timepoint = { height: Number(promise.slot >> 32n), index: Number(promise.slot & 0xffffffffn) };
      const { runtime, context } = await recent(signal);
      const nonce = await nonceFor(operationName(promise.holder, promise.slot, promise.content), signal);
      const call = createVaultCalls(signers, vault).approve(runtime, key.account, promise.content, timepoint);
      return concatBytes(key.account, signExtrinsic(runtime, call, key, context, { nonce, tip: 0n }).raw);
    },
  };
}

/** A member's answer: its account and the signed extrinsic. */
export function splitAnswer(answer: Uint8Array): { readonly member: Uint8Array; readonly raw: Uint8Array } | undefined {
  return answer.length > 32 ? { member: answer.slice(0, 32), raw: answer.slice(32) } : undefined;
}

function isFor(
  open: OpenOperation,
  remark: { readonly lane: string; readonly firstSequence: bigint; readonly count: number },
): boolean {
  return open.lane === remark.lane && open.firstSequence === remark.firstSequence && open.count === remark.count;
}

function operationName(account: string, slot: bigint, callHash: Uint8Array): string {
  return `${account} ${slot} ${bytesToHex(callHash)}`;
}

function isSame(a: ReleasePromise, b: ReleasePromise): boolean {
  return a.holder === b.holder && a.slot === b.slot && equalBytes(a.content, b.content);
}

function invalid(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}

function needsMore(reason: string): { readonly kind: 'needsMore'; readonly reason: string } {
  return { kind: 'needsMore', reason };
}
