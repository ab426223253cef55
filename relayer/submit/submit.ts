/**
 * The submit role for one account: takes chunks from the target chain's work queue, and sees each through to inclusion.
 * It holds no authority: it pays fees.
 *
 * One stream of slots (account nonces): a slot is taken only together with signed bytes that are on disk, it is sent
 * again until some transaction uses it, and replaced only by one of the same slot. So a crash at any point leaves either
 * no intent, or one that the next start goes on with.
 */
import type { Bus, WorkItem } from '../bus/index.ts';
import { decodeDelivery } from '../core/certificate.ts';
import { chunkCount, chunkHash, verifyMerkleProof } from '../core/checkpoint.ts';
import type { Clock } from '../core/clock.ts';
import { createSerial, createWake } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { type ChunkOutcome, encodeOutcome } from '../core/outcome.ts';
import type { Delivery, SignedTransaction, TargetAccount } from '../core/ports.ts';
import { type AttestationRules, certificateProblem } from '../core/signatures.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ChunkId, Intent, Intents } from '../store/intents.ts';
import { nextStep } from './nextStep.ts';

export interface SubmitDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly intents: Intents;
  readonly account: TargetAccount;
  readonly rules: ReadonlyMap<LaneId, AttestationRules>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

export interface SubmitOptions {
  /** The same for all submitters of a chain: they share the queue. */
  readonly durable: string;
  /** Transactions broadcast and not yet included. */
  readonly inFlightMax: number;
  readonly trackMs: number;
  /** How long a transaction may stay pending before it is replaced by a better paid one. */
  readonly replaceMs: number;
}

