/**
 * The plan role for one target chain: of the certificates that were collected, it keeps the chain's work queue filled with
 * the chunks that can go now. It holds no authority and no truth: what it handed out is forgotten with the process, and
 * found again from the journal, the target's own state and time.
 *
 * Of several planners of one chain the one with the lease hands out; the others collect and listen, so that one of them
 * goes on within seconds. A planner that only believes to have the lease does no harm: its messages bear the ids of those
 * that are there, and what is delivered twice all the same is stopped by the gateway, or by the members of a vault.
 */
import { type Bus, LEASE_MS } from '../bus/index.ts';
import { type Certificate, endSequence, isSplit } from '../core/certificate.ts';
import type { Clock } from '../core/clock.ts';
import { createWake } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { type ChunkOutcome, decodeOutcome } from '../core/outcome.ts';
import type { ChainTarget, TargetLaneView } from '../core/ports.ts';
import { isIn } from '../core/ranges.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Journal } from '../store/journal.ts';
import { type BuildChunk, deliveryBuilder, workBuilder } from './buildDelivery.ts';
import type { Collector } from './collect.ts';
import { droppingBad } from './droppingBad.ts';
import { freshFairness, served } from './fairness.ts';
import { fetchFrames } from './frameService.ts';
import { createHandedOut } from './handedOut.ts';
import { type LanePlanView, type PlannedChunk, planChunks } from './planChunks.ts';

export interface PlannedLane {
  readonly id: LaneId;
  /** Its part of the target beside the other lanes'. Default 1. */
  readonly weight?: number | undefined;
}

export interface PlanDeps {
  /** Of the whole process: puts certificates and frames into the journal. */
  readonly collector: Collector;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly journal: Journal;
  readonly target: ChainTarget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

export interface PlanOptions {
  /** Unique among the planners of one bus. */
  readonly holder: string;
  readonly pollMs: number;
  /** Chunks handed out and not yet reported done. */
  readonly inFlightMax: number;
  /** How long a chunk may go unreported, or reported done and unsettled, before it is handed out again. */
  readonly resendMs: number;
  /** How long the planner that hands out may be silent. Default `LEASE_MS`. */
  readonly leaseMs?: number;
  /**
   * Submitters of this process find packets in the journal (`findChunk.ts`), so that they need not go through the queue; one of
   * another process asks for what it lacks. Only those verified here are left out. Default: none.
   */
  readonly leavesOutPackets?: boolean;
}

/** Certificates looked at per lane and round: enough to fill the queue, bounded in memory. */
const CERTIFICATES_PER_ROUND = 64;

/** Chunks on their way to the bus at once, half a megabyte with their packets: each takes a round trip. */
const PUBLISHES_AT_ONCE = 8;

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
  const ids = lanes.map(({ id }) => id);
  const own = new Set(ids);
  const weights = new Map(lanes.map(({ id, weight = 1 }) => [id, weight]));
  const handedOut = createHandedOut(options.resendMs);
  /** As of the last look at each lane. */
  const deliveredThrough = new Map<LaneId, bigint>();
  let fairness = freshFairness<LaneId>();
  let seen: ReadonlyMap<LaneId, TargetLaneView> = new Map();
  /** When the target was asked; undefined: something happened there since. */
  let seenMs: number | undefined;
  const lease = bus.lease(`plan-${chain}`, {
    holder: options.holder,
    ttlMs: options.leaseMs ?? LEASE_MS,
    signal,
    onChange(held) {
      log.info({ chain, held }, 'planning for this chain');
      wake();
    },
  });

  function onOutcome(outcome: ChunkOutcome): void {
    const { lane, firstSequence, kind, reason } = outcome;
    if (!own.has(lane)) return;
    const isKnown = handedOut.has(outcome);
    handedOut.hear(outcome, clock.now(), lease.held);
    if (!isKnown || !lease.held) return;
    seenMs = undefined;
    if (kind === 'refused') {
      telemetry.alert('warning', 'CHUNK_REFUSED', `The gateway of ${chain} refused a chunk: ${reason}`, {
        lane,
        firstSequence,
      });
    }
    wake();
  }

  /** What wakes the planner is mostly news of the source: the target is asked again only after its own, and now and then. */
  async function lookAtTarget(): Promise<void> {
    if (seenMs !== undefined && clock.now() - seenMs < options.pollMs) return;
    seenMs = clock.now();
    try {
      seen = await deps.target.lanes(ids, signal);
    } catch (error) {
      seenMs = undefined;
      throw error;
    }
  }

  function untilNextLook(): number {
    if (seenMs === undefined || !lease.held) return options.pollMs;
    return Math.min(options.pollMs, Math.max(1, seenMs + options.pollMs - clock.now()));
  }

