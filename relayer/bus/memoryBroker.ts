/**
 * The server's half of the in-process bus: streams, durable positions, acknowledgement waits and core subscriptions,
 * shared by any number of `createMemoryBus` clients. It keeps the rules of the NATS bus that roles can notice, and has
 * the switches that tests and the simulator need: `wipe`, `stop`, `start`, `snapshot`.
 */
import type { Clock } from '../core/clock.ts';
import { type StreamDefinition, subjectMatches } from '../core/subjects.ts';
import { busUnavailable } from './checks.ts';
import type { Delivery, SourceOptions } from './deliveries.ts';
import type { LeaseEntry, LeaseStore } from './leases.ts';
import { createMemoryStream, type MemoryStream } from './memoryStream.ts';
import type { PublishReceipt } from './port.ts';

export interface MemoryBroker {
  readonly up: boolean;
  /** Deletes every stream with its consumers and every lease, as an emptied store folder does. */
  wipe(): void;
  stop(): void;
  start(): void;
  /** Remembers the streams as they are; the returned function puts them back, as an old copy of the folder does. */
  snapshot(): () => void;
  /** For `createMemoryBus` only. */
  attach(client: MemoryClient): MemoryConnection;
}

/** What the broker tells a client. */
export interface MemoryClient {
  readonly onUp: () => void;
  readonly onDown: () => void;
  readonly onWiped: () => void;
}

export type Answer = { readonly kind: 'answered'; readonly payload: Uint8Array } | { readonly kind: 'failed' };

export interface CoreSubscription {
  readonly pattern: string;
  readonly deliver: (subject: string, payload: Uint8Array, reply: ((answer: Answer) => void) | undefined) => void;
}

export interface MemoryConnection {
  ensure(definition: StreamDefinition): void;
  /** How many subscriptions took it. */
  publish(subject: string, payload: Uint8Array, reply?: (answer: Answer) => void): number;
  subscribe(subscription: CoreSubscription): () => void;
  /** Undefined when no stream takes the subject. */
  append(subject: string, payload: Uint8Array, id: string): PublishReceipt | 'full' | undefined;
  /** Undefined when no stream has the pattern. Returns a function that gives one credit. */
  read(options: SourceOptions, deliver: (delivery: Delivery) => void): (() => void) | undefined;
  /** Answers as long as the broker is up. */
  readonly leases: LeaseStore;
  detach(): void;
}

export interface MemoryBrokerOptions {
  readonly clock: Clock;
  /** How long an item stays with a silent reader. Default 30 s, as on the NATS bus. */
  readonly ackWaitMs?: number;
}

export function createMemoryBroker({ clock, ackWaitMs = 30_000 }: MemoryBrokerOptions): MemoryBroker {
  const clients = new Set<MemoryClient>();
  const subscriptions = new Set<CoreSubscription>();
  let streams = new Map<string, MemoryStream>();
  let leases = new Map<string, LeaseEntry>();
  let revisions = 0;
  let up = true;

  const leaseStore: LeaseStore = {
    async read(name) {
      if (!up) throw busUnavailable('The server is away.');
      return Promise.resolve(leases.get(name));
    },
    async write(name, value, expectedRevision) {
      if (!up) throw busUnavailable('The server is away.');
      if ((leases.get(name)?.revision ?? 0) !== expectedRevision) return Promise.resolve('conflict');
      revisions += 1;
      leases.set(name, { value: value.slice(), revision: revisions });
      return Promise.resolve(revisions);
    },
  };

  function streamOf(subjectOrPattern: string): MemoryStream | undefined {
    for (const stream of streams.values()) {
      const { subjects } = stream.definition;
      if (subjects.some((own) => own === subjectOrPattern || subjectMatches(own, subjectOrPattern))) return stream;
    }
    return undefined;
  }

  function replaceStreams(next: Map<string, MemoryStream>): void {
    for (const stream of streams.values()) stream.end();
    streams = next;
    for (const client of [...clients]) client.onWiped();
  }

  return {
    get up() {
      return up;
    },
    wipe() {
      leases = new Map();
      replaceStreams(new Map());
    },
    stop() {
      if (!up) return;
      up = false;
      for (const client of [...clients]) client.onDown();
    },
    start() {
      if (up) return;
      up = true;
      for (const client of [...clients]) client.onUp();
      for (const stream of streams.values()) stream.pump();
    },
    snapshot() {
      const copies = [...streams.values()].map((stream) => stream.copy());
      const leasesThen = new Map(leases);
      return () => {
        leases = new Map(leasesThen);
        replaceStreams(new Map(copies.map((restore) => restore()).map((stream) => [stream.definition.name, stream])));
      };
    },
    attach(client) {
      clients.add(client);
      return {
        ensure(definition) {
          if (streams.has(definition.name)) return;
          streams.set(definition.name, createMemoryStream(definition, { clock, ackWaitMs, isUp: () => up }));
        },
        publish(subject, payload, reply) {
          const takers = [...subscriptions].filter(({ pattern }) => subjectMatches(pattern, subject));
          // The payload is copied because the sender may use its buffer again, as it may over a socket.
          for (const taker of takers) taker.deliver(subject, payload.slice(), reply);
          return takers.length;
        },
        subscribe(subscription) {
          subscriptions.add(subscription);
          return () => {
            subscriptions.delete(subscription);
          };
        },
        append: (subject, payload, id) => streamOf(subject)?.append(subject, payload, id),
        read: (options, deliver) => streamOf(options.pattern)?.read(options, deliver),
        leases: leaseStore,
        detach() {
          clients.delete(client);
        },
      };
    },
  };
}
