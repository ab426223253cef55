/**
 * Durable publishing: each message waits for the stream's acknowledgement, many at once over the client's one shared
 * inbox. A lost acknowledgement or a missing stream is tried again with the same id until the time is up.
 */
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import { busMisconfigured, busUnavailable, messageTooLarge } from './checks.ts';
import type { NatsLink } from './natsLink.ts';
import type { NatsTopology } from './natsTopology.ts';
import { type PublishReceipt, PUBLISHES_IN_FLIGHT_MAX } from './port.ts';
import { createSlots } from './slots.ts';
import { within } from './within.ts';

export interface NatsPublisher {
  publish(subject: string, payload: Uint8Array, id: string): Promise<PublishReceipt>;
  readonly inFlight: number;
}

export interface NatsPublisherDeps {
  readonly link: NatsLink;
  readonly topology: NatsTopology;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  /** How long a publish may take altogether. */
  readonly publishTimeoutMs: number;
}

/** Parts of the time that one attempt gets, so that a lost acknowledgement leaves room for another try. */
const ATTEMPTS = 3;
/** JetStream API: the message is larger than the stream takes. */
const MESSAGE_TOO_LARGE = 10054;

export function createNatsPublisher(deps: NatsPublisherDeps): NatsPublisher {
  const { link, topology, clock, closing, publishTimeoutMs } = deps;
  const slots = createSlots(PUBLISHES_IN_FLIGHT_MAX, clock);

  async function attempt(
    subject: string,
    payload: Uint8Array,
    id: string,
    untilMs: number,
  ): Promise<PublishReceipt | undefined> {
    const definition = topology.streamOf(subject);
    const timeoutMs = Math.max(1, Math.min(untilMs - clock.now(), publishTimeoutMs / ATTEMPTS));
    const answer = await link
      .whileUp(requestAck(link.connection, subject, payload, id, timeoutMs))
      .catch(() => undefined);
    if (answer === undefined) return undefined;
    const { error, stream, seq, duplicate } = answer;
    if (error?.err_code === MESSAGE_TOO_LARGE)
      throw messageTooLarge(subject, payload.length, definition.maxMessageBytes);
    if (error !== undefined)
      throw busUnavailable(`The stream of ${subject} did not take the message: ${error.description}.`);
    if (stream !== definition.name || seq === undefined) {
      throw busMisconfigured(
        `${definition.name}.subjects`,
        `Stream ${String(stream)} answered for ${subject}.`,
        'Delete the stream that is in the way.',
      );
    }
    if (duplicate !== true) topology.sawReceipt(stream, seq);
    return { streamSequence: seq, duplicate: duplicate === true };
  }

  return {
    async publish(subject, payload, id) {
      const untilMs = clock.now() + publishTimeoutMs;
      const release = await slots.take(publishTimeoutMs, closing);
      try {
        for (;;) {
          await link.waitUp(Math.max(1, untilMs - clock.now()), closing);
          const receipt = await attempt(subject, payload, id, untilMs);
          if (receipt !== undefined) return receipt;
          if (clock.now() >= untilMs)
            throw busUnavailable(`No acknowledgement for ${subject} within ${publishTimeoutMs} ms.`);
          // No stream answered: it may be gone.
          await within(topology.heal(), Math.max(1, untilMs - clock.now()), clock);
        }
      } catch (error) {
        if (error instanceof ViaductError && error.code === 'ABORTED')
          throw busUnavailable('The bus is closing.', error);
        throw error;
      } finally {
        release();
      }
    },
    get inFlight() {
      return slots.taken;
    },
  };
}

interface Ack {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** Undefined when nobody answered. */
async function requestAck(
  connection: NatsConnection,
  subject: string,
  payload: Uint8Array,
  id: string,
  timeoutMs: number,
): Promise<Ack | undefined> {
  const messageHeaders = headers();
  messageHeaders.set('Nats-Msg-Id', id);
  try {
    const answer = await connection.request(subject, payload, { timeout: timeoutMs, headers: messageHeaders });
    return answer.json<Ack>();
  } catch {
    // A timeout, no responders, a connection that broke: all mean that it is not known to be stored.
    return undefined;
  }
}
