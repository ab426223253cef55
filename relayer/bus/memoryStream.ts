/** One stream of the in-process broker with its durable consumers. */
import type { Clock } from '../core/clock.ts';
import { type StreamDefinition, subjectMatches } from '../core/subjects.ts';
import type { Delivery, SourceOptions } from './deliveries.ts';
import type { PublishReceipt } from './port.ts';

export interface MemoryStream {
  readonly definition: StreamDefinition;
  append(subject: string, payload: Uint8Array, id: string): PublishReceipt | 'full';
  read(options: SourceOptions, deliver: (delivery: Delivery) => void): () => void;
  pump(): void;
  /** Remembers the content; the returned function makes a stream of it. */
  copy(): () => MemoryStream;
  end(): void;
}

interface Stored {
  readonly sequence: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly id: string;
  readonly timeMs: number;
}

interface Pending {
  deliveries: number;
  /** When it goes to somebody else, or, between deliveries, when it may be handed out again. */
  dueMs: number;
  inHand: boolean;
}

interface Consumer {
  readonly pattern: string;
  /** The first sequence never handed out. */
  next: number;
  readonly pending: Map<number, Pending>;
  readonly readers: { credit: number; readonly deliver: (delivery: Delivery) => void }[];
  sweeping: boolean;
}

interface Content {
  readonly messages: ReadonlyMap<number, Stored>;
  readonly last: number;
  readonly consumers: readonly (readonly [string, { readonly pattern: string; readonly next: number }])[];
}

export interface MemoryStreamDeps {
  readonly clock: Clock;
  readonly ackWaitMs: number;
  readonly isUp: () => boolean;
}

