/**
 * The streams on the server: created when they are missing, compared field by field with what was asked for (an old
 * server ignores a field that it does not know without a word), and watched for loss. A stream that was deleted, that
 * came back younger, or whose last sequence went backwards was wiped or rolled back: everybody who reads it is told.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Clock } from '../core/clock.ts';
import { nextDelay } from '../core/clock.ts';
import { assert, ViaductError } from '../core/errors.ts';
import { BUS_MESSAGE_BYTES_MAX } from '../core/limits.ts';
import { type StreamDefinition, subjectMatches } from '../core/subjects.ts';
import { busMisconfigured, busUnavailable } from './checks.ts';
import type { NatsLink } from './natsLink.ts';
import type { BusReport } from './report.ts';

export interface NatsTopology {
  /** The stream that takes a subject or a pattern. */
  streamOf(subjectOrPattern: string): StreamDefinition;
  /** Throws `BUS_MISCONFIGURED` naming the field, or `BUS_UNAVAILABLE`. */
  ensure(): Promise<void>;
  /** Like `ensure`, until it succeeds or the bus closes; concurrent callers share one run. */
  heal(): Promise<void>;
  /** The stream gave a new message this sequence. One that it gave before means that it was rolled back. */
  sawReceipt(stream: string, sequence: number): void;
  /** A message was delivered. A later time under a sequence already passed means that the stream was rolled back. */
  sawDelivery(stream: string, sequence: number, storedNanos: bigint): void;
  onWiped(listener: (stream: string) => void): () => void;
}

export interface NatsTopologyDeps {
  readonly link: NatsLink;
  readonly manager: JetStreamManager;
  readonly streams: readonly StreamDefinition[];
  readonly replicas: number;
  readonly clock: Clock;
  readonly report: BusReport;
  readonly closing: AbortSignal;
}

/** What is known of one life of a stream; replaced when a new life begins. */
interface Life {
  readonly created: string;
  lastSequence: number;
  receiptSequence: number;
  deliveredSequence: number;
  deliveredNanos: bigint;
}

const HEAL_MS_MIN = 100;
const HEAL_MS_MAX = 5_000;

