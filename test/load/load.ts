/**
 * Load: many deposits a second on one chain, many in each transaction. What a family does is a `LoadDriver` (one file per
 * family beside this one); when, how many and to whom is here, and the same for all.
 *
 * Deposits are numbered from 0. Receiver and amount follow from the plan and the number alone, so that whoever knows how many
 * were included knows what every receiver must have in the end.
 */
import type { Clock } from '../../relayer/core/clock.ts';
import { abortedError } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';

export interface LoadPlan {
  /** Deposits a second; undefined: as many as the chain takes. */
  readonly perSecond: number | undefined;
  /** Ends after so many deposits or so many seconds, whichever comes first. */
  readonly count: number;
  readonly seconds: number | undefined;
  /** Deposits in one transaction. */
  readonly batch: number;
}

/** Deposits [first, first + count) of a plan, in one transaction. */
export interface LoadBatch {
  readonly first: number;
  readonly count: number;
  /** As the chain writes it. */
  readonly transaction: string;
}

export interface IncludedBatch extends LoadBatch {
  readonly height: bigint;
  readonly succeeded: boolean;
}

export interface LoadDriver {
  /** The most deposits that one transaction of the chain holds. */
  readonly batchMax: number;
  /** Transactions that may be sent at the same time. */
  readonly parallel: number;
  /** The most deposits that may wait for a block: two blocks' worth keeps every block full. */
  readonly waitingMax: number;
  /** Gives the senders what so many deposits cost. */
  prepare(deposits: number, batch: number, signal: AbortSignal): Promise<void>;
  /** Resolves once the node took the transaction. */
  send(first: number, count: number, signal: AbortSignal): Promise<LoadBatch>;
  /** Deposits that the node took and no block holds yet. */
  waiting(signal: AbortSignal): Promise<number>;
  /** What became of the batches, by the chain's own blocks; called when none waits any more. */
  settle(batches: readonly LoadBatch[], signal: AbortSignal): Promise<readonly IncludedBatch[]>;
}

export interface LoadReport {
  /** Deposits that the chain holds. */
  readonly included: number;
  /** Deposits of transactions that failed: they moved nothing. */
  readonly failed: number;
  readonly transactions: number;
  /** From the first transaction to the block of the last. */
  readonly seconds: number;
  readonly perSecond: number;
  readonly batches: readonly IncludedBatch[];
}

export interface LoadProgress {
  readonly sent: number;
  readonly waiting: number;
  readonly seconds: number;
}

const LOOK_MS = 50;
const PROGRESS_MS = 1_000;
/** A chain that holds nothing more for so long has stopped. */
const STALL_MS = 60_000;

/** Sends by the plan, waits until all is included, and says what the chain holds. An abort ends the sending, not the account. */
export async function runLoad(
  driver: LoadDriver,
  plan: LoadPlan,
  deps: { readonly clock: Clock; onProgress?(progress: LoadProgress): void },
  signal: AbortSignal,
): Promise<LoadReport> {
  const { clock } = deps;
  const batch = Math.min(plan.batch, driver.batchMax);
  const settling = new AbortController().signal;
  await driver.prepare(plan.count, batch, signal);
  const started = clock.now();
  const batches: LoadBatch[] = [];
  let sent = 0;
  let toldMs = started;

  const tell = (waiting: number): void => {
    const now = clock.now();
    if (now - toldMs < PROGRESS_MS) return;
    toldMs = now;
    deps.onProgress?.({ sent, waiting, seconds: (now - started) / 1_000 });
  };
  const goesOn = (): boolean =>
    !signal.aborted &&
    sent < plan.count &&
    (plan.seconds === undefined || clock.now() - started < plan.seconds * 1_000);

  while (goesOn()) {
    const waiting = await driver.waiting(settling);
    tell(waiting);
    const due = dueNow(plan, clock.now() - started);
    let room = driver.waitingMax - waiting;
    const isDue = (): boolean => due - sent >= batch || (due >= plan.count && due > sent);
    while (room > 0 && isDue() && goesOn()) {
      const sends: Promise<LoadBatch>[] = [];
      while (sends.length < driver.parallel && room > 0 && isDue()) {
        const count = Math.min(batch, plan.count - sent);
        sends.push(driver.send(sent, count, settling));
        sent += count;
        room -= count;
      }
      batches.push(...(await Promise.all(sends)));
    }
    if (goesOn()) await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }

  let left = await driver.waiting(settling);
  for (let lastMs = clock.now(); left > 0;) {
    await clock.sleep(LOOK_MS);
    const now = await driver.waiting(settling);
    if (now < left) lastMs = clock.now();
    else if (clock.now() - lastMs > STALL_MS) throw stalled(left);
    left = now;
    tell(left);
  }
  const seconds = (clock.now() - started) / 1_000;
  const included = await driver.settle(batches, settling);
  if (signal.aborted && included.length === 0) throw abortedError(signal);
  const count = (succeeded: boolean): number =>
    included.filter((one) => one.succeeded === succeeded).reduce((sum, one) => sum + one.count, 0);
  return {
    included: count(true),
    failed: count(false),
    transactions: included.length,
    seconds,
    perSecond: count(true) / Math.max(seconds, 0.001),
    batches: included,
  };
}

/** Deposits that should have been sent by now. */
export function dueNow({ perSecond, count }: Pick<LoadPlan, 'perSecond' | 'count'>, elapsedMs: number): number {
  return perSecond === undefined ? count : Math.min(count, Math.floor((perSecond * elapsedMs) / 1_000));
}

function stalled(left: number): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_FAILED',
    shortMessage: `The chain includes nothing more: ${left} deposits wait for a block.`,
  });
}
