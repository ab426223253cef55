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
import { PACKET_BYTES, SUBSTRATE_ROUNDS } from '../../relayer/core/limits.ts';
import { readSequence } from '../../relayer/core/packet.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import type {
  Cosigners,
  Delivery,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
} from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import { createApprovals } from './approvals.ts';
import type { ChainNow, ChainView } from './chainView.ts';
import { type Cursor, decodeCursor, type OpenOperation } from './cursor.ts';
import type { SubmitMeaning } from './errors.ts';
import { signExtrinsic } from './extrinsic.ts';
import { DEFAULT_TIPS, tipFor, type TipPolicy } from './fees.ts';
import { findClosing } from './findClosing.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';
import type { SigningKey } from './keys.ts';
import { createOperationsLooks, type OperationsLook } from './operationsLooks.ts';
import type { VaultSigners } from './multisig.ts';
import { createVaultCalls, readOperation, STALE_BLOCKS, type StoredOperation } from './multisigCalls.ts';
import { decodeOpening, encodeOpening, type Opening } from './opening.ts';
import { prepareRelease } from './prepareRelease.ts';
import { createRecentNow, RECENT_MS } from './recentNow.ts';
import { callHash, chunkRemark, payoutsOf, releaseCall } from './releaseCall.ts';
import { encodeReleaseRemark, type ReleaseRemark } from './releaseRemark.ts';
import { createReleaseWeights } from './releaseWeights.ts';
import type { Runtime } from './runtime.ts';

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

/** How often members may be asked within the time of `againMs`, when those asked before were too few. */
const ASKS = 12;
/** Blocks searched for the end of an operation that this process did not see open. */
const SEARCH_BLOCKS = 128;
/** Operations given up that one extrinsic takes back. */
const CANCELS_MAX = 16;
/** Operations that are looked at, and listed in search of those to be taken back. */
const OPERATIONS_MAX = 200;
/** How often all are listed, in search of those that nobody knows of any more. */
const SWEEP_MS = 60_000;
const AGAIN_MS = 6_000;

/** What a slot's extrinsic is to bring about, as long as it is not over. */
interface Release {
  /** As the engine journals it. */
  readonly bytes: Uint8Array;
  /** Whose call it is. */
  readonly runtime: Runtime;
  readonly opening: Opening;
  readonly remark: ReleaseRemark;
  readonly call: Uint8Array;
  readonly hash: Uint8Array;
  /** In hex. */
  readonly name: string;
}

interface Watched {
  busy: boolean;
  /** When members may be asked again. */
  askMs: number;
  /** When it may be carried out again. */
  executeMs: number;
  /** The last finalized block in which it was open. */
  seen: number;
  /** Since when it is known to be open. */
  readonly sinceMs: number;
  /** When it was found to be open no more. */
  goneMs: number | undefined;
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
  const gather = createApprovals({ view, cosigners, log }, { gateway, signers, vault });
  const executing = createSerial();
  const { recent, fresh } = createRecentNow(clock, view, Math.min(RECENT_MS, againMs));
  const weights = createReleaseWeights(view, calls, executor.account);
  /** By slot; and by the call's hash once they are open. */
  const releases = new Map<bigint, Release>();
  const watched = new Map<string, Watched>();
  let sweepMs = 0;
  /** Hashes of own open operations that nobody will approve any more, since another account paid their packets. */
  const useless = new Set<string>();

  const isDelivered = async ({ checkpoint, packets }: Delivery): Promise<boolean> =>
    (await deps.isDelivered?.(checkpoint.lane, readSequence(packets), packets.length / PACKET_BYTES)) === true;

  const derivedCursor = async (): Promise<Cursor | undefined> => {
    const bytes = await deps.cursor();
    return bytes === undefined ? undefined : decodeCursor(bytes, gateway.startHeight);
  };