export function createNatsTopology(deps: NatsTopologyDeps): NatsTopology {
  const { link, manager, streams, clock, report, closing } = deps;
  const lives = new Map<string, Life>();
  const listeners = new Set<(stream: string) => void>();
  let healing: Promise<void> | undefined;

  async function ensureStream(definition: StreamDefinition): Promise<void> {
    const wanted = configOf(definition, deps.replicas);
    // What the server answers may be older than what arrives meanwhile, so it is compared with what was known before.
    const life = lives.get(definition.name);
    const lastSequence = life?.lastSequence ?? 0;
    let info = await infoOf(definition.name);
    // The client writes into what it is given, so it gets a copy.
    if (info === undefined) info = await manager.streams.add({ ...wanted });
    else if (firstDifference(wanted, info.config) !== undefined) {
      info = await manager.streams.update(definition.name, { ...wanted });
    }
    const difference = firstDifference(wanted, info.config);
    if (difference !== undefined) {
      throw busMisconfigured(
        `${definition.name}.${difference.field}`,
        `Asked the server for ${difference.wanted}, it answered ${difference.got}.`,
        'Use nats-server 2.9 or newer, or delete the stream so that it is created anew: everything in it can be rebuilt.',
      );
    }
    if (lives.get(definition.name) !== life) return;
    if (life === undefined) lives.set(definition.name, bornAs(info));
    else if (life.created !== info.created || info.state.last_seq < lastSequence)
      beginLife(definition.name, bornAs(info));
    else life.lastSequence = Math.max(life.lastSequence, info.state.last_seq);
  }

  function beginLife(name: string, life: Life): void {
    lives.set(name, life);
    report.count('wipes');
    report.emit({ kind: 'wiped', stream: name });
    for (const listener of [...listeners]) listener(name);
  }

  async function infoOf(name: string): Promise<StreamInfo | undefined> {
    try {
      return await manager.streams.info(name);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
      throw error;
    }
  }

  async function ensure(): Promise<void> {
    const payloadMax = link.connection.info?.max_payload ?? 0;
    if (payloadMax < BUS_MESSAGE_BYTES_MAX) {
      throw busMisconfigured(
        'max_payload',
        `The server takes messages of ${payloadMax} bytes, ${BUS_MESSAGE_BYTES_MAX} are needed.`,
        'Set max_payload in the server configuration to its default of 1 MB or more.',
      );
    }
    for (const definition of streams) {
      try {
        await link.whileUp(ensureStream(definition));
      } catch (error) {
        throw topologyError(error, definition.name);
      }
    }
  }

  async function healUntilDone(): Promise<void> {
    for (let attempt = 0; !closing.aborted; attempt++) {
      try {
        await link.waitUp(HEAL_MS_MAX, closing);
        await ensure();
        return;
      } catch (error) {
        if (closing.aborted) return;
        if (link.up) report.emit({ kind: 'trouble', error });
        await clock.sleep(nextDelay(attempt, HEAL_MS_MIN, HEAL_MS_MAX), closing).catch(() => undefined);
      }
    }
  }

  return {
    streamOf(subjectOrPattern) {
      const found = streams.find(({ subjects }) =>
        subjects.some((own) => own === subjectOrPattern || subjectMatches(own, subjectOrPattern)),
      );
      assert(found !== undefined, 'a durable subject belongs to a stream');
      return found;
    },
    ensure,
    async heal() {
      healing ??= healUntilDone().finally(() => {
        healing = undefined;
      });
      await healing;
    },
    sawReceipt(stream, sequence) {
      const life = lives.get(stream);
      if (life === undefined) return;
      if (sequence <= life.receiptSequence) {
        beginLife(stream, { ...unborn(life.created), lastSequence: sequence, receiptSequence: sequence });
        return;
      }
      life.receiptSequence = sequence;
      life.lastSequence = Math.max(life.lastSequence, sequence);
    },
    sawDelivery(stream, sequence, storedNanos) {
      const life = lives.get(stream);
      if (life === undefined) return;
      const delivered = { deliveredSequence: sequence, deliveredNanos: storedNanos };
      if (sequence > life.deliveredSequence) {
        Object.assign(life, delivered, { lastSequence: Math.max(life.lastSequence, sequence) });
      } else if (storedNanos > life.deliveredNanos) {
        beginLife(stream, { ...unborn(life.created), ...delivered, lastSequence: sequence });
      }
    },
    onWiped(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

function unborn(created: string): Life {
  return { created, lastSequence: 0, receiptSequence: 0, deliveredSequence: 0, deliveredNanos: 0n };
}

function bornAs(info: StreamInfo): Life {
  return { ...unborn(info.created), lastSequence: info.state.last_seq };
}

type WantedConfig = Pick<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'discard'
  | 'max_age'
  | 'max_bytes'
  | 'max_msg_size'
  | 'duplicate_window'
  | 'num_replicas'
>;

function configOf(definition: StreamDefinition, replicas: number): WantedConfig {
  return {
    name: definition.name,
    subjects: [...definition.subjects],
    retention: definition.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: definition.discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
    max_age: nanos(definition.maxAgeMs),
    max_bytes: definition.maxBytes,
    max_msg_size: definition.maxMessageBytes,
    duplicate_window: nanos(definition.duplicateWindowMs),
    num_replicas: replicas,
  };
}

/** The first field that the server holds differently from what was asked. */
export function firstDifference(
  wanted: object,
  held: object,
): { readonly field: string; readonly wanted: string; readonly got: string } | undefined {
  const holds = new Map(Object.entries(held));
  for (const [field, value] of Object.entries(wanted)) {
    const [asked, got] = [JSON.stringify(value), JSON.stringify(holds.get(field)) ?? 'nothing'];
    if (asked !== got) return { field, wanted: asked, got };
  }
  return undefined;
}

/** JetStream API: the limits of the account or the disk do not allow the stream. */
const INSUFFICIENT_RESOURCES = [10023, 10028, 10047];
/** JetStream API: the server is starting, has no leader, or is out of resources for the moment. */
const TEMPORARY_STATUS = 503;

function topologyError(thrown: unknown, stream: string): ViaductError {
  if (thrown instanceof ViaductError) return thrown;
  if (!(thrown instanceof JetStreamApiError)) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    if (!/jetstream (is )?not enabled/i.test(detail))
      return busUnavailable(`The server did not answer about ${stream}: ${detail}`, thrown);
    return jetStreamMissing(detail);
  }
  if (thrown.code === JetStreamApiCodes.JetStreamNotEnabledForAccount) return jetStreamMissing(thrown.message);
  if (INSUFFICIENT_RESOURCES.includes(thrown.code)) {
    return busMisconfigured(
      `${stream}.max_bytes`,
      `The server cannot reserve the space: ${thrown.message}.`,
      'Give JetStream more storage (max_file_store), or the account a higher limit.',
    );
  }
  if (thrown.status === TEMPORARY_STATUS) return busUnavailable(`${stream}: ${thrown.message}.`, thrown);
  return busMisconfigured(
    stream,
    `The server refused the stream: ${thrown.message}.`,
    'Delete the stream that is in the way; everything in a stream of ours can be rebuilt.',
  );
}

function jetStreamMissing(detail: string): ViaductError {
  return busMisconfigured(
    'jetstream',
    detail,
    'Start nats-server with JetStream (-js), or enable it for this account.',
  );
}
