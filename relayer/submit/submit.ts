/**
 * The submit role for one account: takes chunks from the target chain's work queue, and sees each through to inclusion.
 * It holds no authority: it pays fees.
 *
 * The queue may carry anything: what is not a signed delivery is refused before it costs a call. An item is acknowledged
 * once its signed bytes are on disk; from then on `slots.ts` sees to it.
 */
import type { Bus, WorkItem as QueueItem } from '../bus/index.ts';
import { decodeWorkItem, type WorkItem } from '../core/certificate.ts';
import type { Clock } from '../core/clock.ts';
import { createWake } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { type ChunkOutcome, encodeOutcome } from '../core/outcome.ts';
import type { Delivery, TargetAccount } from '../core/ports.ts';
import {
  type AttestationRules,
  type CertificateCheck,
  chunkProblem,
  createCertificateCheck,
} from '../core/signatures.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ChunkId } from '../store/intentCodec.ts';
import type { Intents } from '../store/intents.ts';
import { createSlots } from './slots.ts';
import { takesWork } from './takesWork.ts';

export interface SubmitDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly intents: Intents;
  readonly account: TargetAccount;
  readonly rules: ReadonlyMap<LaneId, AttestationRules>;
  /** The packets of an item that came without them, checked against its checkpoint; undefined: not here yet. */
  findChunk(item: WorkItem, signal: AbortSignal): Promise<Uint8Array | undefined>;
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

/** Items in hand at once: those that are written to disk together share its sync. More could be with another account. */
const ITEMS_IN_HAND = 4;
/** How long a chunk that could not be submitted waits in the queue. */
const RETAKE_MS = 1_000;
/** How often the bus is told that what is in hand is being worked on: endpoints may be slow. */
const BEAT_MS = 1_000;
/** How often an item goes back into the queue. The planner hands a silent chunk out again, so its copies must end. */
const PUT_BACKS_MAX = 8;

