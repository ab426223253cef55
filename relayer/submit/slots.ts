/**
 * The stream of slots (account nonces) of one account. A slot is taken only together with signed bytes that are on disk,
 * it is sent again until some transaction uses it, and replaced only by one of the same slot. So a crash at any point
 * leaves either no intent, or one that the next start goes on with.
 *
 * What became of a transaction is what an endpoint says, unverified: enough to free the slot, not to settle a chunk.
 */
import type { Clock } from '../core/clock.ts';
import { createSerial } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import type { ChunkOutcome } from '../core/outcome.ts';
import type { SignedTransaction, TargetAccount } from '../core/ports.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ChunkId, Intent } from '../store/intentCodec.ts';
import type { Intents } from '../store/intents.ts';
import { nextStep } from './nextStep.ts';

export interface SlotsDeps {
  readonly intents: Intents;
  readonly account: TargetAccount;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Told once the chunk's slot is used up, whatever by. */
  onClosed(chunk: ChunkId, kind: ChunkOutcome['kind'], reason: string, used?: bigint): void;
  /** Told when the account could not pay for a transaction. */
  onOutOfFunds?(): void;
  /** Told when an endpoint took one. */
  onSent?(): void;
}

export interface SlotsOptions {
  /** How long a transaction may stay pending before it is replaced by a better paid one. */
  readonly replaceMs: number;
}

export interface Slots {
  /** Slots taken and not yet used up. */
  readonly pending: number;
  /** Goes on with what the journal holds. May be called again when it failed. */
  start(): Promise<void>;
  holds(chunk: ChunkId): boolean;
  /** Takes the next slot: signed, on disk, then sent. `onTaken` is told once the slot's number is. */
  open(call: Uint8Array, chunk: ChunkId, onTaken?: () => void): Promise<void>;
  /** One look at everything pending. */
  track(): Promise<void>;
  /** Calls an operator: the account cannot pay. */
  outOfFunds(): void;
}

/** After a broadcast that no endpoint took. */
const RESEND_FAILED_MS = 1_000;

