/**
 * The plan role for one target chain: collects certificates and frames, and keeps the chain's work queue filled with the
 * chunks that can go now. It holds no authority and no truth: what it handed out is forgotten with the process, and
 * found again from the journal, the target's own state and time.
 */
import type { Bus } from '../bus/index.ts';
import { type Certificate, decodeCertificate, endSequence, isSplit } from '../core/certificate.ts';
import type { Clock } from '../core/clock.ts';
import { createWake } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import { decodeFrame } from '../core/frame.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { type ChunkOutcome, decodeOutcome } from '../core/outcome.ts';
import type { ChainTarget, TargetLaneView } from '../core/ports.ts';
import { isIn } from '../core/ranges.ts';
import { type AttestationRules, certificateProblem } from '../core/signatures.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Journal } from '../store/journal.ts';
import { deliveryBuilder } from './buildDelivery.ts';
import { fetchFrames } from './frameService.ts';
import { type LanePlanView, type PlannedChunk, planChunks } from './planChunks.ts';

export interface PlannedLane {
  readonly id: LaneId;
  readonly rules: AttestationRules;
}

export interface PlanDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly journal: Journal;
  readonly target: ChainTarget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

export interface PlanOptions {
  /** Unique among the planners of one bus; remembers the position in the streams. */
  readonly durable: string;
  readonly pollMs: number;
  /** Chunks handed out and not yet reported done. */
  readonly inFlightMax: number;
  /** How long a chunk may go unreported, or reported done and unsettled, before it is handed out again. */
  readonly resendMs: number;
}

interface HandedOut {
  readonly atMs: number;
  /** `done`: reported included, it waits for verification only. Only `out` takes a place. */
  readonly state: 'out' | 'done' | 'refused';
}

/** Certificates looked at per lane and round: enough to fill the queue, bounded in memory. */
const CERTIFICATES_PER_ROUND = 64;