/** Runs until the signal fires. */
export async function submit(
  chain: ChainName,
  deps: SubmitDeps,
  options: SubmitOptions,
  signal: AbortSignal,
): Promise<void> {
  const { bus, subjects, intents, account, clock, log, telemetry } = deps;
  const { wake, wait } = createWake(clock);
  const serial = createSerial();
  const active = new Map<bigint, Intent>();
  let nextSlot = 0n;

  async function start(): Promise<void> {
    for (const intent of await intents.load()) active.set(intent.slot, intent);
    nextSlot = await account.nextSlot(signal);
    for (const slot of active.keys()) if (slot >= nextSlot) nextSlot = slot + 1n;
    for (const intent of active.values()) await broadcast(newest(intent));
    log.info({ chain, account: account.address, nextSlot, resumed: active.size }, 'submitter ready');
  }

  async function take(item: WorkItem): Promise<void> {
    let delivery: Delivery;
    try {
      delivery = decodeDelivery(item.payload);
    } catch (error) {
      refuseItem(item, asViaductError(error).shortMessage);
      return;
    }
    const problem = deliveryProblem(delivery, deps.rules);
    if (problem !== undefined) {
      refuseItem(item, problem);
      return;
    }
    const chunk: ChunkId = {
      lane: delivery.checkpoint.lane,
      firstSequence: delivery.checkpoint.firstSequence,
      chunkIndex: delivery.chunkIndex,
    };
    if ([...active.values()].some((intent) => sameChunk(intent.chunk, chunk))) {
      item.ack();
      return;
    }
    const preparation = await account.prepare(delivery, signal);
    switch (preparation.kind) {
      case 'send':
        await open(preparation.call, chunk);
        item.ack();
        return;
      case 'alreadyDelivered':
        report(chunk, 'done', 'already delivered');
        item.ack();
        return;
      case 'wait':
        telemetry.report('blocked', chunk.lane, { step: 'submit', reason: preparation.reason });
        item.nak(preparation.retryMs);
        return;
      case 'refused':
        log.warn({ chain, ...chunk, reason: preparation.reason }, 'the gateway refuses a chunk');
        report(chunk, 'refused', preparation.reason);
        item.ack();
    }
  }

  function refuseItem(item: WorkItem, problem: string): void {
    log.warn({ chain, problem }, 'refused a work item');
    telemetry.alert(
      'warning',
      'WORK_REFUSED',
      `A work item for ${chain} is not a delivery that was signed: ${problem}`,
    );
    item.reject();
  }

  /** Takes the next slot: signed, on disk, then sent. */
  async function open(call: Uint8Array, chunk: ChunkId | undefined, slot?: bigint): Promise<void> {
    await serial(async () => {
      const at = slot ?? nextSlot;
      const transaction = await account.sign(call, at, 0, signal);
      const intent: Intent = { slot: at, chunk, call, attempts: [transaction], signedAtMs: clock.now() };
      await intents.put(intent);
      active.set(at, intent);
      if (slot === undefined) nextSlot = at + 1n;
      await broadcast(transaction);
    });
  }

  /** A failed broadcast is no loss: the tracker sends the same bytes again. */
  async function broadcast(transaction: SignedTransaction): Promise<'sent' | 'underpriced' | 'failed'> {
    try {
      await account.broadcast(transaction, signal);
      log.debug({ chain, account: account.address, slot: transaction.slot, hash: transaction.hash }, 'broadcast');
      return 'sent';
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (error.disposition === 'halt' && error.code !== 'ABORTED') throw error;
      log.warn({ chain, slot: transaction.slot, code: error.code, detail: error.shortMessage }, 'broadcast failed');
      if (error.code === 'ACCOUNT_OUT_OF_FUNDS') outOfFunds();
      return error.code === 'TX_UNDERPRICED' ? 'underpriced' : 'failed';
    }
  }

  async function track(): Promise<void> {
    const included = await account.nextSlot(signal);
    for (const intent of [...active.values()]) await trackOne(intent, included);
    await fillGap(included);
    telemetry.report('account', chain, {
      address: account.address,
      chain,
      nextSlot,
      pending: active.size,
    });
  }

  async function trackOne(intent: Intent, included: bigint): Promise<void> {
    for (const transaction of [...intent.attempts].reverse()) {
      // A slot that the chain has not used cannot have an outcome; asking would cost a call each round.
      if (intent.slot >= included) break;
      const outcome = await account.outcome(transaction, signal);
      switch (outcome.kind) {
        case 'included':
          log.info({ chain, ...intent.chunk, hash: transaction.hash, gasUsed: outcome.gasUsed }, 'chunk included');
          return close(intent, 'done', 'included');
        case 'reverted':
          if (!outcome.alreadyDelivered) log.warn({ chain, ...intent.chunk, reason: outcome.reason }, 'chunk reverted');
          return close(intent, outcome.alreadyDelivered ? 'done' : 'again', outcome.reason);
        case 'slotTaken':
          if (transaction !== intent.attempts[0]) break;
          return close(intent, 'again', 'another transaction used the slot');
        case 'pending':
          break;
      }
    }
    const step = nextStep({ pendingMs: clock.now() - intent.signedAtMs, attempts: intent.attempts.length }, options);
    if (step === 'resend' && (await broadcast(newest(intent))) === 'underpriced') await replace(intent);
    if (step === 'replace') await replace(intent);
  }

  async function replace(intent: Intent): Promise<void> {
    const transaction = await account.sign(intent.call, intent.slot, intent.attempts.length, signal);
    const replaced: Intent = { ...intent, attempts: [...intent.attempts, transaction], signedAtMs: clock.now() };
    await intents.put(replaced);
    active.set(intent.slot, replaced);
    log.info({ chain, slot: intent.slot, attempt: transaction.attempt }, 'replaced a pending transaction');
    await broadcast(transaction);
  }

  async function close(intent: Intent, kind: ChunkOutcome['kind'], reason: string): Promise<void> {
    if (intent.chunk !== undefined) report(intent.chunk, kind, reason);
    await intents.remove(intent.slot);
    active.delete(intent.slot);
    wake();
  }

  /** A slot that nothing of ours waits for, below ones that do, would block them for ever. */
  async function fillGap(included: bigint): Promise<void> {
    if (active.size === 0 || active.has(included) || included >= nextSlot) return;
    log.warn({ chain, slot: included }, 'filled a gap in the slots');
    await open(account.blank(), undefined, included);
  }

  function report(chunk: ChunkId, kind: ChunkOutcome['kind'], reason: string): void {
    bus.publish(subjects.outcome(chain), encodeOutcome({ ...chunk, kind, reason }));
  }

  function outOfFunds(): void {
    telemetry.alert('critical', 'ACCOUNT_OUT_OF_FUNDS', `Account ${account.address} on ${chain} cannot pay its fees.`, {
      chain,
      account: account.address,
    });
  }

  async function takeLoop(): Promise<void> {
    const pulled = bus.pull(subjects.work(chain), {
      durable: options.durable,
      maxInFlight: options.inFlightMax,
      signal,
    });
    for await (const item of pulled) {
      while (active.size >= options.inFlightMax && !signal.aborted) {
        item.working();
        await wait(options.trackMs, signal);
      }
      if (signal.aborted) return;
      try {
        await take(item);
      } catch (thrown) {
        const error = asViaductError(thrown);
        if (error.code === 'ABORTED') return;
        if (error.code === 'ACCOUNT_OUT_OF_FUNDS') outOfFunds();
        else if (error.disposition === 'halt') throw error;
        log.warn({ chain, code: error.code, detail: error.shortMessage }, 'could not submit a chunk yet');
        item.nak(RETAKE_MS);
      }
    }
  }

  async function trackLoop(): Promise<void> {
    while (!signal.aborted) {
      try {
        await track();
      } catch (thrown) {
        const error = asViaductError(thrown);
        if (error.code === 'ABORTED') return;
        if (error.disposition === 'halt') throw error;
        log.warn({ chain, code: error.code, detail: error.shortMessage }, 'cannot track transactions');
      }
      await clock.sleep(options.trackMs, signal).catch(() => undefined);
    }
  }

  await retryStart(start);
  await Promise.all([takeLoop(), trackLoop()]);

  async function retryStart(task: () => Promise<void>): Promise<void> {
    for (let ready = false; !ready && !signal.aborted;) {
      try {
        await task();
        ready = true;
      } catch (thrown) {
        const error = asViaductError(thrown);
        if (error.disposition === 'halt') throw error;
        log.warn({ chain, code: error.code, detail: error.shortMessage }, 'cannot start the submitter yet');
        await clock.sleep(RETAKE_MS, signal).catch(() => undefined);
      }
    }
  }
}

/** How long a chunk that could not be submitted waits in the queue. */
const RETAKE_MS = 1_000;

function newest(intent: Intent): SignedTransaction {
  return intent.attempts[intent.attempts.length - 1] as SignedTransaction;
}

function sameChunk(a: ChunkId | undefined, b: ChunkId): boolean {
  return a?.lane === b.lane && a.firstSequence === b.firstSequence && a.chunkIndex === b.chunkIndex;
}

/** Why a work item must not cost a fee, or undefined. The bus may carry anything. */
function deliveryProblem(delivery: Delivery, rules: ReadonlyMap<LaneId, AttestationRules>): string | undefined {
  const { checkpoint, chunkIndex, packets, proof } = delivery;
  const lane = rules.get(checkpoint.lane);
  if (lane === undefined) return 'unknown lane';
  const problem = certificateProblem(delivery, lane);
  if (problem !== undefined) return problem;
  const proven = verifyMerkleProof(checkpoint.root, chunkHash(packets), chunkIndex, chunkCount(checkpoint), proof);
  return proven ? undefined : 'the packets are not the signed ones';
}
