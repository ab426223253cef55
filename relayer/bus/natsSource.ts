/**
 * Feeds a sink from a durable pull consumer and keeps doing so: when the connection is lost, the server restarted, the
 * consumer or its stream deleted, it opens everything again at the right place.
 *
 * Pull requests are written by hand (ADR-13 of NATS) because credit must be exact: never more messages in hand and
 * on the way than `maxInFlight`. Two requests may wait at the server, so that a busy consumer never runs dry.
 *
 * Order after a crash: the server gives unacknowledged messages out again only after its wait and behind newer ones.
 * An ordered consumer that has such messages is therefore created anew at the first of them.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { createInbox, type Msg, nanos, type Subscription } from '@nats-io/transport-node';
import { type Clock, nextDelay } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import { WORK_IN_FLIGHT_MAX } from '../core/limits.ts';
import type { StreamDefinition } from '../core/subjects.ts';
import { busMisconfigured } from './checks.ts';
import type { Delivery, DeliverySink, DeliverySource, SourceOptions } from './deliveries.ts';
import type { NatsLink } from './natsLink.ts';
import { firstDifference, type NatsTopology } from './natsTopology.ts';
import type { BusReport } from './report.ts';

export interface NatsSourceDeps {
  readonly link: NatsLink;
  readonly topology: NatsTopology;
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  readonly report: BusReport;
  readonly ackWaitMs: number;
  /** How long a pull request waits at the server; silence for as long means that it is lost. */
  readonly pullExpiresMs: number;
}

interface Puller {
  readonly inbox: string;
  readonly subscription: Subscription;
  outstanding: number;
  lastHeardMs: number;
}

const REOPEN_MS_MIN = 50;
const REOPEN_MS_MAX = 5_000;
const PULLERS = 2;

