/**
 * A client of the in-process bus: the twin of `natsBus.ts` for tests, the simulator and a single process. It passes the
 * same conformance suite. What it does not show: the network's delays, partial failures, and the cost of messages.
 */
import { abortedError, type Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import type { Subjects } from '../core/subjects.ts';
import { createBoundedHandler } from './boundedHandler.ts';
import { busUnavailable, checkDurable, checkLease, checkMessage, checkMessageId, checkPattern } from './checks.ts';
import type { DeliverySink, SourceOptions } from './deliveries.ts';
import { createLease, type LeaseStore } from './leases.ts';
import type { Answer, MemoryBroker } from './memoryBroker.ts';
import { createOrderedSink } from './orderedSink.ts';
import { type Bus, type BusMessage, CONSUME_IN_FLIGHT, PENDING_MAX, PUBLISHES_IN_FLIGHT_MAX } from './port.ts';
import { createBusReport } from './report.ts';
import { createSlots } from './slots.ts';
import { within } from './within.ts';
import { createWorkSink } from './workSink.ts';

export interface MemoryBusOptions {
  readonly broker: MemoryBroker;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly publishTimeoutMs?: number;
  readonly ackWaitMs?: number;
  /** How long `close` waits for running handlers. */
  readonly drainMs?: number;
}

export function createMemoryBus(options: MemoryBusOptions): Bus {
  const { broker, clock } = options;
  const { streams } = options.subjects;
  const publishTimeoutMs = options.publishTimeoutMs ?? 5_000;
  const ackWaitMs = options.ackWaitMs ?? 30_000;
  const report = createBusReport();
  const closing = new AbortController();
  const idlers = new Set<() => Promise<void>>();
  const upWaiters = new Set<() => void>();
  const reattach = new Set<() => void>();
  let closed = false;
  let crashed = false;
  let topologyWanted = false;
  const slots = createSlots(PUBLISHES_IN_FLIGHT_MAX, clock);

  const connection = broker.attach({
    onUp() {
      report.count('reconnects');
      report.emit({ kind: 'connected' });
      for (const wake of [...upWaiters]) wake();
    },
    onDown: () => report.emit({ kind: 'disconnected' }),
    onWiped() {
      if (!topologyWanted) return;
      queueMicrotask(() => {
        ensure();
        for (const { name } of streams) {
          report.count('wipes');
          report.emit({ kind: 'wiped', stream: name });
        }
        for (const again of [...reattach]) again();
      });
    },
  });

  function ensure(): void {
    for (const definition of streams) connection.ensure(definition);
  }

  async function waitUp(): Promise<void> {
    if (broker.up) return;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    upWaiters.add(wake);
    const late = await clock.sleep(publishTimeoutMs, AbortSignal.any([woken.signal, closing.signal])).then(
      () => true,
      () => !broker.up,
    );
    upWaiters.delete(wake);
    if (late) throw busUnavailable('The server is away.');
  }

  function assertOpen(): void {
    if (closed) throw busUnavailable('The bus is closed.');
  }

  /** Keeps a sink fed through wipes. */
  function feed(source: Omit<SourceOptions, 'signal'>, signal: AbortSignal, sink: () => DeliverySink): () => void {
    let giveCredit: (() => void) | undefined;
    let generation = 0;
    let attachment = new AbortController();
    let inHand = 0;
    const attach = (): void => {
      attachment.abort();
      attachment = new AbortController();
      generation += 1;
      const born = generation;
      const maxInFlight = Math.max(0, source.maxInFlight - inHand);
      giveCredit = connection.read(
        { ...source, maxInFlight, signal: AbortSignal.any([signal, attachment.signal]) },
        (delivery) => {
          if (born !== generation || signal.aborted) return;
          inHand += 1;
          sink().accept(delivery);
        },
      );
    };
    const again = (): void => {
      sink().forget();
      attach();
    };
    reattach.add(again);
    signal.addEventListener('abort', () => reattach.delete(again), { once: true });
    if (!signal.aborted) attach();
    return () => {
      inHand -= 1;
      giveCredit?.();
    };
  }

  return {
    async ensureTopology() {
      assertOpen();
      await waitUp();
      topologyWanted = true;
      ensure();
    },
    publish(subject, payload) {
      checkMessage(subject, payload);
      if (closed || !broker.up) {
        report.count('dropped');
        return;
      }
      report.count('published');
      connection.publish(subject, payload);
    },
    subscribe(pattern, handler, { signal, pendingMax = PENDING_MAX }) {
      listen(pattern, async (message) => handler(message), signal, pendingMax);
    },
    async request(subject, payload, { timeoutMs, signal }) {
      checkMessage(subject, payload);
      assertOpen();
      if (signal?.aborted === true) throw abortedError(signal);
      if (!broker.up) throw busUnavailable('The server is away.');
      const answered = new AbortController();
      const ends = [answered.signal, closing.signal, ...(signal === undefined ? [] : [signal])];
      const answers: Answer[] = [];
      const takers = connection.publish(subject, payload, (answer) => {
        answers.push(answer);
        answered.abort();
      });
      if (takers === 0) throw busUnavailable(`Nobody answers on ${subject}.`);
      await clock.sleep(timeoutMs, AbortSignal.any(ends)).catch(() => undefined);
      const [answer] = answers;
      if (answer?.kind === 'failed') throw busUnavailable(`The responder on ${subject} failed.`);
      if (answer !== undefined) return answer.payload.slice();
      if (ends.at(2)?.aborted === true) throw abortedError(signal);
      throw busUnavailable(`No answer on ${subject} within ${timeoutMs} ms.`);
    },
    respond(pattern, handler, { signal, pendingMax = PENDING_MAX }) {
      listen(
        pattern,
        async (message) => {
          try {
            const payload = await handler(message);
            checkMessage(message.subject, payload);
            message.reply?.({ kind: 'answered', payload });
          } catch (error) {
            message.reply?.({ kind: 'failed' });
            throw error;
          }
        },
        signal,
        pendingMax,
      );
    },
    async publishDurable(subject, payload, { id }) {
      checkMessage(subject, payload);
      checkMessageId(id);
      assertOpen();
      const release = await slots.take(publishTimeoutMs, closing.signal);
      try {
        await waitUp();
        if (topologyWanted) ensure();
        const receipt = connection.append(subject, payload, id);
        assert(receipt !== undefined, 'a durable subject belongs to a stream');
        if (receipt === 'full') throw busUnavailable(`The stream of ${subject} is full.`);
        report.count('published');
        return receipt;
      } finally {
        release();
      }
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
        release: () => release(),
      });
      const release = feed(
        {
          pattern,
          durable: consumeOptions.durable,
          ordered: true,
          maxInFlight: consumeOptions.maxInFlight ?? CONSUME_IN_FLIGHT,
        },
        signal,
        () => (crashed ? DEAF : sink),
      );
      idlers.add(async () => sink.idle());
    },
    pull(subject, { durable, maxInFlight, signal: own }) {
      checkPattern(subject);
      checkDurable(durable);
      assertOpen();
      const signal = AbortSignal.any([own, closing.signal]);
      const sink = createWorkSink({ signal, report, release: () => release() });
      const release = feed({ pattern: subject, durable, ordered: false, maxInFlight }, signal, () => sink);
      return sink.items;
    },
    lease(name, leaseOptions) {
      checkLease(name, leaseOptions.holder);
      assertOpen();
      const signal = AbortSignal.any([leaseOptions.signal, closing.signal]);
      // A crash gives nothing back.
      const store: LeaseStore = {
        read: async (key) => connection.leases.read(key),
        write: async (key, value, revision) => (crashed ? 'conflict' : connection.leases.write(key, value, revision)),
      };
      const onTrouble = (error: unknown): void => {
        if (broker.up) report.emit({ kind: 'trouble', error });
      };
      const lease = createLease(name, { ...leaseOptions, signal }, { store, clock, onTrouble });
      idlers.add(async () => lease.ended);
      return lease;
    },
    async serve({ role, version, stats }) {
      const id = `${role}-memory`;
      const answer = (type: string, more: object): Uint8Array =>
        new TextEncoder().encode(
          JSON.stringify({ type: `io.nats.micro.v1.${type}_response`, name: role, id, version, ...more }),
        );
      const verbs: Record<string, () => Uint8Array> = {
        PING: () => answer('ping', {}),
        INFO: () => answer('info', { endpoints: [] }),
        STATS: () => answer('stats', { endpoints: [{ name: 'status', data: stats() }] }),
      };
      for (const [verb, respond] of Object.entries(verbs)) {
        for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${role}`, `$SRV.${verb}.${role}.${id}`]) {
          listen(
            subject,
            async (message) => message.reply?.({ kind: 'answered', payload: respond() }),
            closing.signal,
            PENDING_MAX,
          );
        }
      }
    },
    watch: (listener) => report.watch(listener),
    stats: () => ({ ...report.counters(), connected: !closed && broker.up, publishesInFlight: slots.taken }),
    async close({ drain = true } = {}) {
      if (closed) return;
      closed = true;
      crashed = !drain;
      closing.abort();
      connection.detach();
      const idle = Promise.all([...idlers].map(async (settle) => settle()));
      if (drain) await within(idle, options.drainMs ?? 5_000, clock);
    },
  };

  interface CoreMessage extends BusMessage {
    readonly reply: ((answer: Answer) => void) | undefined;
  }

  function listen(
    pattern: string,
    handle: (message: CoreMessage) => Promise<void>,
    own: AbortSignal,
    pendingMax: number,
  ): void {
    checkPattern(pattern);
    assertOpen();
    const signal = AbortSignal.any([own, closing.signal]);
    const bounded = createBoundedHandler<CoreMessage>(handle, { pattern, pendingMax, signal, report });
    const unsubscribe = connection.subscribe({
      pattern,
      deliver: (subject, payload, reply) => queueMicrotask(() => bounded.accept({ subject, payload, reply })),
    });
    signal.addEventListener('abort', unsubscribe, { once: true });
    if (signal.aborted) unsubscribe();
    idlers.add(bounded.idle);
  }
}

const DEAF: DeliverySink = { accept: () => undefined, forget: () => undefined };