export function createSlots(chain: ChainName, deps: SlotsDeps, options: SlotsOptions, signal: AbortSignal): Slots {
  const { intents, account, clock, log, telemetry } = deps;
  const serial = createSerial();
  const inOrder = createSerial();
  const active = new Map<bigint, Intent>();
  /** When the bytes of a slot are to be sent again. */
  const dueMs = new Map<bigint, number>();
  let nextSlot = 0n;

  async function start(): Promise<void> {
    for (const intent of await intents.load()) active.set(intent.slot, intent);
    nextSlot = await account.nextSlot(signal);
    for (const slot of active.keys()) if (slot >= nextSlot) nextSlot = slot + 1n;
    for (const intent of active.values()) await broadcast(newest(intent));
    log.info({ chain, account: account.address, nextSlot, resumed: active.size }, 'submitter ready');
  }

  /**
   * Slots are taken one after the other, and their bytes are written and sent in that order; but the next one is signed while
   * the disk and the endpoints are busy with those before, so that several share one sync.
   */
  async function open(
    call: Uint8Array,
    chunk: ChunkId | undefined,
    slot?: bigint,
    onTaken?: () => void,
  ): Promise<void> {
    const { transaction, stored } = await serial(async () => {
      // An account may be shared, as those of a vault are; while nothing is pending nobody looks at it.
      if (active.size === 0) await catchUp();
      const at = slot ?? nextSlot;
      const signed = await account.sign(call, at, 0, signal);
      const intent: Intent = { slot: at, chunk, call, attempts: [signed], signedAtMs: clock.now() };
      active.set(at, intent);
      // Not to be sent by the tracker before it is on disk.
      dueMs.set(at, clock.now() + options.replaceMs);
      if (at >= nextSlot) nextSlot = at + 1n;
      const written = intents.put(intent);
      // Awaited in its turn; until then nobody listens.
      written.catch(() => undefined);
      return { transaction: signed, stored: written };
    });
    onTaken?.();
    await inOrder(async () => {
      await stored;
      await broadcast(transaction);
    });
  }

  async function catchUp(): Promise<bigint> {
    const included = await account.nextSlot(signal);
    // Somebody else used the account; what is opened next must not start below.
    if (included > nextSlot) nextSlot = included;
    return included;
  }

  /** A failed broadcast is no loss: the tracker sends the same bytes again. */
  async function broadcast(transaction: SignedTransaction): Promise<'sent' | 'underpriced' | 'failed'> {
    const { slot, hash } = transaction;
    try {
      await account.broadcast(transaction, signal);
      deps.onSent?.();
      dueMs.set(slot, clock.now() + options.replaceMs / 2);
      log.debug({ chain, account: account.address, slot, hash }, 'broadcast');
      return 'sent';
    } catch (thrown) {
      const error = asViaductError(thrown);
      dueMs.set(slot, clock.now() + Math.min(RESEND_FAILED_MS, options.replaceMs / 2));
      if (signal.aborted) return 'failed';
      if (error.disposition === 'halt') throw error;
      log.warn({ chain, slot, code: error.code, detail: error.shortMessage }, 'broadcast failed');
      if (error.code === 'ACCOUNT_OUT_OF_FUNDS') outOfFunds();
      return error.code === 'TX_UNDERPRICED' ? 'underpriced' : 'failed';
    }
  }

  async function track(): Promise<void> {
    // With nothing pending there is nothing to ask: an idle account costs its endpoints no calls.
    if (active.size > 0) {
      const included = await catchUp();
      const closing: Promise<void>[] = [];
      for (const intent of [...active.values()]) await trackOrLog(intent, included, closing);
      await Promise.all(closing);
      await fillGap(included);
    }
    telemetry.report('account', chain, { address: account.address, chain, nextSlot, pending: active.size });
  }

  /** One transaction that cannot be looked at or replaced now does not keep the others from it. */
  async function trackOrLog(intent: Intent, included: bigint, closing: Promise<void>[]): Promise<void> {
    try {
      await trackOne(intent, included, closing);
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (signal.aborted || error.disposition === 'halt') throw error;
      log.warn(
        { chain, slot: intent.slot, code: error.code, detail: error.shortMessage },
        'cannot track a transaction',
      );
    }
  }

  /** Closes what is over beside the looks at the others: sixteen in a row, each waiting for the disk, took seconds. */
  async function trackOne(intent: Intent, included: bigint, closing: Promise<void>[]): Promise<void> {
    const isOver = (kind: ChunkOutcome['kind'], reason: string, used?: bigint): void => {
      const closed = close(intent, kind, reason, used);
      // Awaited with the others; until then nobody listens.
      closed.catch(() => undefined);
      closing.push(closed);
    };
    for (const transaction of [...intent.attempts].reverse()) {
      // A slot that the chain has not used cannot have an outcome; asking would cost a call each round.
      if (intent.slot >= included) break;
      const outcome = await account.outcome(transaction, signal);
      switch (outcome.kind) {
        case 'included':
          log.info({ chain, ...intent.chunk, hash: transaction.hash, gasUsed: outcome.gasUsed }, 'chunk included');
          return isOver('done', 'included', outcome.gasUsed);
        case 'reverted':
          if (!outcome.alreadyDelivered) log.warn({ chain, ...intent.chunk, reason: outcome.reason }, 'chunk reverted');
          return isOver(outcome.alreadyDelivered ? 'done' : 'again', outcome.reason);
        case 'slotTaken':
          // Only when none of ours was it: the oldest is asked last.
          if (transaction !== intent.attempts[0]) break;
          return isOver('again', 'another transaction used the slot');
        case 'pending':
          break;
      }
    }
    const now = clock.now();
    const isDue = now >= (dueMs.get(intent.slot) ?? 0);
    const step = nextStep({ pendingMs: now - intent.signedAtMs, isDue }, options);
    if (step === 'resend' && (await broadcast(newest(intent))) === 'underpriced') await replace(intent);
    if (step === 'replace') await replace(intent);
  }

  async function replace(intent: Intent): Promise<void> {
    let transaction: SignedTransaction;
    try {
      transaction = await account.sign(intent.call, intent.slot, intent.attempts.length, signal);
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (error.code !== 'TX_UNDERPRICED') throw error;
      // The account's fee limit is reached: all that is left is to keep the last one alive.
      log.warn({ chain, slot: intent.slot, detail: error.shortMessage }, 'cannot replace a pending transaction');
      await broadcast(newest(intent));
      return;
    }
    const replaced: Intent = { ...intent, attempts: [...intent.attempts, transaction], signedAtMs: clock.now() };
    await intents.put(replaced);
    active.set(intent.slot, replaced);
    log.info({ chain, slot: intent.slot, attempt: transaction.attempt }, 'replaced a pending transaction');
    await broadcast(transaction);
  }

  async function close(intent: Intent, kind: ChunkOutcome['kind'], reason: string, used?: bigint): Promise<void> {
    await intents.remove(intent.slot);
    active.delete(intent.slot);
    dueMs.delete(intent.slot);
    if (intent.chunk !== undefined) deps.onClosed(intent.chunk, kind, reason, used);
  }

  /** A slot that nothing of ours waits for, below ones that do, would block them for ever. */
  async function fillGap(included: bigint): Promise<void> {
    if (active.size === 0 || active.has(included) || included >= nextSlot) return;
    log.warn({ chain, slot: included }, 'filled a gap in the slots');
    await open(account.blank(), undefined, included);
  }

  function outOfFunds(): void {
    deps.onOutOfFunds?.();
    telemetry.alert('critical', 'ACCOUNT_OUT_OF_FUNDS', `Account ${account.address} on ${chain} cannot pay its fees.`, {
      chain,
      account: account.address,
    });
  }

  return {
    get pending() {
      return active.size;
    },
    start,
    holds: (chunk) => [...active.values()].some((intent) => isSameChunk(intent.chunk, chunk)),
    open: async (call, chunk, onTaken) => open(call, chunk, undefined, onTaken),
    track,
    outOfFunds,
  };
}

function newest(intent: Intent): SignedTransaction {
  return intent.attempts[intent.attempts.length - 1] as SignedTransaction;
}

function isSameChunk(a: ChunkId | undefined, b: ChunkId): boolean {
  return a?.lane === b.lane && a.firstSequence === b.firstSequence && a.chunkIndex === b.chunkIndex;
}
