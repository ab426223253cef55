/**
 * Runs a handler over stream messages: those of one subject one at a time and in order, subjects side by side. A message
 * that fails is tried again here, after a wait, before anything later of its subject; the server hears of it only when
 * it is done or given up. So order holds without limiting the whole stream to one message in flight.
 */
import { type Clock, nextDelay } from '../core/clock.ts';
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../core/limits.ts';
import type { Delivery, DeliverySink } from './deliveries.ts';
import { type ConsumeOptions, type DurableHandler, type DurableMessage, REDELIVERIES_MAX } from './port.ts';
import type { BusReport } from './report.ts';

export interface OrderedSinkOptions extends ConsumeOptions {
  readonly clock: Clock;
  readonly report: BusReport;
  /** How long the server waits before it gives a silent message to somebody else. */
  readonly ackWaitMs: number;
  /** Gives the source its credit back. */
  readonly release: () => void;
}

export interface OrderedSink extends DeliverySink {
  /** Resolves when no handler runs. */
  idle(): Promise<void>;
}

interface Held {
  delivery: Delivery;
  stale: boolean;
}

export function createOrderedSink(handler: DurableHandler, options: OrderedSinkOptions): OrderedSink {
  const { clock, signal, report } = options;
  const redeliveriesMax = options.redeliveriesMax ?? REDELIVERIES_MAX;
  const queues = new Map<string, Held[]>();
  const lanes = new Set<Promise<void>>();
  let held = new Map<number, Held>();
  /** The last sequence of each subject that is done, for copies that come again because an answer was lost. */
  let doneThrough = new Map<string, number>();
  let beating = false;

  async function runLane(subject: string, queue: Held[]): Promise<void> {
    for (let entry = queue[0]; entry !== undefined && !signal.aborted; entry = queue[0]) {
      const settled = await runOne(entry);
      if (!settled) break;
      queue.shift();
      if (!entry.stale) doneThrough.set(subject, entry.delivery.streamSequence);
      if (held.get(entry.delivery.streamSequence) === entry) held.delete(entry.delivery.streamSequence);
      options.release();
    }
    queues.delete(subject);
  }

  /** False when the signal fired before the message was done: it stays with the server. */
  async function runOne(entry: Held): Promise<boolean> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const message = messageOf(entry.delivery, attempt);
      try {
        if (message.redeliveries > 0) report.count('redelivered');
        await handler(message);
        if (!entry.stale) entry.delivery.ack();
        report.count('delivered');
        return true;
      } catch (error) {
        report.emit({ kind: 'handlerFailed', subject: message.subject, error });
        if (message.redeliveries >= redeliveriesMax && (await givenUp(message, error))) {
          if (!entry.stale) entry.delivery.term();
          return true;
        }
      }
      await pause(nextDelay(attempt, options.retryMs ?? RETRY_MS_MIN, RETRY_MS_MAX));
    }
    return false;
  }

  /** False when even `onPoison` failed: then the message is kept and tried again. */
  async function givenUp(message: DurableMessage, error: unknown): Promise<boolean> {
    try {
      await options.onPoison(message, error);
    } catch (failure) {
      report.emit({ kind: 'handlerFailed', subject: message.subject, error: failure });
      return false;
    }
    report.count('poisoned');
    report.emit({ kind: 'poison', subject: message.subject, streamSequence: message.streamSequence, error });
    return true;
  }

  async function pause(ms: number): Promise<void> {
    await clock.sleep(ms, signal).catch(() => undefined);
  }

  /** Tells the server now and then that what is in hand is being worked on. */
  async function beat(): Promise<void> {
    while (held.size > 0 && !signal.aborted) {
      await pause(options.ackWaitMs / 3);
      for (const entry of held.values()) if (!entry.stale) entry.delivery.working();
    }
    beating = false;
  }

  function track(work: Promise<void>): void {
    lanes.add(work);
    work.then(
      () => lanes.delete(work),
      (error: unknown) => {
        lanes.delete(work);
        report.emit({ kind: 'trouble', error });
      },
    );
  }

  return {
    accept(delivery) {
      const known = held.get(delivery.streamSequence);
      if (known !== undefined) {
        // The server lost patience and sent it again; the newer copy is the one to answer.
        known.delivery = delivery;
        options.release();
        return;
      }
      if (delivery.streamSequence <= (doneThrough.get(delivery.subject) ?? 0)) {
        delivery.ack();
        options.release();
        return;
      }
      const entry: Held = { delivery, stale: false };
      held.set(delivery.streamSequence, entry);
      const queue = queues.get(delivery.subject);
      if (queue !== undefined) {
        queue.push(entry);
      } else {
        const fresh = [entry];
        queues.set(delivery.subject, fresh);
        track(runLane(delivery.subject, fresh));
      }
      if (!beating) {
        beating = true;
        track(beat());
      }
    },
    forget() {
      for (const entry of held.values()) entry.stale = true;
      held = new Map();
      doneThrough = new Map();
    },
    async idle() {
      await Promise.all(lanes);
    },
  };
}

function messageOf(delivery: Delivery, attempt: number): DurableMessage {
  return {
    subject: delivery.subject,
    payload: delivery.payload,
    streamSequence: delivery.streamSequence,
    redeliveries: delivery.redeliveries + attempt,
  };
}
