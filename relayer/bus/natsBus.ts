/**
 * The bus over NATS and JetStream (nats-server 2.9 or newer). It trusts the server for nothing but delivery: no
 * acknowledgement here is a proof of storage, since JetStream does not fsync before it acknowledges.
 */
import { jetstreamManager } from '@nats-io/jetstream';
import { Svcm } from '@nats-io/services';
import { headers, type Msg } from '@nats-io/transport-node';
import { abortedError, type Clock } from '../core/clock.ts';
import type { Subjects } from '../core/subjects.ts';
import { createBoundedHandler } from './boundedHandler.ts';
import { busUnavailable, checkDurable, checkLease, checkMessage, checkMessageId, checkPattern } from './checks.ts';
import type { DeliverySink } from './deliveries.ts';
import { createLease } from './leases.ts';
import { createNatsLeaseStore } from './natsLeases.ts';
import { createNatsLink, type NatsCredentials } from './natsLink.ts';
import { createNatsPublisher } from './natsPublisher.ts';
import { createNatsSource } from './natsSource.ts';
import { createNatsTopology } from './natsTopology.ts';
import { createOrderedSink } from './orderedSink.ts';
import { type Bus, type BusMessage, CONSUME_IN_FLIGHT, PENDING_MAX } from './port.ts';
import { createBusReport } from './report.ts';
import { within } from './within.ts';
import { createWorkSink } from './workSink.ts';

export type { NatsCredentials } from './natsLink.ts';

export interface NatsBusOptions {
  /** Such as `nats://127.0.0.1:4222`; several are members of one cluster. */
  readonly servers: readonly string[];
  /** Shown by the server next to the connection. */
  readonly name: string;
  readonly credentials?: NatsCredentials;
  readonly subjects: Subjects;
  readonly clock: Clock;
  /** Copies of each stream in a cluster. Default 1. */
  readonly replicas?: number;
  readonly connectTimeoutMs?: number;
  readonly publishTimeoutMs?: number;
  /** How long the server leaves a message with a silent process before it gives it to another. */
  readonly ackWaitMs?: number;
  readonly pullExpiresMs?: number;
  /** How often the streams are looked at while nothing else shows that they are there. */
  readonly topologyCheckMs?: number;
  /** How long `close` waits for running handlers. */
  readonly drainMs?: number;
}

/** Marks the answer of a responder that failed. */
const FAILED_HEADER = 'Viaduct-Failed';

/** How long the server may take to answer about streams and consumers. */
const API_TIMEOUT_MS = 3_000;