/** Runs until the signal fires. */
export async function submit(
  chain: ChainName,
  deps: SubmitDeps,
  options: SubmitOptions,
  signal: AbortSignal,
): Promise<void> {
  const { bus, subjects, account, clock, log, telemetry } = deps;
  const { wake, wait } = createWake(clock);
  const rest = createWake(clock);
  const check = createCertificateCheck();
  /** Of this account's own: it cannot pay. What ails the chain or its endpoints ails the other accounts as well. */
  const ownFailures = { inRow: 0, lastMs: 0 };
  /** What only another account can do. */
  const misses = { inRow: 0, lastMs: 0 };
  const inHand = new Set<QueueItem>();
  const slots = createSlots(
    chain,
    {
      ...deps,
      onClosed(chunk, kind, reason, used) {
        report(chunk, kind, reason, used);
        wake();
      },
      onOutOfFunds() {
        // What is sent again while the account rests says nothing new.
        if (choice().kind === 'rest') return;
        ownFailures.inRow += 1;
        ownFailures.lastMs = clock.now();
      },
      onSent() {
        if (ownFailures.inRow === 0) return;
        ownFailures.inRow = 0;
        rest.wake();
      },
    },
    options,
    signal,
  );

  async function take(item: QueueItem, onTaken: () => void): Promise<void> {
    let work: WorkItem;
    try {
      work = decodeWorkItem(item.payload);
    } catch (error) {
      refuseItem(item, asViaductError(error).shortMessage);
      return;
    }
    const problem = itemProblem(work, deps.rules, check);
    if (problem !== undefined) {
      refuseItem(item, problem);
      return;
    }
    const { lane, firstSequence } = work.checkpoint;
    const chunk: ChunkId = { lane, firstSequence, chunkIndex: work.chunkIndex };
    if (slots.holds(chunk)) {
      item.ack();
      return;
    }
    try {
      const packets = work.packets ?? (await deps.findChunk(work, signal));
      if (packets !== undefined) return await deliver(item, { ...work, packets }, chunk, onTaken);
      telemetry.report('blocked', lane, { step: 'submit', reason: 'packets of a signed checkpoint are not here yet' });
      putBack(item, chunk, RETAKE_MS);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = asViaductError(thrown);
      const reason = error.message.replaceAll('\n', ' ');
      telemetry.report('blocked', chunk.lane, { step: 'submit', reason });
      const isOurs = error.code === 'ACCOUNT_OUT_OF_FUNDS';
      if (isOurs) slots.outOfFunds();
      else if (error.disposition === 'halt') throw error;
      log.warn({ chain, code: error.code, detail: reason }, 'could not submit a chunk yet');
      // Another account may have what this one lacks, so it gets the chunk at once while this one rests.
      putBack(item, chunk, isOurs ? 0 : RETAKE_MS);
    }
  }

  async function deliver(item: QueueItem, delivery: Delivery, chunk: ChunkId, onTaken: () => void): Promise<void> {
    const preparation = await account.prepare(delivery, signal);
    switch (preparation.kind) {
      case 'send':
        misses.inRow = 0;
        await slots.open(preparation.call, chunk, onTaken);
        item.ack();
        return;
      case 'alreadyDelivered':
        report(chunk, 'done', 'already delivered');
        item.ack();
        return;
      case 'wait':
        telemetry.report('blocked', chunk.lane, { step: 'submit', reason: preparation.reason });
        putBack(item, chunk, preparation.retryMs);
        return;
      case 'notOurs':
        misses.inRow += 1;
        misses.lastMs = clock.now();
        telemetry.report('blocked', chunk.lane, { step: 'submit', reason: preparation.reason });
        putBack(item, chunk, 0);
        return;
      case 'refused':
        log.warn({ chain, ...chunk, reason: preparation.reason }, 'the gateway refuses a chunk');
        report(chunk, 'refused', preparation.reason);
        item.ack();
    }
  }

  function putBack(item: QueueItem, chunk: ChunkId, delayMs: number): void {
    if (item.redeliveries < PUT_BACKS_MAX) {
      item.nak(delayMs);
      return;
    }
    report(chunk, 'again', 'it waited too long in the queue');
    item.ack();
  }

  function refuseItem(item: QueueItem, problem: string): void {
    log.warn({ chain, problem }, 'refused a work item');
    telemetry.alert(
      'warning',
      'WORK_REFUSED',
      `A work item for ${chain} is not a delivery that was signed: ${problem}`,
    );
    item.reject();
  }

  function report(chunk: ChunkId, kind: ChunkOutcome['kind'], reason: string, used?: bigint): void {
    bus.publish(subjects.outcome(chain), encodeOutcome({ ...chunk, kind, reason, used }));
  }

  function choice(): ReturnType<typeof takesWork> {
    const failures = ownFailures.inRow + misses.inRow;
    const failedMs = Math.max(ownFailures.lastMs, misses.lastMs);
    return takesWork({ pending: slots.pending, inFlightMax: options.inFlightMax, failures, failedMs }, clock.now());
  }

  async function takeLoop(): Promise<void> {
    while (!signal.aborted) {
      const chosen = choice();
      if (chosen.kind === 'rest') await rest.wait(chosen.ms, signal);
      else await takeUntilRest();
    }
  }

  /** Asks for work as long as the account has nothing to rest from; what is in hand unasked goes back at once. */
  async function takeUntilRest(): Promise<void> {
    const asking = new AbortController();
    const stop = (): void => asking.abort();
    signal.addEventListener('abort', stop, { once: true });
    const running = new Set<Promise<void>>();
    let failed: { readonly error: unknown } | undefined;
    const maxInFlight = Math.min(ITEMS_IN_HAND, options.inFlightMax);
    const pulled = bus.pull(subjects.work(chain), { durable: options.durable, maxInFlight, signal: asking.signal });
    for await (const item of pulled) {
      while (slots.pending >= options.inFlightMax && !signal.aborted && failed === undefined) {
        item.working();
        await wait(options.trackMs, signal);
      }
      if (asking.signal.aborted) break;
      inHand.add(item);
      await new Promise<void>((next) => {
        const taking = take(item, next)
          .catch((error: unknown) => {
            failed ??= { error };
            asking.abort();
          })
          .finally(() => {
            inHand.delete(item);
            running.delete(taking);
            next();
          });
        running.add(taking);
      });
      if (choice().kind === 'rest') break;
    }
    asking.abort();
    signal.removeEventListener('abort', stop);
    await Promise.all(running);
    if (failed !== undefined) throw failed.error;
  }

  /** Tries until the task is done or the signal fires, through everything that may mend itself. */
  async function untilDone(task: () => Promise<void>, failure: string): Promise<void> {
    for (let isDone = false; !isDone && !signal.aborted;) {
      try {
        await task();
        isDone = true;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = asViaductError(thrown);
        if (error.disposition === 'halt') throw error;
        log.warn({ chain, code: error.code, detail: error.shortMessage }, failure);
        await clock.sleep(RETAKE_MS, signal).catch(() => undefined);
      }
    }
  }

  async function trackLoop(): Promise<void> {
    while (!signal.aborted) {
      await untilDone(slots.track, 'cannot track transactions');
      await clock.sleep(options.trackMs, signal).catch(() => undefined);
    }
  }

  /** The bus gives what is in silent hands to another account soon, so that a dead process keeps it no longer than that. */
  async function beatLoop(): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(BEAT_MS, signal).catch(() => undefined);
      for (const item of inHand) item.working();
    }
  }

  await untilDone(slots.start, 'cannot start the submitter yet');
  if (!signal.aborted) await Promise.all([takeLoop(), trackLoop(), beatLoop()]);
}

/** Why a work item must not cost a fee, or undefined. The bus may carry anything. */
function itemProblem(
  item: WorkItem,
  rules: ReadonlyMap<LaneId, AttestationRules>,
  check: CertificateCheck,
): string | undefined {
  const lane = rules.get(item.checkpoint.lane);
  if (lane === undefined) return 'unknown lane';
  // Without signatures it is good for an accepted checkpoint only; the gateway says so before anything is signed.
  const problem = item.signatures.length === 0 ? undefined : check.problem(item, lane);
  return problem ?? (item.packets && chunkProblem({ ...item, packets: item.packets }));
}
