/**
 * Records of leases in a key-value bucket of JetStream, written by compare and swap. The bucket is laid out as ADR-8 of
 * NATS says (a stream `KV_<bucket>` with the last message of each `$KV.<bucket>.<key>`), so that `nats kv` shows who holds
 * what, and uses nothing that nats-server 2.9 lacks: how long a lease lives is counted by the processes themselves.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { busMisconfigured, busUnavailable } from './checks.ts';
import type { LeaseStore } from './leases.ts';
import type { NatsLink } from './natsLink.ts';
import { firstDifference } from './natsTopology.ts';

export interface NatsLeasesDeps {
  readonly link: NatsLink;
  readonly manager: JetStreamManager;
  readonly bucket: string;
  readonly replicas: number;
  /** How long the server may take for one answer. */
  readonly timeoutMs: number;
}

/** Bytes of the bucket: some thousand records. */
const BUCKET_BYTES_MAX = 1024 * 1024;
const EXPECTED_REVISION = 'Nats-Expected-Last-Subject-Sequence';

export function createNatsLeaseStore(deps: NatsLeasesDeps): LeaseStore {
  const { link, manager, bucket, timeoutMs } = deps;
  const stream = `KV_${bucket}`;
  const subjectOf = (name: string): string => `$KV.${bucket}.${name}`;
  let isThere = false;

  async function ensure(): Promise<void> {
    const wanted = bucketConfig(stream, subjectOf('>'), deps.replicas);
    const known = await manager.streams.info(stream).catch((error: unknown) => {
      if (isStreamMissing(error)) return undefined;
      throw error;
    });
    const { config } = known ?? (await manager.streams.add({ ...wanted }));
    const difference = firstDifference(wanted, config);
    if (difference !== undefined) {
      throw busMisconfigured(
        `${stream}.${difference.field}`,
        `Asked the server for ${difference.wanted}, it answered ${difference.got}.`,
        'Use nats-server 2.9 or newer, or delete the bucket so that it is created anew: leases are taken again.',
      );
    }
    isThere = true;
  }

  /** Server errors as ours; a bucket that is gone is made again by the next try. */
  async function reach<T>(work: () => Promise<T>): Promise<T> {
    if (!link.up) throw busUnavailable('The server is away.');
    try {
      if (!isThere) await link.whileUp(ensure());
      return await link.whileUp(work());
    } catch (error) {
      isThere = false;
      if (error instanceof JetStreamApiError) throw busUnavailable(`${stream}: ${error.message}.`, error);
      throw error;
    }
  }

  return {
    read: async (name) =>
      reach(async () => {
        const found = await manager.streams.getMessage(stream, { last_by_subj: subjectOf(name) }).catch(noMessage);
        return found === null ? undefined : { value: found.data, revision: found.seq };
      }),
    write: async (name, value, expectedRevision) =>
      reach(async () => {
        const messageHeaders = headers();
        messageHeaders.set(EXPECTED_REVISION, `${expectedRevision}`);
        const answer = await link.connection
          .request(subjectOf(name), value, { timeout: timeoutMs, headers: messageHeaders })
          .catch((error: unknown) => {
            throw busUnavailable(`The lease ${name} could not be written.`, error);
          });
        const { seq, error } = answer.json<{ seq?: number; error?: { err_code?: number; description?: string } }>();
        if (error !== undefined && WRONG_REVISION.has(error.err_code ?? 0)) return 'conflict';
        if (seq === undefined || error !== undefined) {
          throw busUnavailable(`The lease ${name} was not taken: ${error?.description ?? 'no answer'}.`);
        }
        return seq;
      }),
  };
}

const WRONG_REVISION = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);

function noMessage(error: unknown): null {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return null;
  throw error;
}

function isStreamMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

type BucketConfig = Pick<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'discard'
  | 'max_msgs_per_subject'
  | 'max_bytes'
  | 'num_replicas'
  | 'allow_rollup_hdrs'
  | 'deny_delete'
>;

function bucketConfig(name: string, subject: string, replicas: number): BucketConfig {
  return {
    name,
    subjects: [subject],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    max_bytes: BUCKET_BYTES_MAX,
    num_replicas: replicas,
    allow_rollup_hdrs: true,
    deny_delete: true,
  };
}