  async function viewLane(lane: PlannedLane, laneSeen: TargetLaneView): Promise<LanePlanView<PlannedCertificate>> {
    const { delivered, accepted: verified } = await journal.lane(lane.id);
    deliveredThrough.set(lane.id, delivered.through);
    const { paused, acceptedSequence = ANY_ORDER } = laneSeen;
    const accepted = verified > acceptedSequence ? verified : acceptedSequence;
    const from = delivered.through < accepted ? delivered.through : accepted;
    const known = await journal.certificates(lane.id, from, CERTIFICATES_PER_ROUND);
    const all = known.filter(({ checkpoint }) => !isSplit(checkpoint, delivered));
    const turns = takeTurns(all, accepted, (first) => handedOut.refusals(lane.id, first));
    const isOut = ({ firstSequence, packetCount, chunkSize }: PlannedCertificate): boolean => {
      const indexes = Array.from({ length: Math.ceil(packetCount / chunkSize) }, (_, index) => index);
      return indexes.some((chunkIndex) => handedOut.has({ lane: lane.id, firstSequence, chunkIndex }));
    };
    return {
      lane: lane.id,
      weight: weights.get(lane.id) ?? 1,
      paused,
      taken: handedOut.taken(lane.id),
      accepted,
      certificates: laneSeen.acceptedSequence === undefined ? oneForEach(turns, isOut) : turns,
      isDelivered: (sequence) => isIn(delivered, sequence),
      isInFlight: ({ firstSequence }, chunkIndex) => handedOut.has({ lane: lane.id, firstSequence, chunkIndex }),
    };
  }

  /** The certificates whose packets are not here. */
  async function handOut(planned: readonly PlannedChunk<PlannedCertificate>[]): Promise<Set<Certificate>> {
    const builders = new Map<Certificate, BuildChunk | undefined>();
    const missing = new Set<Certificate>();
    const publishing = new Set<Promise<void>>();
    let failed: { readonly error: unknown } | undefined;
    for (const { lane, certificate, chunkIndex, packets } of planned) {
      const { full, firstSequence } = certificate;
      if (!builders.has(full)) builders.set(full, await builderFor(lane, full));
      const build = builders.get(full);
      if (build === undefined) {
        missing.add(full);
        continue;
      }
      // Another planner may be at it by now.
      if (!lease.held) break;
      const chunk = { lane, firstSequence, chunkIndex };
      const work = build(chunkIndex);
      // Taken before the bus has it: outcomes may come while the acknowledgement is on its way.
      const end = firstSequence + BigInt(chunkIndex * certificate.chunkSize + packets);
      handedOut.put(chunk, end, clock.now());
      // One that is there already, from before a restart or from another planner, counts as handed out.
      const taken = bus
        .publishDurable(subjects.work(chain), work, { id: handedOut.messageId(chunk) })
        .catch((error: unknown) => {
          handedOut.takeBack(chunk);
          failed ??= { error };
        })
        .then(() => void publishing.delete(taken));
      publishing.add(taken);
      fairness = served(fairness, lane, packets, weights.get(lane) ?? 1);
      if (publishing.size >= PUBLISHES_AT_ONCE) await Promise.race(publishing);
      if (failed !== undefined) break;
    }
    await Promise.all(publishing);
    if (failed !== undefined) throw failed.error;
    return missing;
  }

  async function builderFor(lane: LaneId, certificate: Certificate): Promise<BuildChunk | undefined> {
    const { firstSequence, packetCount } = certificate.checkpoint;
    const own = options.leavesOutPackets === true ? await journal.chunkHashes(certificate.checkpoint) : undefined;
    const short = own && workBuilder(certificate, own);
    if (short !== undefined) return short;
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
    handedOut.forgetOld(clock.now(), (lane) => deliveredThrough.get(lane) ?? 0n);
    if (!lease.held) return;
    await lookAtTarget();
    const missing = new Set<Certificate>();
    for (let before = -1; missing.size > before && lease.held;) {
      before = missing.size;
      const views: LanePlanView<PlannedCertificate>[] = [];
      for (const lane of lanes) {
        const laneSeen = seen.get(lane.id);
        if (laneSeen === undefined) continue;
        const view = await viewLane(lane, laneSeen);
        views.push({ ...view, isInFlight: (one, index) => missing.has(one.full) || view.isInFlight(one, index) });
      }
      // What cannot go for want of packets leaves its places to others.
      for (const certificate of await handOut(planChunks(views, options.inFlightMax, fairness)))
        missing.add(certificate);
    }
    for (const { id } of lanes) {
      const laneSeen = seen.get(id);
      if (laneSeen === undefined) continue;
      const { derived, accepted, delivered } = await journal.lane(id);
      if (laneSeen.paused) telemetry.report('blocked', id, { step: 'submit', reason: 'the target gateway is paused' });
      else telemetry.report('lane', id, { derived, accepted, delivered: delivered.through });
    }
  }

  bus.subscribe(
    subjects.outcome(chain),
    droppingBad(log, (payload) => onOutcome(decodeOutcome(payload))),
    { signal },
  );
  const unwatch = lanes.flatMap(({ id }) => [journal.watchLane(id, wake), deps.collector.watchFrames(id, wake)]);
  while (!signal.aborted) {
    try {
      await round();
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (signal.aborted) break;
      if (error.disposition === 'halt') throw error;
      log.warn({ chain, code: error.code, detail: error.shortMessage }, 'cannot plan yet');
    }
    await wait(untilNextLook(), signal);
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

/**
 * Of a vault's certificates none that overlaps another: its members pay no packet that they promised to pay with others. What is
 * handed out goes on, before what begins lower.
 */
function oneForEach(
  all: readonly PlannedCertificate[],
  isOut: (certificate: PlannedCertificate) => boolean,
): PlannedCertificate[] {
  const kept: PlannedCertificate[] = [];
  for (const one of [...all.filter(isOut), ...all]) {
    if (kept.every((other) => endOf(one) <= other.firstSequence || endOf(other) <= one.firstSequence)) kept.push(one);
  }
  return kept.sort((a, b) => (a.firstSequence < b.firstSequence ? -1 : 1));
}

function endOf({ firstSequence, packetCount }: PlannedCertificate): bigint {
  return firstSequence + BigInt(packetCount);
}
