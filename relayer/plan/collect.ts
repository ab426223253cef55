/**
 * What the planners of one process hear of the sources: certificates, and frames where the process does not verify for
 * itself. One reader of each stream serves all of them: a reader for each chain would have every message sent, acknowledged and
 * thrown away as often as there are chains.
 *
 * Nothing here is trusted: certificates are checked, frames are packets of which a signed root says later whether they are true.
 */
import type { Bus } from '../bus/index.ts';
import { decodeCertificate } from '../core/certificate.ts';
import { decodeFrame } from '../core/frame.ts';
import type { LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { type AttestationRules, createCertificateCheck } from '../core/signatures.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Journal } from '../store/journal.ts';
import { droppingBad } from './droppingBad.ts';

export interface CollectDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly journal: Journal;
  readonly log: Logger;
}

export interface CollectOptions {
  /** Unique among the processes of one bus; remembers the position in the streams. */
  readonly durable: string;
  /** A process that verifies derives its own packets, and asks for the few that it lacks. */
  readonly takesFrames: boolean;
}

export interface Collector {
  /** Calls back after a frame of the lane came. Returns the unsubscribe. */
  watchFrames(lane: LaneId, listener: () => void): () => void;
}

/** Until the signal fires. */
export function collect(
  lanes: ReadonlyMap<LaneId, AttestationRules>,
  { bus, subjects, journal, log }: CollectDeps,
  { durable, takesFrames }: CollectOptions,
  signal: AbortSignal,
): Collector {
  const check = createCertificateCheck();
  const listeners = new Map<LaneId, Set<() => void>>();

  async function onCertificate(payload: Uint8Array): Promise<void> {
    const certificate = decodeCertificate(payload);
    const { lane } = certificate.checkpoint;
    const rules = lanes.get(lane);
    if (rules === undefined) return;
    const problem = check.problem(certificate, rules);
    if (problem !== undefined) {
      log.warn({ lane, problem }, 'ignored a certificate');
      return;
    }
    await journal.putCertificate(certificate);
  }

  async function onFrame(payload: Uint8Array): Promise<void> {
    const frame = decodeFrame(payload);
    if (!lanes.has(frame.lane)) return;
    const record = await journal.lane(frame.lane);
    if (frame.firstSequence + BigInt(frame.count) <= record.derived) return;
    await journal.putRelayedFrame(payload.slice(), frame);
    // Frames that a planner fetches itself wake nobody: whoever serves false ones would keep it running.
    for (const listener of [...(listeners.get(frame.lane) ?? [])]) listener();
  }

  const consuming = {
    signal,
    onPoison: (message: { subject: string }) => {
      log.error({ subject: message.subject }, 'set a message aside that failed too often');
    },
  };
  const hear = (handle: (payload: Uint8Array) => Promise<void>) => droppingBad(log, handle);
  bus.consume(subjects.allCheckpoints, hear(onCertificate), { ...consuming, durable: `${durable}-checkpoints` });
  if (takesFrames) bus.consume(subjects.allFrames, hear(onFrame), { ...consuming, durable: `${durable}-frames` });

  return {
    watchFrames(lane, listener) {
      const own = listeners.get(lane) ?? new Set();
      listeners.set(lane, own.add(listener));
      return () => {
        own.delete(listener);
      };
    },
  };
}