export function createMemoryStream(
  definition: StreamDefinition,
  deps: MemoryStreamDeps,
  content?: Content,
): MemoryStream {
  const { clock, ackWaitMs } = deps;
  const messages = new Map<number, Stored>(content?.messages);
  const ids = new Map<string, Stored>();
  const consumers = new Map<string, Consumer>();
  const ended = new AbortController();
  let last = content?.last ?? 0;
  let bytes = 0;
  for (const stored of messages.values()) {
    bytes += stored.payload.length;
    ids.set(stored.id, stored);
  }
  for (const [durable, { pattern, next }] of content?.consumers ?? [])
    consumers.set(durable, consumerAt(pattern, next));

  function expire(): void {
    const now = clock.now();
    for (const stored of messages.values()) {
      if (stored.timeMs + definition.maxAgeMs > now) break;
      remove(stored.sequence);
    }
    for (const [id, stored] of ids) {
      if (stored.timeMs + definition.duplicateWindowMs > now) break;
      ids.delete(id);
    }
  }

  function remove(sequence: number): void {
    const stored = messages.get(sequence);
    if (stored === undefined) return;
    bytes -= stored.payload.length;
    messages.delete(sequence);
    for (const consumer of consumers.values()) consumer.pending.delete(sequence);
  }

  function pumpConsumer(consumer: Consumer): void {
    if (!deps.isUp() || ended.signal.aborted) return;
    for (;;) {
      const reader = consumer.readers.find(({ credit }) => credit > 0);
      const stored = reader === undefined ? undefined : takeNext(consumer);
      if (reader === undefined || stored === undefined) break;
      reader.credit -= 1;
      // Whoever was served goes to the end, so that readers share evenly.
      consumer.readers.push(...consumer.readers.splice(consumer.readers.indexOf(reader), 1));
      const pending = consumer.pending.get(stored.sequence) ?? { deliveries: 0, dueMs: 0, inHand: true };
      pending.deliveries += 1;
      pending.dueMs = clock.now() + ackWaitMs;
      pending.inHand = true;
      consumer.pending.set(stored.sequence, pending);
      const delivery = deliveryOf(consumer, stored, pending);
      queueMicrotask(() => reader.deliver(delivery));
    }
    if (consumer.pending.size > 0 && !consumer.sweeping) {
      consumer.sweeping = true;
      sweep(consumer).catch(() => undefined);
    }
  }

  /** What waits for its next delivery comes before what was never delivered. */
  function takeNext(consumer: Consumer): Stored | undefined {
    const now = clock.now();
    for (const [sequence, pending] of consumer.pending) {
      const stored = messages.get(sequence);
      if (stored !== undefined && !pending.inHand && pending.dueMs <= now) return stored;
    }
    while (consumer.next <= last) {
      const stored = messages.get(consumer.next);
      consumer.next += 1;
      if (stored !== undefined && subjectMatches(consumer.pattern, stored.subject)) return stored;
    }
    return undefined;
  }

  /** Hands out again what a reader kept too long, and what was sent back with a delay. Rejects when the stream ends. */
  async function sweep(consumer: Consumer): Promise<void> {
    for (;;) {
      // What is due already waits for a reader, not for the time.
      const coming = [...consumer.pending.values()].map(({ dueMs }) => dueMs).filter((dueMs) => dueMs > clock.now());
      if (coming.length === 0) break;
      await clock.sleep(Math.min(...coming) - clock.now(), ended.signal);
      for (const pending of consumer.pending.values()) if (pending.dueMs <= clock.now()) pending.inHand = false;
      pumpConsumer(consumer);
    }
    consumer.sweeping = false;
  }

  function deliveryOf(consumer: Consumer, stored: Stored, pending: Pending): Delivery {
    const finish = (): void => {
      consumer.pending.delete(stored.sequence);
      if (definition.retention === 'workqueue') remove(stored.sequence);
    };
    return {
      subject: stored.subject,
      payload: stored.payload,
      streamSequence: stored.sequence,
      redeliveries: pending.deliveries - 1,
      ack: finish,
      term: finish,
      nak(delayMs) {
        if (consumer.pending.get(stored.sequence) !== pending) return;
        pending.inHand = false;
        pending.dueMs = clock.now() + delayMs;
        queueMicrotask(() => pumpConsumer(consumer));
        restartSweep(consumer);
      },
      working() {
        pending.dueMs = clock.now() + ackWaitMs;
      },
    };
  }

  /** The sweep may sleep past the new due time; a second one wakes up in time. */
  function restartSweep(consumer: Consumer): void {
    sweep(consumer).catch(() => undefined);
  }

  const stream: MemoryStream = {
    definition,
    append(subject, payload, id) {
      expire();
      const known = ids.get(id);
      if (known !== undefined) return { streamSequence: known.sequence, duplicate: true };
      if (definition.discard === 'new' && bytes + payload.length > definition.maxBytes) return 'full';
      last += 1;
      const stored = { sequence: last, subject, payload: payload.slice(), id, timeMs: clock.now() };
      messages.set(last, stored);
      ids.set(id, stored);
      bytes += payload.length;
      for (const sequence of messages.keys()) {
        if (bytes <= definition.maxBytes) break;
        remove(sequence);
      }
      stream.pump();
      return { streamSequence: stored.sequence, duplicate: false };
    },
    read({ pattern, durable, ordered, maxInFlight, signal }, deliver) {
      const consumer = consumers.get(durable) ?? consumerAt(pattern, 1);
      consumers.set(durable, consumer);
      if (ordered && consumer.pending.size > 0) {
        consumer.next = Math.min(...consumer.pending.keys());
        consumer.pending.clear();
      }
      const reader = { credit: maxInFlight, deliver };
      consumer.readers.push(reader);
      signal.addEventListener('abort', () => consumer.readers.splice(consumer.readers.indexOf(reader), 1), {
        once: true,
      });
      queueMicrotask(() => pumpConsumer(consumer));
      return () => {
        reader.credit += 1;
        queueMicrotask(() => pumpConsumer(consumer));
      };
    },
    pump() {
      for (const consumer of consumers.values()) pumpConsumer(consumer);
    },
    copy() {
      const positions = [...consumers].map(([durable, { pattern, next, pending }]) => {
        return [durable, { pattern, next: Math.min(next, ...pending.keys()) }] as const;
      });
      const saved: Content = { messages: new Map(messages), last, consumers: positions };
      return () => createMemoryStream(definition, deps, saved);
    },
    end() {
      ended.abort();
    },
  };
  return stream;
}

function consumerAt(pattern: string, next: number): Consumer {
  return { pattern, next, pending: new Map(), readers: [], sweeping: false };
}