  /** Undefined for a slot that is only to be used up. */
  const releaseAt = ({ runtime }: ChainNow, slot: bigint, bytes: Uint8Array): Release | undefined => {
    const known = releases.get(slot);
    if (known?.bytes === bytes && known.runtime === runtime) return known;
    const opening = decodeOpening(bytes);
    if (opening === undefined) return undefined;
    const { packets, checkpoint } = opening.delivery;
    const remark = chunkRemark(checkpoint.lane, readSequence(packets), packets, opening.refused);
    const call = releaseCall(gateway, runtime, vault.account, remark, packets);
    if (call === undefined) {
      throw new ViaductError({
        code: 'TX_REVERTED',
        shortMessage: `Account ${address} cannot pay what it was to pay.`,
      });
    }
    const hash = callHash(call);
    const release = { bytes, runtime, opening, remark, call, hash, name: bytesToHex(hash) };
    // What this process no longer drives is of no interest.
    if (releases.size >= OPERATIONS_MAX) releases.clear();
    releases.set(slot, release);
    return release;
  };

  const looks = createOperationsLooks({ clock, view, fresh, derived: derivedCursor }, vault, () =>
    [...releases.values()].map(({ hash }) => hash),
  );

  /** Takes back what was given up, so that its packets can be in an operation again. */
  const cancels = async (now: ChainNow, signal: AbortSignal): Promise<readonly Uint8Array[]> => {
    const { runtime, finalized } = now;
    const derived = await derivedCursor();
    const isGivenUp = ({ vault: account, timepoint }: OpenOperation): boolean =>
      equalBytes(account, vault.account) && timepoint.height + staleBlocks <= finalized.number;
    const isKnown = useless.size > 0 || derived === undefined || derived.open.some(isGivenUp);
    if (!isKnown && clock.now() < sweepMs) return [];
    sweepMs = clock.now() + SWEEP_MS;
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

  const openingCall = async (
    now: ChainNow,
    slot: bigint,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> => {
    const { runtime } = now;
    const release = releaseAt(now, slot, bytes);
    if (release === undefined) return runtime.call('System', 'remark', { remark: new Uint8Array(0) });
    const { remark, hash } = release;
    const batch = [
      ...(await cancels(now, signal)),
      calls.approve(runtime, opener.account, hash, undefined),
      runtime.call('System', 'remark', { remark: encodeReleaseRemark('opens', remark) }),
    ];
    return runtime.call('Utility', 'batch_all', { calls: batch });
  };

  const sign: TargetAccount['sign'] = async (call, slot, attempt, signal) => {
    const now = await recent(signal);
    const tip = tipFor(attempt, tips);
    const isUsed = attempt > 0 && (await view.nonce(now.runtime, opener.account, undefined, signal)) > slot;
    if (tip === undefined || isUsed) {
      const why = tip === undefined ? 'the limit of tips leaves no room to replace it' : 'it is on the chain already';
      throw new ViaductError({ code: 'TX_UNDERPRICED', shortMessage: `Slot ${slot} of ${openerAddress}: ${why}.` });
    }
    const inner = await openingCall(now, slot, call, signal);
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
    const { slot, call: bytes } = transaction;
    const found = await looks.forSlot(slot, releaseAt(await recent(signal), slot, bytes)?.hash, signal);
    const { now, finalized } = found;
    const { number } = now.finalized;
    if (finalized.used <= slot) return { kind: 'pending' };
    const release = releaseAt(now, slot, bytes);
    if (release === undefined) return { kind: 'included', height: BigInt(number), gasUsed: 0n };
    // Another runtime makes it another call: the next look asks for that.
    if (!found.asked.has(release.name)) return { kind: 'pending' };
    const operation = finalized.open.get(release.name);
    if (operation === undefined) return afterClosing(slot, release, found, signal);

    const height = BigInt(operation.timepoint.height);
    if (operation.timepoint.height + staleBlocks <= number) {
      forget(slot, release);
      return { kind: 'reverted', reason: 'the members did not approve it in time', height, alreadyDelivered: false };
    }
    // Two accounts may open operations for the same packets before either sees the other's: the later one is of no use.
    if (await isDelivered(release.opening.delivery)) {
      forget(slot, release);
      useless.add(release.name);
      return { kind: 'reverted', reason: 'another operation paid its packets', height, alreadyDelivered: true };
    }
    const known = watched.get(release.name);
    const sinceMs = clock.now();
    const watch = known ?? { busy: false, askMs: 0, executeMs: 0, seen: number, sinceMs, goneMs: undefined };
    watch.seen = number;
    watched.set(release.name, watch);
    if (!watch.busy) drive(watch, found, release, operation, signal);
    return { kind: 'pending' };
  };

  const forget = (slot: bigint, { name }: Release): void => {
    releases.delete(slot);
    watched.delete(name);
  };

  /** What became of an operation that is open no more. */
  const afterClosing = async (
    slot: bigint,
    release: Release,
    { now, derived }: OperationsLook,
    signal: AbortSignal,
  ): Promise<TransactionOutcome> => {
    const { number } = now.finalized;
    const watch = watched.get(release.name);
    // What this process derives says it for nothing, a moment after the chain; only where it does not, blocks are searched.
    if (await isDelivered(release.opening.delivery)) {
      forget(slot, release);
      return { kind: 'included', height: BigInt(number), gasUsed: 0n };
    }
    if (watch !== undefined && derived !== undefined && derived.height < BigInt(number)) {
      watch.goneMs ??= clock.now();
      if (clock.now() - watch.goneMs < againMs) return { kind: 'pending' };
    }
    const from = watch?.seen ?? Math.max(1, number - SEARCH_BLOCKS);
    const closing = await findClosing(view, now.runtime, gateway, release.hash, [from, number], signal);
    forget(slot, release);
    if (closing === undefined) return { kind: 'slotTaken' };
    const height = BigInt(closing.height);
    if (closing.kind === 'executed') return { kind: 'included', height, gasUsed: 0n };
    return { kind: 'reverted', reason: closing.reason, height, alreadyDelivered: false };
  };

  /** One step further with an open operation, beside the engine's own loop. Its failures are tried again. */
  const drive = (
    watch: Watched,
    { now, best, derived }: OperationsLook,
    release: Release,
    operation: StoredOperation,
    signal: AbortSignal,
  ): void => {
    // What is not finalized yet counts here: nothing of it can do harm.
    const approvals = best.open.get(release.name)?.approvals;
    const at = clock.now();
    // Over already, only not finalized.
    if (approvals === undefined) return;
    const isApproved = approvals.length >= calls.approvalsNeeded;
    if (at < (isApproved ? watch.executeMs : watch.askMs)) return;
    // Members sign what they derived themselves. As a rule they are as far as this process, which spares a question in vain.
    const isEarly = derived !== undefined && derived.height < BigInt(operation.timepoint.height);
    if (!isApproved && isEarly && at - watch.sinceMs < againMs) return;
    if (isApproved) watch.executeMs = at + againMs;
    else watch.askMs = at + againMs;
    watch.busy = true;
    (isApproved
      ? execute(now, release, operation, signal)
      : gather(now, { ...release.opening, hash: release.hash }, operation.timepoint, approvals, signal)
    )
      .catch((thrown: unknown) => {
        const { code, message } = asViaductError(thrown);
        if (!signal.aborted) log.warn({ account: address, code, detail: message }, 'an operation of a vault waits');
        // Members that do not have the block yet will have it soon.
        if (code === 'COSIGNERS_MISSING') watch.askMs = clock.now() + againMs / ASKS;
      })
      .finally(() => {
        watch.busy = false;
      });
  };

  const execute = async (
    now: ChainNow,
    { call, opening, remark }: Release,
    { timepoint }: StoredOperation,
    signal: AbortSignal,
  ): Promise<void> => {
    const payouts = payoutsOf(gateway, vault.account, opening.delivery.packets, remark.refused) ?? [];
    return executing(async () => {
      const { inner: weight } = await weights.of(now.runtime, call, payouts, signal);
      const inner = calls.execute(now.runtime, executor.account, call, timepoint, weight);
      const nonce = await view.nextIndex(executorAddress, signal);
      await view.submit(signExtrinsic(now.runtime, inner, executor, now.context, { nonce, tip: 0n }).raw, signal);
    });
  };

  return {
    address,
    rounds: SUBSTRATE_ROUNDS,
    nextSlot: async (signal) => (await looks.fresh(signal)).best.used,
    prepare: async (delivery, signal) => {
      if (await isDelivered(delivery)) return { kind: 'alreadyDelivered' };
      const prepareDeps = { view, gateway, recentNow: recent, weights, cursor: deps.cursor, staleBlocks };
      return prepareRelease(prepareDeps, vault, delivery, signal);
    },
    sign,
    broadcast,
    outcome,
    blank: () => encodeOpening(undefined),
  };
}
