/**
 * One account of a vault as a `TargetAccount`. Its slots are the nonces of its opener: a slot's extrinsic opens an operation
 * for one chunk. Once that is finalized the members are asked to approve, and when enough did the executor carries it out.
 *
 * It holds no authority: opener and executor together are two approvals too few, k of them. Whatever is lost on the way is
 * done again: an approval that is there already and an operation that is over make an extrinsic fail, and no more.
 */
import { bytesToHex, equalBytes } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { createSerial } from '../../relayer/core/concurrency.ts';
import { asViaductError, ViaductError } from '../../relayer/core/errors.ts';
import { type Logger, silentLogger } from '../../relayer/core/log.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { readSequence } from '../../relayer/core/packet.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import type {
  Cosigners,
  Delivery,
  ReleaseRequest,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
} from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import type { ChainNow, ChainView } from './chainView.ts';
import { slotOf } from './cursor.ts';
import type { SubmitMeaning } from './errors.ts';
import { signExtrinsic } from './extrinsic.ts';
import { DEFAULT_TIPS, tipFor, type TipPolicy, withMargin } from './fees.ts';
import { findClosing } from './findClosing.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';
import type { SigningKey } from './keys.ts';
import type { VaultSigners } from './multisig.ts';
import { createVaultCalls, readOperation, STALE_BLOCKS, type StoredOperation } from './multisigCalls.ts';
import { decodeOpening, encodeOpening, type Opening } from './opening.ts';
import { prepareRelease } from './prepareRelease.ts';
import { callHash, chunkRemark, releaseCall } from './releaseCall.ts';
import { encodeReleaseRemark } from './releaseRemark.ts';
import { encodeTerms } from './releaseTerms.ts';
import { tryRead } from './runtime.ts';
import { splitAnswer } from './vaultMember.ts';

export interface VaultOpenerDeps {
  readonly clock: Clock;
  readonly view: ChainView;
  readonly cosigners: Cosigners;
  /** This process's own derivation cursor of the vault's chain, as the journal has it. */
  readonly cursor: () => Promise<Uint8Array | undefined>;
  /** Whether packets are settled already, as this process verified. Without it the members say so. */
  readonly isDelivered?: ((lane: LaneId, firstSequence: bigint, count: number) => Promise<boolean>) | undefined;
  readonly log?: Logger | undefined;
}

export interface VaultOpenerOptions {
  readonly gateway: SubstrateGateway;
  readonly signers: VaultSigners;
  readonly vault: VaultAccount;
  readonly opener: SigningKey;
  readonly executor: SigningKey;
  readonly tips?: TipPolicy | undefined;
  /** Milliseconds between two times that members are asked, or the executor sends, for one operation. */
  readonly againMs?: number | undefined;
  /** Blocks after which an operation that the members did not approve is given up. */
  readonly staleBlocks?: number | undefined;
}

/** How often an operation is looked at between two questions to its members. */
const LOOKS = 6;
/** Blocks searched for the end of an operation that this process did not see open. */
const SEARCH_BLOCKS = 128;
/** Operations given up that one extrinsic takes back. */
const CANCELS_MAX = 16;
const OPERATIONS_MAX = 200;
const AGAIN_MS = 6_000;

interface Watched {
  busy: boolean;
  /** When it is looked at again. */
  nextMs: number;
  /** When members may be asked again. */
  askMs: number;
  /** The last finalized block in which it was open. */
  seen: number;
}

