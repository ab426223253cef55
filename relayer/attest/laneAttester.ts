/**
 * One attester's part in one lane: proposes checkpoints when it is its turn, judges the others' by its own verified
 * packets, signs what it would have said itself, and puts certificates together.
 *
 * It trusts nothing from the bus: a vote only says which range to look at. Everything signed was derived by this
 * attester's own light clients, fits its own ledger, and names a source block that it verified itself. Two true
 * statements over overlapping ranges do no harm, because the gateway accepts back to back only.
 */
import { bytesToHex, equalBytes } from '../core/bytes.ts';
import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  endSequence,
  isSplit,
  SIGNATURE_BYTES,
} from '../core/certificate.ts';
import { type Checkpoint, checkpointDigest, merkleRoot, signerSetHash } from '../core/checkpoint.ts';
import type { Clock } from '../core/clock.ts';
import { createSerial } from '../core/concurrency.ts';
import { assert, asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import { CHECKPOINT_CHUNKS_MAX, VOTES_PENDING_MAX } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import { endOfRun, type Watermark } from '../core/ranges.ts';
import { type AttestationRules, certificateProblem, signerOf, statementProblem } from '../core/signatures.ts';
import type { TargetBudget } from '../core/ports.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Journal, LaneRecord } from '../store/journal.ts';
import { type Candidate, certificateOf } from './candidate.ts';
import { type CutPolicy, type CutView, nextCut, proposerIndex } from './nextCut.ts';

export interface AttestedLane {
  readonly id: LaneId;
  readonly source: ChainName;
  readonly target: ChainName;
  readonly rules: AttestationRules;
  /** True where the target accepts checkpoints one after the other; a vault pays them in any order. */
  readonly acceptsInOrder?: boolean | undefined;
  /** What one transaction on the target may use; undefined: chunks have the lane's size whatever they cost. */
  readonly budget?: TargetBudget | undefined;
}

/** What an attester needs of a ledger; see `ledger/ledger.ts`. */
export interface BookKeeper {
  book(
    lane: LaneId,
    first: bigint,
    packets: Uint8Array,
    behind?: () => Promise<void>,
  ): Promise<{ readonly kind: 'booked' | 'excess' | 'incomplete' }>;
}

/** A member's key. The secret never leaves it. */
export interface Signer {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** A 65-byte signature (r ‖ s ‖ v) over a digest of 32 bytes. */
  sign(digest: Uint8Array): Uint8Array;
}

export interface LaneAttesterDeps {
  readonly journal: Journal;
  readonly ledger: BookKeeper;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  publishVote(lane: LaneId, vote: Uint8Array): void;
  publishCertificate(lane: LaneId, certificate: Uint8Array, id: string): Promise<void>;
  /** How many packets the next chunks should have; within the lane's rules whatever it says. Default: the most. */
  chunkSize?(): number;
}

export interface LaneAttesterOptions extends CutPolicy {
  /** How long one member may propose before the next one does, and before anything unanswered is said again. */
  readonly turnMs: number;
  /** How long the target may stand still with work left before the certificates for it are published again. */
  readonly republishMs: number;
}

export interface LaneAttester {
  /** Looks at the journal and does what is due. */
  tick(): Promise<void>;
  /** A vote from the bus: untrusted bytes. Throws `DecodeError`. */
  onVote(bytes: Uint8Array): Promise<void>;
  /** A certificate from the bus: untrusted bytes. Throws `DecodeError`. */
  onCertificate(bytes: Uint8Array): Promise<void>;
  /** A submitter says that a chunk is included, before that is verified. A hint: it only moves the next cut. True: it is news. */
  onIncluded(firstSequence: bigint): boolean;
}

/** Stands for the signer set: statements that came with a whole certificate. */
const CERTIFIED = 'certified';
/** Certificates read at once: 256 of 5 signatures are 130 kB. */
const CERTIFICATES_PER_READ = 256;

/** Certificates published again at once: the first ones move the lane on, and then come the next. */
const REPUBLISHED_MAX = 32;
/** After so many rounds without an effect the pause between them does not grow further: 16 times the first. */
const REPUBLISH_DOUBLINGS_MAX = 4;

/** How long outflow may be ahead of the verified inflow before an operator is called. */
const LEDGER_PATIENCE_MS = 60_000;

export function createLaneAttester(
  lane: AttestedLane,
  deps: LaneAttesterDeps,
  options: LaneAttesterOptions,
): LaneAttester {
  const { journal, signer, clock, log, telemetry } = deps;
  const { rules } = lane;
  const serial = createSerial();
  const me = bytesToHex(signer.address);
  const myIndex = rules.signers.members.findIndex((member) => equalBytes(member, signer.address));
  /** What one member may bring up before its own oldest statement gives way: nobody crowds out the others'. */
  const openPerMember = Math.max(1, Math.floor(VOTES_PENDING_MAX / rules.signers.members.length));
  /** Open statements by digest, oldest first. */
  const candidates = new Map<string, Candidate>();
  let waiting: { base: bigint; sinceMs: number; turn: number } | undefined;
  /** Since when the ledger forbids what this lane asks for. */
  let excessSinceMs: number | undefined;
  let published: { at: string; atMs: number; tries: number } | undefined;
  /** Checkpoints that start below are said to be accepted. */
  let saidAccepted = 0n;

  async function tick(): Promise<void> {
    if (await isFrozen()) return;
    const record = await journal.lane(lane.id);
    for (const [digest, candidate] of candidates) {
      if (endSequence(candidate.checkpoint) <= record.accepted) candidates.delete(digest);
      else if (!candidate.signedByUs) await consider(candidate);
    }
    const run = await certifiedThrough(record);
    const { base } = run;
    await republish(record);
    await propose(run, record);
    telemetry.report('attest', lane.id, {
      attester: me,
      derived: record.derived,
      certified: base,
      accepted: record.accepted,
    });
  }

  /** The end of the run of certificates that starts at what the target accepted, what a vault paid ahead included. */
  async function certifiedThrough({ accepted, delivered }: LaneRecord): Promise<CertifiedRun> {
    let [pending, queued] = [0, 0];
    for (let base = accepted; ;) {
      let end = endOfRun(delivered, base);
      for (const { checkpoint } of await journal.certificates(lane.id, base, CERTIFICATES_PER_READ)) {
        if (!goesOnAt(end, checkpoint, delivered) || isSplit(checkpoint, delivered)) continue;
        end = endOfRun(delivered, endSequence(checkpoint));
        pending += 1;
        if (lane.acceptsInOrder === true && checkpoint.firstSequence >= saidAccepted) queued += 1;
      }
      if (end === base) return { base, pending, queued };
      base = end;
    }
  }

  /**
   * Whether the checkpoint brings what comes next. A vault goes on with one that it has paid in part: were the rest of it certified
   * again, each chunk of that would be asked for twice.
   */
  function goesOnAt(next: bigint, checkpoint: Checkpoint, delivered: Watermark): boolean {
    const { firstSequence } = checkpoint;
    if (firstSequence === next) return true;
    const isBegun = firstSequence < next && next < endSequence(checkpoint);
    return lane.acceptsInOrder !== true && isBegun && endOfRun(delivered, firstSequence) >= next;
  }

  async function propose(run: CertifiedRun, record: LaneRecord): Promise<void> {
    const { base } = run;
    const now = clock.now();
    // Nothing that a vault paid already goes into a new checkpoint.
    const paidAhead = record.delivered.above.find(([first]) => first > base)?.[0];
    const derived = paidAhead !== undefined && paidAhead < record.derived ? paidAhead : record.derived;
    if (derived <= base) {
      waiting = undefined;
      return;
    }
    if (waiting?.base !== base) waiting = { base, sinceMs: now, turn: -1 };
    const waitedMs = now - waiting.sinceMs;
    const { chunkSize: most, chunkSizeMin: least = most } = rules;
    const chunkSize = Math.min(most, Math.max(least, deps.chunkSize?.() ?? most));
    const packetsMax = Math.min(options.packetsMax, chunkSize * CHECKPOINT_CHUNKS_MAX);
    const cut = nextCut({ ...run, derived, waitedMs }, { ...options, packetsMax });
    const turn = Math.floor(waitedMs / options.turnMs);
    if (cut === undefined || turn === waiting.turn) return;
    if (proposerIndex(lane.id, base, waitedMs, options.turnMs, rules.signers.members.length) !== myIndex) return;
    const chunks = await journal.readChunks({ lane: lane.id, ...cut, chunkSize });
    const source = await journal.chain(lane.source);
    if (chunks === undefined || source?.derivedHeight === undefined) return;
    const sourceBlockHash = await journal.verifiedHash(lane.source, source.derivedHeight);
    if (sourceBlockHash === undefined) return;
    waiting.turn = turn;
    const checkpoint: Checkpoint = {
      lane: lane.id,
      signerEpoch: rules.signers.epoch,
      signerSetHash: signerSetHash(rules.signers),
      manifestHash: rules.manifestHash,
      ...cut,
      chunkSize,
      root: merkleRoot(chunks.hashes),
      sourceHeight: source.derivedHeight,
      sourceBlockHash,
    };
    const candidate = candidateFor(checkpoint, me);
    if (candidate.signedByUs) {
      sendVote(candidate);
      return;
    }
    if (await sign(candidate, chunks.packets)) log.debug({ lane: lane.id, ...cut }, 'proposed a checkpoint');
  }

  /** Judges a statement by our own packets; signs it when it is true and fits the books. */
  async function consider(candidate: Candidate): Promise<void> {
    const { checkpoint } = candidate;
    const record = await journal.lane(lane.id);
    if (endSequence(checkpoint) > record.derived) return;
    const hash = await journal.verifiedHash(lane.source, checkpoint.sourceHeight);
    if (hash === undefined) return;
    if (!equalBytes(hash, checkpoint.sourceBlockHash)) {
      refuse(candidate, 'SOURCE_BLOCK_DIFFERS', 'names a source block that this attester did not verify');
      return;
    }
    const chunks = await journal.readChunks(checkpoint);
    if (chunks === undefined) return;
    if (!equalBytes(merkleRoot(chunks.hashes), checkpoint.root)) {
      refuse(candidate, 'PACKETS_DIFFER', 'covers packets that differ from the verified ones');
      return;
    }
    await sign(candidate, chunks.packets);
  }

  function refuse(candidate: Candidate, code: string, what: string): void {
    candidates.delete(digestOf(candidate.checkpoint));
    const { firstSequence, packetCount } = candidate.checkpoint;
    log.error({ lane: lane.id, firstSequence, packetCount, code }, 'refused to sign a checkpoint');
    telemetry.alert('critical', code, `A checkpoint of lane ${lane.id} ${what}.`, { lane: lane.id, firstSequence });
  }

  async function sign(candidate: Candidate, packets: Uint8Array): Promise<boolean> {
    let certificate: Certificate | undefined;
    // Signed while the books go to the disk, and in the journal right behind them; nothing of it leaves before they are there.
    const signBehind = async (): Promise<void> => {
      candidate.votes.set(me, signer.sign(checkpointDigest(candidate.checkpoint, rules.domain)));
      certificate = certificateOf(candidate, rules.signers.threshold);
      if (certificate !== undefined) await journal.putCertificate(certificate);
    };
    const booking = await deps.ledger.book(lane.id, candidate.checkpoint.firstSequence, packets, signBehind);
    if (booking.kind !== 'booked') {
      telemetry.report('blocked', lane.id, { step: 'attest', reason: `ledger ${booking.kind}` });
      if (booking.kind === 'incomplete') return false;
      excessSinceMs ??= clock.now();
      // The chain that it came from may only be verified later here than the one that it leaves.
      const severity = clock.now() - excessSinceMs >= LEDGER_PATIENCE_MS ? 'critical' : 'warning';
      telemetry.alert(severity, 'LEDGER_VIOLATED', `Lane ${lane.id}: more would leave the source than came in.`, {
        lane: lane.id,
        booking: booking.kind,
      });
      return false;
    }
    excessSinceMs = undefined;
    candidate.signedByUs = true;
    sendVote(candidate);
    if (certificate === undefined) return true;
    candidate.certified = true;
    await publish(certificate, 0);
    return true;
  }

  async function certify(candidate: Candidate): Promise<void> {
    const certificate = candidate.signedByUs ? certificateOf(candidate, rules.signers.threshold) : undefined;
    if (certificate === undefined) return;
    candidate.certified = true;
    await journal.putCertificate(certificate);
    await publish(certificate, 0);
  }

  async function publish(certificate: Certificate, tries: number): Promise<boolean> {
    const id = `${digestOf(certificate.checkpoint)}-${tries}`;
    try {
      await deps.publishCertificate(lane.id, encodeCertificate(certificate), id);
      return true;
    } catch (error) {
      // It stays in the journal and is published again while the target has not delivered it.
      log.warn({ lane: lane.id, code: asViaductError(error).code }, 'could not publish a certificate yet');
      return false;
    }
  }

  /**
   * Certificates may be lost with the bus and with planners' journals: as long as the target stands still, those of
   * undelivered packets are published again, those of accepted checkpoints included: their chunks need them.
   */
  async function republish({ accepted, delivered, derived }: LaneRecord): Promise<void> {
    const now = clock.now();
    const at = `${accepted} ${delivered.through}`;
    if (published?.at !== at || delivered.through >= derived) published = { at, atMs: now, tries: 0 };
    // A target that is slow must not be made slower: three members with hundreds of certificates each are a flood.
    const doublings = Math.min(Math.max(0, published.tries - 1), REPUBLISH_DOUBLINGS_MAX);
    if (now - published.atMs < options.republishMs * 2 ** doublings) return;
    published = { at, atMs: now, tries: published.tries + 1 };
    for (const certificate of await journal.certificates(lane.id, delivered.through, REPUBLISHED_MAX)) {
      if (certificate.signatures.length === 0) continue;
      // The bus is away: the rest would only wait for it one after the other.
      if (!(await publish(certificate, published.tries))) return;
    }
  }

  async function isFrozen(): Promise<boolean> {
    const [source, target] = await Promise.all([journal.chain(lane.source), journal.chain(lane.target)]);
    const reason = source?.frozen ?? target?.frozen;
    if (reason !== undefined)
      telemetry.report('blocked', lane.id, { step: 'verify', reason: `chain frozen: ${reason}` });
    return reason !== undefined;
  }

  async function onVote(bytes: Uint8Array): Promise<void> {
    const vote = decodeCertificate(bytes);
    if (vote.checkpoint.lane !== lane.id || vote.signatures.length !== SIGNATURE_BYTES) return;
    const problem = statementProblem(vote, rules);
    const voter = problem === undefined ? signerOf(vote, 0, rules) : undefined;
    if (voter === undefined) {
      log.warn({ lane: lane.id, problem: problem ?? 'not a member' }, 'ignored a vote');
      return;
    }
    if (equalBytes(voter, signer.address)) return;
    const { accepted } = await journal.lane(lane.id);
    if (endSequence(vote.checkpoint) <= accepted || (await isFrozen())) return;
    const by = bytesToHex(voter);
    const candidate = candidateFor(vote.checkpoint, by);
    const repeated = candidate.votes.has(by);
    candidate.votes.set(by, vote.signatures);
    if (!candidate.signedByUs) await consider(candidate);
    else await certify(candidate);
    // Somebody says it again because an answer was lost: answer again, once a turn at most.
    if (repeated && candidate.signedByUs && clock.now() - candidate.votedAtMs >= options.turnMs) sendVote(candidate);
  }

  async function onCertificate(bytes: Uint8Array): Promise<void> {
    const certificate = decodeCertificate(bytes);
    if (certificate.checkpoint.lane !== lane.id) return;
    const problem = certificateProblem(certificate, rules);
    if (problem !== undefined) {
      log.warn({ lane: lane.id, problem }, 'ignored a certificate');
      return;
    }
    const { accepted } = await journal.lane(lane.id);
    if (endSequence(certificate.checkpoint) <= accepted) return;
    candidateFor(certificate.checkpoint, CERTIFIED).certified = true;
    await journal.putCertificate(certificate);
  }

  function candidateFor(checkpoint: Checkpoint, by: string): Candidate {
    const digest = digestOf(checkpoint);
    const known = candidates.get(digest);
    if (known !== undefined) return known;
    const same = [...candidates].filter(([, candidate]) => candidate.by === by);
    const [oldest] = same;
    if (oldest !== undefined && same.length >= openPerMember) candidates.delete(oldest[0]);
    const fresh: Candidate = { checkpoint, by, votes: new Map(), signedByUs: false, certified: false, votedAtMs: 0 };
    candidates.set(digest, fresh);
    return fresh;
  }

  function sendVote(candidate: Candidate): void {
    const signatures = candidate.votes.get(me);
    assert(signatures !== undefined, 'our own vote is there');
    candidate.votedAtMs = clock.now();
    deps.publishVote(lane.id, encodeCertificate({ checkpoint: candidate.checkpoint, signatures }));
  }

  function digestOf(checkpoint: Checkpoint): string {
    return bytesToHex(checkpointDigest(checkpoint, rules.domain));
  }

  return {
    tick: async () => serial(tick),
    onVote: async (bytes) => serial(async () => onVote(bytes)),
    onCertificate: async (bytes) => serial(async () => onCertificate(bytes)),
    onIncluded(firstSequence) {
      if (firstSequence < saidAccepted) return false;
      saidAccepted = firstSequence + 1n;
      return true;
    },
  };
}

/** The certificates from what the target accepted on: where they end, and what `nextCut` asks about them. */
type CertifiedRun = Pick<CutView, 'base' | 'pending' | 'queued'>;