/** Runs until the signal fires. */
export async function plan(
  chain: ChainName,
  lanes: readonly PlannedLane[],
  deps: PlanDeps,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<void> {
  const { bus, subjects, journal, clock, log, telemetry } = deps;
  const { wake, wait } = createWake(clock);
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const handedOut = new Map<string, HandedOut>();
  /** Tries per chunk, for message ids; and per certificate start, to take turns among certificates of one start. */
  const tries = new Map<string, number>();

  async function onCertificate(payload: Uint8Array): Promise<void> {
    const certificate = decodeCertificate(payload);
    const lane = byId.get(certificate.checkpoint.lane);
    if (lane === undefined) return;
    const problem = certificateProblem(certificate, lane.rules);
    if (problem !== undefined) {
      log.warn({ lane: lane.id, problem }, 'ignored a certificate');
      return;
    }
    await journal.putCertificate(certificate);
  }

  async function onFrame(payload: Uint8Array): Promise<void> {
    const frame = decodeFrame(payload);
    if (!byId.has(frame.lane)) return;
    const record = await journal.lane(frame.lane);
    if (frame.firstSequence + BigInt(frame.count) <= record.derived) return;
    await journal.putRelayedFrame(payload.slice(), frame);
    // Frames that a round fetches itself wake nobody: whoever serves false ones would keep it running.
    wake();
  }

  function onOutcome(outcome: ChunkOutcome): void {
    const chunk = chunkKey(outcome.lane, outcome.firstSequence, outcome.chunkIndex);
    if (!handedOut.has(chunk)) return;
    if (outcome.kind === 'done') handedOut.set(chunk, { atMs: clock.now(), state: 'done' });
    else handedOut.delete(chunk);
    if (outcome.kind === 'refused') {
      const start = `${outcome.lane}-${outcome.firstSequence}`;
      tries.set(start, (tries.get(start) ?? 0) + 1);
      telemetry.alert('warning', 'CHUNK_REFUSED', `The gateway of ${chain} refused a chunk: ${outcome.reason}`, {
        lane: outcome.lane,
        firstSequence: outcome.firstSequence,
      });
      // Another certificate of the same start may do; the same one again would only spin.
      handedOut.set(chunk, { atMs: clock.now(), state: 'refused' });
    }
    wake();
  }

  async function viewLane(lane: PlannedLane, seen: TargetLaneView): Promise<LanePlanView<PlannedCertificate>> {
    const { delivered } = await journal.lane(lane.id);
    const { paused, acceptedSequence: accepted = ANY_ORDER } = seen;
    const from = delivered.through < accepted ? delivered.through : accepted;
    const known = await journal.certificates(lane.id, from, CERTIFICATES_PER_ROUND);
    const all = known.filter(({ checkpoint }) => !isSplit(checkpoint, delivered));
    return {
      lane: lane.id,
      paused,
      accepted,
      certificates: takeTurns(all, accepted, (first) => tries.get(`${lane.id}-${first}`) ?? 0),
      isDelivered: (sequence) => isIn(delivered, sequence),
      isInFlight: (certificate, index) => handedOut.has(chunkKey(lane.id, certificate.firstSequence, index)),
    };
  }

  async function handOut(planned: readonly PlannedChunk<PlannedCertificate>[]): Promise<void> {
    const builders = new Map<Certificate, ReturnType<typeof deliveryBuilder>>();
    for (const { lane, certificate, chunkIndex } of planned) {
      const { full } = certificate;
      if (!builders.has(full)) builders.set(full, await builderFor(lane, full));
      const build = builders.get(full);
      if (build === undefined) continue;
      const chunk = chunkKey(lane, certificate.firstSequence, chunkIndex);
      const attempt = tries.get(chunk) ?? 0;
      tries.set(chunk, attempt + 1);
      handedOut.set(chunk, { atMs: clock.now(), state: 'out' });
      // Numbered by time as well, since the count starts again with the process.
      const id = `${chunk}-${clock.now()}-${attempt}`;
      try {
        await bus.publishDurable(subjects.work(chain), build(chunkIndex), { id });
      } catch (error) {
        handedOut.delete(chunk);
        throw error;
      }
    }
  }

  async function builderFor(lane: LaneId, certificate: Certificate): Promise<ReturnType<typeof deliveryBuilder>> {
    const { firstSequence, packetCount } = certificate.checkpoint;
    const end = endSequence(certificate.checkpoint);
    let packets = await journal.readRelayedPackets(lane, firstSequence, packetCount);
    let builder = packets && deliveryBuilder(certificate, packets);
    if (builder === undefined) {
      // A frame on the bus was forged: as long as it is kept, the true ones are not asked for.
      if (packets !== undefined) await journal.dropRelayedFrames(lane, firstSequence, end);
      await fetchFrames({ bus, subjects, journal }, lane, firstSequence, end, signal);
      packets = await journal.readRelayedPackets(lane, firstSequence, packetCount);
      builder = packets && deliveryBuilder(certificate, packets);
    }
    if (builder === undefined) {
      telemetry.report('blocked', lane, { step: 'plan', reason: 'packets of a signed checkpoint are not here yet' });
    }
    return builder;
  }

  async function round(): Promise<void> {
    forgetOld();
    const views = await deps.target.lanes([...byId.keys()], signal);
    const planViews: LanePlanView<PlannedCertificate>[] = [];
    for (const lane of lanes) {
      const seen = views.get(lane.id);
      if (seen === undefined) continue;
      planViews.push(await viewLane(lane, seen));
      const { derived, accepted, delivered } = await journal.lane(lane.id);
      if (seen.paused) telemetry.report('blocked', lane.id, { step: 'submit', reason: 'the target gateway is paused' });
      else telemetry.report('lane', lane.id, { derived, accepted, delivered: delivered.through });
    }
    await handOut(planChunks(planViews, options.inFlightMax - places()));
  }

  function places(): number {
    let taken = 0;
    for (const { state } of handedOut.values()) if (state === 'out') taken++;
    return taken;
  }

  /** What was not answered in time is handed out again; a delivered chunk is never planned, so it may be forgotten. */
  function forgetOld(): void {
    const now = clock.now();
    for (const [chunk, { atMs, state }] of handedOut) {
      if (now - atMs >= options.resendMs * (state === 'done' ? DONE_PATIENCE : 1)) handedOut.delete(chunk);
    }
    if (tries.size > TRIES_KEPT) tries.clear();
  }

  function hear(handle: (payload: Uint8Array) => Promise<void>) {
    return async ({ subject, payload }: { subject: string; payload: Uint8Array }): Promise<void> => {
      try {
        await handle(payload);
      } catch (thrown) {
        const error = asViaductError(thrown);
        if (error.disposition !== 'drop') throw error;
        log.warn({ subject, code: error.code, detail: error.shortMessage }, 'dropped a message');
      }
    };
  }

  const consuming = {
    signal,
    onPoison: (message: { subject: string }) => {
      log.error({ subject: message.subject }, 'set a message aside that failed too often');
    },
  };
  bus.consume(subjects.allCheckpoints, hear(onCertificate), {
    ...consuming,
    durable: `${options.durable}-checkpoints`,
  });
  bus.consume(subjects.allFrames, hear(onFrame), { ...consuming, durable: `${options.durable}-frames` });
  bus.subscribe(
    subjects.outcome(chain),
    hear(async (payload) => {
      onOutcome(decodeOutcome(payload));
    }),
    { signal },
  );
  const unwatch = lanes.map((lane) => journal.watchLane(lane.id, wake));
  while (!signal.aborted) {
    try {
      await round();
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (signal.aborted) break;
      if (error.disposition === 'halt') throw error;
      log.warn({ chain, code: error.code, detail: error.shortMessage }, 'cannot plan yet');
    }
    await wait(options.pollMs, signal);
  }
  for (const stop of unwatch) stop();
}

/** A certificate as the planner's pure part sees it. */
interface PlannedCertificate {
  readonly firstSequence: bigint;
  readonly packetCount: number;
  readonly chunkSize: number;
  readonly full: Certificate;
}

/** A vault accepts nothing ahead of paying it, so that no checkpoint has to wait for another. */
const ANY_ORDER = (1n << 64n) - 1n;
/** A chunk reported done waits for the target's finality: asking about it again much sooner only costs calls. */
const DONE_PATIENCE = 10;
/** Chunks remembered for their message ids; forgetting them all only makes ids start again. */
const TRIES_KEPT = 100_000;

/**
 * One certificate for each start. What the target accepted ends at or below its watermark, so a certificate that starts
 * below it and ends above it is not the accepted one. Among several, tries take turns.
 */
function takeTurns(
  all: readonly Certificate[],
  accepted: bigint,
  triesOf: (first: bigint) => number,
): PlannedCertificate[] {
  const byStart = new Map<bigint, Certificate[]>();
  for (const certificate of all) {
    const { firstSequence } = certificate.checkpoint;
    if (firstSequence < accepted && endSequence(certificate.checkpoint) > accepted) continue;
    byStart.set(firstSequence, [...(byStart.get(firstSequence) ?? []), certificate]);
  }
  const chosen: PlannedCertificate[] = [];
  for (const [firstSequence, variants] of byStart) {
    const full = variants[triesOf(firstSequence) % variants.length];
    if (full === undefined) continue;
    const { packetCount, chunkSize } = full.checkpoint;
    chosen.push({ firstSequence, packetCount, chunkSize, full });
  }
  return chosen.sort((a, b) => (a.firstSequence < b.firstSequence ? -1 : 1));
}

function chunkKey(lane: LaneId, firstSequence: bigint, chunkIndex: number): string {
  return `${lane}-${firstSequence}-${chunkIndex}`;
}