export function createVaultOpener(deps: VaultOpenerDeps, options: VaultOpenerOptions): TargetAccount {
  const { clock, view, cosigners, log = silentLogger } = deps;
  const {
    gateway,
    signers,
    vault,
    opener,
    executor,
    tips = DEFAULT_TIPS,
    againMs = AGAIN_MS,
    staleBlocks = STALE_BLOCKS,
  } = options;
  const address = formatAccount(vault.account, gateway.ss58Prefix);
  const executorAddress = formatAccount(executor.account, gateway.ss58Prefix);
  const openerAddress = formatAccount(opener.account, gateway.ss58Prefix);
  const calls = createVaultCalls(signers, vault);
  const executing = createSerial();
  const watched = new Map<string, Watched>();
  /** Hashes of own open operations that nobody will approve any more, since another account paid their packets. */
  const useless = new Set<string>();

  const isDelivered = async ({ checkpoint, packets }: Delivery): Promise<boolean> =>
    (await deps.isDelivered?.(checkpoint.lane, readSequence(packets), packets.length / PACKET_BYTES)) === true;

  const releaseOf = (now: ChainNow, { delivery, refused }: Opening) => {
    const { packets, checkpoint } = delivery;
    const remark = chunkRemark(checkpoint.lane, readSequence(packets), packets, refused);
    const call = releaseCall(gateway, now.runtime, vault.account, remark, packets);
    if (call === undefined) {
      throw new ViaductError({
        code: 'TX_REVERTED',
        shortMessage: `Account ${address} cannot pay what it was to pay.`,
      });
    }
    return { remark, call, hash: callHash(call) };
  };

  const stored = async (now: ChainNow, hash: Uint8Array, at: string | undefined, signal: AbortSignal) => {
    const key = now.runtime.storageKey('Multisig', 'Multisigs', vault.account, hash);
    const bytes = await view.storage(now.runtime, key, at, signal);
    const operation = bytes === undefined ? undefined : readOperation(now.runtime, bytes);
    return operation !== undefined && equalBytes(operation.depositor, opener.account) ? operation : undefined;
  };

  /** Takes back what was given up, so that its packets can be in an operation again. */
  const cancels = async (now: ChainNow, signal: AbortSignal): Promise<readonly Uint8Array[]> => {
    const { runtime, finalized } = now;
    const prefix = runtime.storageKey('Multisig', 'Multisigs', vault.account);
    const entries = await view.entries(prefix, finalized.hash, OPERATIONS_MAX, signal);
    const present = new Set(entries.map(({ key }) => bytesToHex(key.slice(-32))));
    for (const hash of useless) if (!present.has(hash)) useless.delete(hash);
    return entries
      .flatMap(({ key, value }) => {
        const operation = readOperation(runtime, value);
        if (operation === undefined || !equalBytes(operation.depositor, opener.account)) return [];
        const isStale = operation.timepoint.height + staleBlocks <= finalized.number;
        if (!isStale && !useless.has(bytesToHex(key.slice(-32)))) return [];
        return [calls.cancel(runtime, opener.account, key.slice(-32), operation.timepoint)];
      })
      .slice(0, CANCELS_MAX);
  };

  const openingCall = async (now: ChainNow, opening: Opening | undefined, signal: AbortSignal): Promise<Uint8Array> => {
    const { runtime } = now;
    if (opening === undefined) return runtime.call('System', 'remark', { remark: new Uint8Array(0) });
    const { remark, hash } = releaseOf(now, opening);
    const batch = [
      ...(await cancels(now, signal)),
      calls.approve(runtime, opener.account, hash, undefined),
      runtime.call('System', 'remark', { remark: encodeReleaseRemark('opens', remark) }),
    ];
    return runtime.call('Utility', 'batch_all', { calls: batch });
  };

  const sign: TargetAccount['sign'] = async (call, slot, attempt, signal) => {
    const now = await view.now(signal);
    const tip = tipFor(attempt, tips);
    const used = await view.nonce(now.runtime, opener.account, undefined, signal);
    if (tip === undefined || (attempt > 0 && used > slot)) {
      const why = tip === undefined ? 'the limit of tips leaves no room to replace it' : 'it is on the chain already';
      throw new ViaductError({ code: 'TX_UNDERPRICED', shortMessage: `Slot ${slot} of ${openerAddress}: ${why}.` });
    }
    const inner = await openingCall(now, decodeOpening(call), signal);
    return { slot, attempt, call, ...signExtrinsic(now.runtime, inner, opener, now.context, { nonce: slot, tip }) };
  };

  const broadcast: TargetAccount['broadcast'] = async ({ raw, slot }, signal) => {
    const { meaning, words } = await view.submit(raw, signal);
    // A used slot is no failure: what used it is what `outcome` finds out.
    if (meaning !== 'taken' && meaning !== 'known' && meaning !== 'stale') throw refusedBy(meaning, words, slot);
  };

  const refusedBy = (meaning: SubmitMeaning, words: readonly string[], slot: bigint): ViaductError => {
    const metaMessages = words.map((word) => `An endpoint says: ${word}`);
    if (meaning === 'outOfFunds') {
      return new ViaductError({
        code: 'ACCOUNT_OUT_OF_FUNDS',
        shortMessage: `Opener ${openerAddress} of vault account ${address} cannot pay for its extrinsic.`,
        metaMessages: [
          ...metaMessages,
          'Send it native coin of this chain: fees, and a deposit for each open operation.',
        ],
      });
    }
    // An extrinsic whose era is over is replaced just as one that offers too little.
    if (meaning === 'underpriced' || meaning === 'outdated') {
      const shortMessage = `Extrinsic ${slot} of ${openerAddress} has to be signed anew.`;
      return new ViaductError({ code: 'TX_UNDERPRICED', shortMessage, metaMessages });
    }
    return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint took the extrinsic.', metaMessages });
  };

  const outcome = async (transaction: SignedTransaction, signal: AbortSignal): Promise<TransactionOutcome> => {
    const now = await view.now(signal);
    const { runtime, finalized } = now;
    const used = await view.nonce(runtime, opener.account, finalized.hash, signal);
    if (used <= transaction.slot) return { kind: 'pending' };
    const opening = decodeOpening(transaction.call);
    if (opening === undefined) return { kind: 'included', height: BigInt(finalized.number), gasUsed: 0n };
    const { hash, call, remark } = releaseOf(now, opening);
    const name = remark.lane + String(remark.firstSequence);
    const operation = await stored(now, hash, finalized.hash, signal);
    const known = watched.get(name);
    if (operation !== undefined) {
      if (operation.timepoint.height + staleBlocks <= finalized.number) {
        watched.delete(name);
        const height = BigInt(operation.timepoint.height);
        return { kind: 'reverted', reason: 'the members did not approve it in time', height, alreadyDelivered: false };
      }
      // Two accounts may open operations for the same packets before either sees the other's: the later one is of no use.
      if (await isDelivered(opening.delivery)) {
        watched.delete(name);
        useless.add(bytesToHex(hash));
        const height = BigInt(operation.timepoint.height);
        return { kind: 'reverted', reason: 'another operation paid its packets', height, alreadyDelivered: true };
      }
      const watch = known ?? { busy: false, nextMs: 0, askMs: 0, seen: finalized.number };
      watch.seen = finalized.number;
      watched.set(name, watch);
      if (!watch.busy && clock.now() >= watch.nextMs) drive(watch, now, opening, operation, call, hash, signal);
      return { kind: 'pending' };
    }
    const from = known?.seen ?? Math.max(1, finalized.number - SEARCH_BLOCKS);
    const closing = await findClosing(view, runtime, gateway, hash, [from, finalized.number], signal);
    watched.delete(name);
    if (closing === undefined) return { kind: 'slotTaken' };
    const height = BigInt(closing.height);
    if (closing.kind === 'executed') return { kind: 'included', height, gasUsed: 0n };
    return { kind: 'reverted', reason: closing.reason, height, alreadyDelivered: false };
  };

  /** One step further with an open operation, beside the engine's own loop. Its failures are tried again. */
  const drive = (
    watch: Watched,
    now: ChainNow,
    opening: Opening,
    operation: StoredOperation,
    call: Uint8Array,
    hash: Uint8Array,
    signal: AbortSignal,
  ): void => {
    watch.busy = true;
    /** Milliseconds until it is worth another look. */
    const step = async (): Promise<number> => {
      // What is not finalized yet counts here: nothing of it can do harm.
      const approvals = (await stored(now, hash, undefined, signal))?.approvals;
      // Over already, only not finalized.
      if (approvals === undefined) return againMs;
      if (approvals.length >= calls.approvalsNeeded) {
        await execute(now, call, operation, signal);
        return againMs;
      }
      if (clock.now() >= watch.askMs) {
        watch.askMs = clock.now() + againMs;
        await gather(now, opening, operation, approvals, hash, signal);
      }
      return againMs / LOOKS;
    };
    step()
      .catch((thrown: unknown) => {
        const { code, message } = asViaductError(thrown);
        if (!signal.aborted) log.warn({ account: address, code, detail: message }, 'an operation of a vault waits');
        if (code !== 'COSIGNERS_MISSING') return againMs;
        // Members that do not have the block yet will have it soon.
        watch.askMs = 0;
        return againMs / LOOKS;
      })
      .then((ms) => {
        watch.busy = false;
        watch.nextMs = clock.now() + ms;
      })
      .catch(() => undefined);
  };

  const execute = async (
    now: ChainNow,
    call: Uint8Array,
    { timepoint }: StoredOperation,
    signal: AbortSignal,
  ): Promise<void> =>
    executing(async () => {
      const weight = withMargin(await view.weightOf(now.runtime, call, signal));
      const inner = calls.execute(now.runtime, executor.account, call, timepoint, weight);
      const nonce = await view.nextIndex(executorAddress, signal);
      await view.submit(signExtrinsic(now.runtime, inner, executor, now.context, { nonce, tip: 0n }).raw, signal);
    });

  /** Asks the members and sends what they signed, also when it is not enough yet. */
  const gather = async (
    now: ChainNow,
    { delivery, refused }: Opening,
    { timepoint }: StoredOperation,
    approvals: readonly Uint8Array[],
    hash: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> => {
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

  /** Whether a member's bytes are its own approval of this operation: anything else would cost it a fee for nothing. */
  const isApproval = (
    { runtime }: ChainNow,
    member: Uint8Array,
    raw: Uint8Array,
    hash: Uint8Array,
    timepoint: StoredOperation['timepoint'],
  ): boolean => {
    const read = tryRead(() => runtime.readExtrinsic(raw));
    if (read?.signer === undefined || !equalBytes(read.signer, member)) return false;
    return equalBytes(read.call, calls.approve(runtime, member, hash, timepoint));
  };

  return {
    address,
    nextSlot: async (signal) => view.nonce((await view.now(signal)).runtime, opener.account, undefined, signal),
    prepare: async (delivery, signal) => {
      if (await isDelivered(delivery)) return { kind: 'alreadyDelivered' };
      return prepareRelease({ view, gateway, calls, cursor: deps.cursor, staleBlocks }, vault, delivery, signal);
    },
    sign,
    broadcast,
    outcome,
    blank: () => encodeOpening(undefined),
  };
}