export function createNatsSource(options: SourceOptions, deps: NatsSourceDeps, sink: DeliverySink): DeliverySource {
  const { link, topology, clock, report } = deps;
  const { signal } = options;
  const stream = topology.streamOf(options.pattern);
  const inHand = new Set<number>();
  let credit = options.maxInFlight;
  let pullers: Puller[] = [];
  let lastDelivered = 0;
  /** Answers wait while it is unclear whether the server still means the same message by the same number. */
  let settled = false;
  let deferred: (() => void)[] = [];
  let reopen: () => void = () => undefined;
  /** The consumer is alive: what ends now deserves a quick new start. */
  let heard = false;

  const forgetLink = link.watch((up) => {
    if (up) return;
    settled = false;
    reopen();
  });
  const forgetWipes = topology.onWiped((name) => {
    if (name !== stream.name) return;
    settled = false;
    deferred = [];
    inHand.clear();
    lastDelivered = 0;
    sink.forget();
    reopen();
  });
  signal.addEventListener('abort', () => reopen(), { once: true });
  run().catch((error: unknown) => report.emit({ kind: 'trouble', error }));

  async function run(): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await link.waitUp(REOPEN_MS_MAX, signal);
        await topology.heal();
        heard = false;
        await openAndPull();
        if (heard) attempt = 0;
      } catch (error) {
        if (!signal.aborted && link.up) report.emit({ kind: 'trouble', error });
      }
      await clock.sleep(nextDelay(attempt, REOPEN_MS_MIN, REOPEN_MS_MAX), signal).catch(() => undefined);
    }
    forgetWipes();
    forgetLink();
  }

  /** Resolves when everything has to be opened again. */
  async function openAndPull(): Promise<void> {
    const reopened = new Promise<void>((resolve) => {
      reopen = resolve;
    });
    await link.whileUp(openConsumer());
    if (signal.aborted || !link.up) return;
    settled = true;
    for (const answer of deferred.splice(0)) answer();
    const attachment = new AbortController();
    pullers = Array.from({ length: PULLERS }, () => openPuller(attachment.signal));
    pull();
    watchSilence(AbortSignal.any([signal, attachment.signal])).catch(() => undefined);
    await reopened;
    attachment.abort();
    // The server may have sent more before it hears of the end: until it did, that comes and goes back.
    for (const { subscription } of pullers) subscription.drain().catch(() => undefined);
    pullers = [];
  }

  async function openConsumer(): Promise<void> {
    const { consumers } = deps.manager;
    const wanted = consumerConfig(options, stream, deps.ackWaitMs);
    let info = await infoOf();
    if (info !== undefined) {
      const outdated = firstDifference(wanted, info.config) !== undefined;
      const lostOrder = options.ordered && info.num_ack_pending > 0;
      if (outdated || lostOrder) {
        const floor = info.ack_floor.stream_seq;
        await consumers.delete(stream.name, options.durable);
        info = await consumers.add(stream.name, { ...wanted, ...startAt(options.ordered ? floor + 1 : 1) });
      }
    } else {
      // Deleted under a living reader: go on where this reader is, not at the beginning of the stream.
      const from = inHand.size > 0 ? Math.min(...inHand) : lastDelivered + 1;
      info = await consumers.add(stream.name, { ...wanted, ...startAt(options.ordered ? from : 1) });
    }
    const difference = firstDifference(wanted, info.config);
    if (difference !== undefined) {
      throw busMisconfigured(
        `${stream.name}.${options.durable}.${difference.field}`,
        `Asked the server for ${difference.wanted}, it answered ${difference.got}.`,
        'Use nats-server 2.9 or newer.',
      );
    }
  }

  async function infoOf(): Promise<ConsumerInfo | undefined> {
    try {
      return await deps.manager.consumers.info(stream.name, options.durable);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return undefined;
      throw error;
    }
  }

  function openPuller(attachment: AbortSignal): Puller {
    const inbox = createInbox();
    const subscription = link.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (attachment.aborted) giveBack(message);
        else if (error !== null) reopen();
        else hear(puller, message);
      },
    });
    const puller: Puller = { inbox, subscription, outstanding: 0, lastHeardMs: 0 };
    return puller;
  }

  /** What comes to a reader of a queue that is at its end: others may have it at once. Of a stream the position says it all. */
  function giveBack(message: Msg): void {
    if (!signal.aborted || !settled || options.ordered) return;
    if ((message.headers?.code ?? 0) === 0 && message.reply !== undefined) send(message.reply, '-NAK');
  }

  /** Asks for as much as there is credit. */
  function pull(): void {
    const waiting = pullers.reduce((sum, { outstanding }) => sum + outstanding, 0);
    const batch = credit - waiting;
    const idle = pullers.find(({ outstanding }) => outstanding === 0);
    if (idle === undefined || batch <= 0 || signal.aborted || !settled) return;
    // A second request for a handful would cost more than it brings.
    if (waiting > 0 && batch < options.maxInFlight / PULLERS) return;
    idle.outstanding = batch;
    idle.lastHeardMs = clock.now();
    const request = {
      batch,
      expires: nanos(deps.pullExpiresMs),
      idle_heartbeat: nanos(Math.floor(deps.pullExpiresMs / 3)),
    };
    send(`$JS.API.CONSUMER.MSG.NEXT.${stream.name}.${options.durable}`, JSON.stringify(request), idle.inbox);
  }

  function hear(puller: Puller, message: Msg): void {
    puller.lastHeardMs = clock.now();
    const status = message.headers?.code ?? 0;
    if (status === 0) {
      heard = true;
      puller.outstanding = Math.max(0, puller.outstanding - 1);
      credit -= 1;
      hand(message);
      pull();
      return;
    }
    if (status === 100) return;
    puller.outstanding = 0;
    // 404: nothing there; 408: the request expired; 409 with this text: the request is served.
    if (
      status === 404 ||
      status === 408 ||
      (status === 409 && /batch completed/i.test(message.headers?.description ?? ''))
    ) {
      heard = true;
      pull();
    } else {
      reopen();
    }
  }

  function hand(message: Msg): void {
    const reply = message.reply ?? '';
    const { streamSequence, deliveries, storedNanos } = parseAckSubject(reply);
    topology.sawDelivery(stream.name, streamSequence, storedNanos);
    lastDelivered = Math.max(lastDelivered, streamSequence);
    inHand.add(streamSequence);
    const answer = (text: string): void => {
      if (settled) send(reply, text);
      else deferred.push(() => send(reply, text));
    };
    const finish = (text: string): void => {
      inHand.delete(streamSequence);
      answer(text);
    };
    const delivery: Delivery = {
      subject: message.subject,
      payload: message.data,
      streamSequence,
      redeliveries: Math.max(0, deliveries - 1),
      ack: () => finish('+ACK'),
      nak: (delayMs) => finish(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}` : '-NAK'),
      term: () => finish('+TERM'),
      working: () => {
        if (settled) send(reply, '+WPI');
      },
    };
    sink.accept(delivery);
  }

  /** A request that the server forgot, as a restarted one does, is noticed by its silence. */
  async function watchSilence(attached: AbortSignal): Promise<void> {
    while (!attached.aborted) {
      await clock.sleep(deps.pullExpiresMs, attached);
      const now = clock.now();
      if (pullers.some(({ outstanding, lastHeardMs }) => outstanding > 0 && now - lastHeardMs > deps.pullExpiresMs)) {
        reopen();
      }
    }
  }

  /** A closed connection takes nothing; whatever is lost by that comes again. */
  function send(subject: string, text: string, reply?: string): void {
    if (link.connection.isClosed()) return;
    link.connection.publish(subject, text, reply === undefined ? {} : { reply });
  }

  return {
    release() {
      credit += 1;
      pull();
    },
  };
}

type WantedConsumer = Pick<
  ConsumerConfig,
  'durable_name' | 'filter_subject' | 'ack_policy' | 'ack_wait' | 'max_ack_pending' | 'max_deliver' | 'mem_storage'
>;

function consumerConfig(options: SourceOptions, stream: StreamDefinition, ackWaitMs: number): WantedConsumer {
  const isQueue = stream.retention === 'workqueue';
  return {
    durable_name: options.durable,
    filter_subject: options.pattern,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    // Of a queue, all the processes together; the bound of one process is its credit.
    max_ack_pending: isQueue ? WORK_IN_FLIGHT_MAX : options.maxInFlight,
    max_deliver: -1,
    // What is not done is still in a queue, so nothing is lost with the position; kept on disk it was a file made anew for
    // each acknowledgement, half of what the server did and a load on the disk that journals sync to.
    ...(isQueue ? { mem_storage: true } : {}),
  };
}

/** From the beginning is a policy of its own, and the only one that a work queue takes. */
function startAt(
  sequence: number,
): Pick<ConsumerConfig, 'deliver_policy'> & Partial<Pick<ConsumerConfig, 'opt_start_seq'>> {
  if (sequence <= 1) return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence };
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`; newer forms put
 * domain and account before the stream and may add a token at the end (ADR-15).
 */
export function parseAckSubject(reply: string): {
  readonly streamSequence: number;
  readonly deliveries: number;
  readonly storedNanos: bigint;
} {
  const tokens = reply.split('.');
  const first = tokens.length > 9 ? 6 : 4;
  const [deliveries, streamSequence, , storedNanos] = tokens.slice(first);
  assert(storedNanos !== undefined && /^\d+$/.test(storedNanos), 'a delivery carries its acknowledgement subject');
  return { deliveries: Number(deliveries), streamSequence: Number(streamSequence), storedNanos: BigInt(storedNanos) };
}
