/**
 * The member's side of a vault: judges requests to pay a chunk, and signs those that are right. What a contract gateway
 * checks on chain is checked here by every member for itself:
 *
 * - the checkpoint has its k signatures, the chunk lies in it, and its packets are those that this process derived itself
 *   from verified blocks; the books allow it;
 * - none of the packets was delivered before, as far as this process verified the vault's chain;
 * - no promise of this member that may still come true is about these packets or this slot, unless it is this very one.
 *
 * A promise is on disk before a signature leaves. So packets are paid twice only if k members break these rules. A member
 * whose signing journal is new waits first (`quarantine.ts`).
 */
import type { Bus } from '../bus/index.ts';
import { equalBytes } from '../core/bytes.ts';
import { packetsInChunk } from '../core/certificate.ts';
import type { Clock } from '../core/clock.ts';
import { assert, asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import { PACKET_BYTES } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { Delivery, ReleaseRequest, VaultMember } from '../core/ports.ts';
import { overlaps } from '../core/ranges.ts';
import { decodeReleaseRequest, encodeReleaseAnswer, releaseRequestId } from '../core/release.ts';
import { type AttestationRules, chunkProblem, createCertificateCheck } from '../core/signatures.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Journal } from '../store/journal.ts';
import type { Promised, PromisedRange, Promises } from '../store/promises.ts';
import { startQuarantine } from './quarantine.ts';

/** A lane that ends at the vault. */
export interface ReleaseLane {
  readonly id: LaneId;
  readonly source: ChainName;
  readonly rules: AttestationRules;
}

/** What is signed out of a chain stays within what came into it. */
export interface Books {
  book(
    lane: LaneId,
    first: bigint,
    packets: Uint8Array,
  ): Promise<{ readonly kind: 'booked' | 'excess' | 'incomplete' }>;
}

export interface CosignDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly journal: Journal;
  readonly promises: Promises;
  readonly ledger: Books;
  readonly member: VaultMember;
  /** `now` is the time of the vault's chain. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** A request that is not signed, and why. */
class Refused extends Error {}

/** Answers requests until the signal fires. */
export function cosign(chain: ChainName, lanes: readonly ReleaseLane[], deps: CosignDeps, signal: AbortSignal): void {
  const { bus, subjects, journal, promises, member, log, telemetry } = deps;
  const certificates = createCertificateCheck();
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const quarantined = startQuarantine(chain, member.quarantine, deps, signal);

  bus.subscribe(
    subjects.cosign(chain),
    async ({ payload }) => {
      const bytes = payload.slice();
      const id = releaseRequestId(bytes);
      try {
        const answer = await judge(decodeReleaseRequest(bytes));
        bus.publish(subjects.cosigned(chain), encodeReleaseAnswer({ kind: 'signed', request: id, answer }));
      } catch (thrown) {
        const reason = reasonOf(thrown);
        if (reason === undefined) throw thrown;
        log.debug({ chain, reason }, 'did not sign a release');
        bus.publish(subjects.cosigned(chain), encodeReleaseAnswer({ kind: 'refused', request: id, reason }));
      }
    },
    { signal },
  );

  async function judge(request: ReleaseRequest): Promise<Uint8Array> {
    const { derivedHeight, head } = await verifiedChain();
    const range = request.delivery && (await judgeDelivery(request.delivery));
    const standing = range && (await standingOver(range, derivedHeight));
    const verdict = await member.check(request, {
      height: derivedHeight,
      timeSeconds: head.timeSeconds,
      standing,
      nextSlot: promises.nextSlot,
    });
    if (verdict.kind !== 'valid') throw new Refused(verdict.reason);
    const promise = verdict.value;
    const promised: Promised = { ...promise, range };
    if (standing !== undefined && !isSame(standing, promised)) {
      throw new Refused(`packets from ${range?.firstSequence} are promised to slot ${standing.slot}`);
    }
    const atSlot = await promises.atSlot(promise.holder, promise.slot);
    if (atSlot !== undefined && isAlive(atSlot, derivedHeight) && !isSame(atSlot, promised)) {
      throw new Refused(`slot ${promise.slot} is promised to something else`);
    }
    await promises.put({ ...promised, expiryHeight: later(promise, standing ?? atSlot) });
    const answer = await member.sign(request, promise, signal);
    log.info({ chain, slot: promise.slot, lane: range?.lane, firstSequence: range?.firstSequence }, 'signed a release');
    return answer;
  }

  /** This process's own view of the vault's chain, once it is good enough to sign by. */
  async function verifiedChain() {
    const record = await journal.chain(chain);
    const derivedHeight = record?.derivedHeight;
    if (record === undefined || derivedHeight === undefined) throw new Refused('the chain is not derived here yet');
    if (record.frozen !== undefined) throw new Refused('the chain is frozen here');
    const problem = quarantined(derivedHeight);
    if (problem !== undefined) throw new Refused(problem);
    return { ...record, derivedHeight };
  }

  async function judgeDelivery(delivery: Delivery): Promise<PromisedRange> {
    const { checkpoint, chunkIndex, packets } = delivery;
    const lane = byId.get(checkpoint.lane);
    if (lane === undefined) throw new Refused('the lane does not end here');
    const problem = certificates.problem(delivery, lane.rules) ?? chunkProblem(delivery);
    if (problem !== undefined) throw new Refused(problem);
    const count = packetsInChunk(checkpoint, chunkIndex);
    const firstSequence = checkpoint.firstSequence + BigInt(chunkIndex * checkpoint.chunkSize);
    if ((await journal.chain(lane.source))?.frozen !== undefined) throw new Refused('the source chain is frozen here');
    const own = await journal.readPackets(lane.id, firstSequence, count);
    if (own === undefined) throw new Refused('the packets are not derived here yet');
    if (!equalBytes(own, packets)) {
      telemetry.alert(
        'critical',
        'PACKETS_DIFFER',
        `A release on ${chain} has packets that differ from the verified ones.`,
        {
          lane: lane.id,
          firstSequence,
        },
      );
      throw new Refused('the packets differ from those verified here');
    }
    const { delivered } = await journal.lane(lane.id);
    if (overlaps(delivered, firstSequence, firstSequence + BigInt(count))) throw new Refused('delivered before');
    const { kind } = await deps.ledger.book(lane.id, firstSequence, packets);
    if (kind !== 'booked') throw new Refused(`the books do not allow it: ${kind}`);
    assert(own.length === count * PACKET_BYTES, 'whole packets');
    return { lane: lane.id, firstSequence, count };
  }

  /** The one promise about these packets that may still come true. */
  async function standingOver(range: PromisedRange, derivedHeight: bigint): Promise<Promised | undefined> {
    const alive = (await promises.overlapping(range)).filter((promised) => isAlive(promised, derivedHeight));
    const [first] = alive;
    const other = alive.find(({ range: theirs }) => !isSameRange(theirs, range));
    if (other !== undefined) throw new Refused(`some of the packets are promised to slot ${other.slot} with others`);
    return first;
  }
}

/** Everything up to the derived height has been seen, and the promise did not come true there. */
function isAlive({ expiryHeight }: Promised, derivedHeight: bigint): boolean {
  return expiryHeight === undefined || derivedHeight <= expiryHeight;
}

function isSame(a: Promised, b: Promised): boolean {
  return (
    a.holder === b.holder && a.slot === b.slot && equalBytes(a.content, b.content) && isSameRange(a.range, b.range)
  );
}

function isSameRange(a: PromisedRange | undefined, b: PromisedRange | undefined): boolean {
  return a?.lane === b?.lane && a?.firstSequence === b?.firstSequence && a?.count === b?.count;
}

/** An earlier attempt in the same slot may live longer than the new one. */
function later({ expiryHeight }: Pick<Promised, 'expiryHeight'>, before: Promised | undefined): bigint | undefined {
  if (before === undefined) return expiryHeight;
  if (expiryHeight === undefined || before.expiryHeight === undefined) return undefined;
  return expiryHeight > before.expiryHeight ? expiryHeight : before.expiryHeight;
}

/** What to tell whoever asked, or undefined when the error is ours. */
function reasonOf(thrown: unknown): string | undefined {
  if (thrown instanceof Refused) return thrown.message;
  const error = asViaductError(thrown);
  return error.disposition === 'halt' ? undefined : error.shortMessage;
}