/** Throws `BUS_UNAVAILABLE` when no server answers. */
export async function createNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { clock, subjects } = options;
  const ackWaitMs = options.ackWaitMs ?? 30_000;
  const drainMs = options.drainMs ?? 5_000;
  const report = createBusReport();
  const closing = new AbortController();
  const idlers = new Set<() => Promise<void>>();
  let crashed = false;

  const link = await createNatsLink({
    servers: options.servers,
    name: options.name,
    credentials: options.credentials,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    clock,
    report,
  });
  const { connection } = link;
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: API_TIMEOUT_MS });
  const topology = createNatsTopology({
    link,
    manager,
    streams: subjects.streams,
    replicas: options.replicas ?? 1,
    clock,
    report,
    closing: closing.signal,
  });
  const publisher = createNatsPublisher({
    link,
    topology,
    clock,
    closing: closing.signal,
    publishTimeoutMs: options.publishTimeoutMs ?? 5_000,
  });
  const sourceDeps = {
    link,
    topology,
    manager,
    clock,
    report,
    ackWaitMs,
    pullExpiresMs: options.pullExpiresMs ?? 5_000,
  };
  const leases = createNatsLeaseStore({
    link,
    manager,
    bucket: subjects.leaseBucket,
    replicas: options.replicas ?? 1,
    timeoutMs: API_TIMEOUT_MS,
  });
  let watchingTopology = false;

  function assertOpen(): void {
    if (closing.signal.aborted) throw busUnavailable('The bus is closed.');
  }

  /** A process that only publishes learns of a wipe by this alone, and by each reconnect. */
  function watchTopology(): void {
    if (watchingTopology) return;
    watchingTopology = true;
    link.watch((up) => {
      if (up) background(topology.heal());
    });
    background(
      (async () => {
        for (;;) {
          await clock.sleep(options.topologyCheckMs ?? 10_000, closing.signal);
          if (link.up) await topology.heal();
        }
      })(),
    );
  }

  function background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!closing.signal.aborted) report.emit({ kind: 'trouble', error });
    });
  }

  function listen(
    pattern: string,
    own: AbortSignal,
    pendingMax: number,
    handle: (message: NatsMessage) => Promise<void>,
  ): void {
    checkPattern(pattern);
    assertOpen();
    const signal = AbortSignal.any([own, closing.signal]);
    if (signal.aborted) return;
    const bounded = createBoundedHandler<NatsMessage>(handle, { pattern, pendingMax, signal, report });
    const subscription = connection.subscribe(pattern, {
      callback: (error, raw) => {
        if (error !== null) report.emit({ kind: 'denied', detail: `subscribe ${pattern}` });
        else bounded.accept({ subject: raw.subject, payload: raw.data, raw });
      },
    });
    signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
    idlers.add(bounded.idle);
  }

  return {
    async ensureTopology() {
      assertOpen();
      await link.waitUp(options.publishTimeoutMs ?? 5_000, closing.signal);
      await topology.ensure();
      watchTopology();
    },
    publish(subject, payload) {
      checkMessage(subject, payload);
      if (closing.signal.aborted || !link.up) {
        report.count('dropped');
        return;
      }
      connection.publish(subject, payload);
      report.count('published');
    },
    subscribe(pattern, handler, { signal, pendingMax = PENDING_MAX }) {
      listen(pattern, signal, pendingMax, async ({ subject, payload }) => handler({ subject, payload }));
    },
    async request(subject, payload, { timeoutMs, signal }) {
      checkMessage(subject, payload);
      assertOpen();
      if (signal?.aborted === true) throw abortedError(signal);
      if (!link.up) throw busUnavailable('The server is away.');
      const answered = connection.request(subject, payload, { timeout: timeoutMs }).catch((error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        throw busUnavailable(`No answer on ${subject} within ${timeoutMs} ms: ${detail}.`, error);
      });
      const answer = await (signal === undefined ? answered : orAborted(answered, signal));
      if (answer.headers?.has(FAILED_HEADER) === true) throw busUnavailable(`The responder on ${subject} failed.`);
      return answer.data;
    },
    respond(pattern, handler, { signal, pendingMax = PENDING_MAX }) {
      listen(pattern, signal, pendingMax, async ({ subject, payload, raw }) => {
        try {
          const answer = await handler({ subject, payload });
          checkMessage(subject, answer);
          raw.respond(answer);
        } catch (error) {
          const failed = headers();
          failed.set(FAILED_HEADER, '1');
          raw.respond(undefined, { headers: failed });
          throw error;
        }
      });
    },
    async publishDurable(subject, payload, { id }) {
      checkMessage(subject, payload);
      checkMessageId(id);
      assertOpen();
      const receipt = await publisher.publish(subject, payload, id);
      report.count('published');
      return receipt;
    },
    consume(pattern, handler, consumeOptions) {
      checkPattern(pattern);
      checkDurable(consumeOptions.durable);
      assertOpen();
      const signal = AbortSignal.any([consumeOptions.signal, closing.signal]);
      const sink = createOrderedSink(handler, {
        ...consumeOptions,
        clock,
        report,
        ackWaitMs,
        signal,
        release: () => source.release(),
      });
      const { durable, maxInFlight = CONSUME_IN_FLIGHT } = consumeOptions;
      const source = createNatsSource(
        { pattern, durable, ordered: true, maxInFlight, signal },
        sourceDeps,
        deafAfterCrash(sink),
      );
      idlers.add(sink.idle);
    },
    pull(subject, { durable, maxInFlight, signal: own }) {
      checkPattern(subject);
      checkDurable(durable);
      assertOpen();
      const signal = AbortSignal.any([own, closing.signal]);
      const sink = createWorkSink({ signal, report, release: () => source.release() });
      const source = createNatsSource(
        { pattern: subject, durable, ordered: false, maxInFlight, signal },
        sourceDeps,
        deafAfterCrash(sink),
      );
      return sink.items;
    },
    lease(name, leaseOptions) {
      checkLease(name, leaseOptions.holder);
      assertOpen();
      const signal = AbortSignal.any([leaseOptions.signal, closing.signal]);
      const onTrouble = (error: unknown): void => {
        if (link.up) report.emit({ kind: 'trouble', error });
      };
      const lease = createLease(name, { ...leaseOptions, signal }, { store: leases, clock, onTrouble });
      idlers.add(async () => lease.ended);
      return lease;
    },
    async serve({ role, version, stats }) {
      assertOpen();
      const service = await new Svcm(connection).add({
        name: role,
        version,
        description: `Viaduct ${role}`,
        metadata: { network: subjects.network },
        statsHandler: async () => stats(),
      });
      service.addEndpoint('status', {
        subject: subjects.ctl(`status-${role}`),
        handler: (error, message) => {
          if (error === null) message.respond(JSON.stringify(stats()));
        },
      });
    },
    watch: (listener) => report.watch(listener),
    stats: () => ({
      ...report.counters(),
      connected: link.up && !closing.signal.aborted,
      publishesInFlight: publisher.inFlight,
    }),
    async close({ drain = true } = {}) {
      if (closing.signal.aborted) return;
      crashed = !drain;
      if (crashed) await link.close(0);
      closing.abort();
      if (crashed) return;
      const idle = Promise.all([...idlers].map(async (settle) => settle()));
      await within(idle, drainMs, clock);
      await link.close(drainMs);
    },
  };

  function deafAfterCrash(sink: DeliverySink): DeliverySink {
    return {
      accept: (delivery) => {
        if (!crashed) sink.accept(delivery);
      },
      forget: () => sink.forget(),
    };
  }
}

interface NatsMessage extends BusMessage {
  readonly raw: Msg;
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw abortedError(signal);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    work.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
  });
}
