import { beforeEach, describe, expect, it } from 'vitest';
import {
  ADDRESSES,
  derivePackets,
  hashOf,
  KEYS,
  LANE,
  packetsFrom,
  recordTelemetry,
  RULES,
  settle,
  signedBy,
  SOURCE,
  statementOver,
  stepAt,
  TARGET,
} from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { utf8 } from '../core/bytes.ts';
import { decodeCertificate, encodeCertificate } from '../core/certificate.ts';
import { type Checkpoint, chunkHashes, merkleRoot } from '../core/checkpoint.ts';
import { DecodeError, ViaductError } from '../core/errors.ts';
import { laneId } from '../core/ids.ts';
import { keccak256 } from '../core/keccak.ts';
import { VOTES_PENDING_MAX } from '../core/limits.ts';
import { silentLogger } from '../core/log.ts';
import { sign } from '../core/secp256k1.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { createLaneAttester, type LaneAttester } from './laneAttester.ts';
import { proposerIndex } from './nextCut.ts';

const TURN_MS = 1000;
const REPUBLISH_MS = 10_000;
const options = { packetsMax: 1000, lingerMs: 0, turnMs: TURN_MS, republishMs: REPUBLISH_MS };
const lane = { id: LANE, source: SOURCE, target: TARGET, rules: RULES };

interface Member {
  readonly attester: LaneAttester;
  readonly journal: Journal;
  readonly telemetry: ReturnType<typeof recordTelemetry>;
  /** What it sent since the last look. */
  votes(): Uint8Array[];
  published(): { readonly id: string; readonly bytes: Uint8Array }[];
  readonly state: {
    booking: 'booked' | 'excess' | 'incomplete';
    disk?: Promise<void>;
    isBusAway: boolean;
    booked: number;
    tries: number;
  };
}

let clock: TestClock;
beforeEach(() => {
  clock = createTestClock();
});

function member(index: number, rules = RULES, chunkSize?: () => number, acceptsInOrder = false): Member {
  const journal = createJournal(createMemoryStore());
  const telemetry = recordTelemetry();
  const votes: Uint8Array[] = [];
  const published: { id: string; bytes: Uint8Array }[] = [];
  const state: Member['state'] = { booking: 'booked', isBusAway: false, booked: 0, tries: 0 };
  const attester = createLaneAttester(
    { ...lane, rules, acceptsInOrder },
    {
      journal,
      clock,
      telemetry,
      log: silentLogger,
      ledger: {
        book: async (_, __, ___, behind) => {
          state.booked++;
          if (state.booking !== 'booked') return { kind: state.booking };
          await Promise.all([state.disk, behind?.()]);
          return { kind: 'booked' };
        },
      },
      signer: { address: ADDRESSES[index]!, sign: (digest) => sign(digest, KEYS[index]!) },
      ...(chunkSize === undefined ? {} : { chunkSize }),
      publishVote: (_, vote) => votes.push(vote),
      publishCertificate: async (_, bytes, id) => {
        state.tries++;
        if (state.isBusAway) throw new ViaductError({ code: 'BUS_UNAVAILABLE', shortMessage: 'away' });
        published.push({ id, bytes });
        return Promise.resolve();
      },
    },
    options,
  );
  return { attester, journal, telemetry, state, votes: () => votes.splice(0), published: () => published.splice(0) };
}

/** A member that verified `count` packets. */
async function memberWith(index: number, count: number): Promise<Member> {
  const made = member(index);
  if (count > 0) await derivePackets(made.journal, packetsFrom(0n, count), 1n);
  return made;
}
const voteOf = (checkpoint: Checkpoint, key: Uint8Array, rules = RULES): Uint8Array =>
  encodeCertificate(signedBy(checkpoint, [key], rules));
const truth = statementOver(packetsFrom(0n, 10));
/** Whose turn it is first, and somebody else. */
const FIRST = proposerIndex(LANE, 0n, 0, TURN_MS, 3);
const OTHER = (FIRST + 1) % 3;
const LAST = (FIRST + 2) % 3;

describe('a chunk size', () => {
  const rules = { ...RULES, chunkSize: 8, chunkSizeMin: 2 };
  it.each([
    { wish: 5, size: 5 },
    { wish: 1, size: 2 },
    { wish: 99, size: 8 },
  ])('that a proposer wishes to be $wish is $size, and others sign it', async ({ wish, size }) => {
    const [first, other] = [member(FIRST, rules, () => wish), member(OTHER, rules)];
    for (const { journal } of [first, other]) await derivePackets(journal, packetsFrom(0n, 10), 1n);
    await first.attester.tick();
    await other.attester.onVote(first.votes()[0]!);
    const { checkpoint } = decodeCertificate(other.published()[0]!.bytes);
    expect(checkpoint).toEqual({ ...truth, chunkSize: size, root: merkleRoot(chunkHashes(packetsFrom(0n, 10), size)) });
  });

  it('is not below what a proof has room for', async () => {
    const one = member(FIRST, { ...rules, chunkSizeMin: 1 }, () => 1);
    await derivePackets(one.journal, packetsFrom(0n, 300), 1n);
    await one.attester.tick();
    expect(decodeCertificate(one.votes()[0]!).checkpoint).toMatchObject({ packetCount: 256, chunkSize: 1 });
  });
});

describe('a checkpoint', () => {
  it('is proposed by the one whose turn it is, once, and by the next one a turn later', async () => {
    const members = [await memberWith(0, 10), await memberWith(1, 10), await memberWith(2, 10)];
    for (const { attester } of members) await attester.tick();
    for (const { attester } of members) await attester.tick();
    expect(members.map((one) => one.votes().length)).toEqual([0, 1, 2].map((index) => (index === FIRST ? 1 : 0)));
    await clock.advance(TURN_MS);
    for (const { attester } of members) await attester.tick();
    expect(members.map((one) => one.votes().length)).toEqual([0, 1, 2].map((index) => (index === OTHER ? 1 : 0)));
  });

  it('is certified by whoever has a threshold of votes, published, and not proposed again', async () => {
    const [first, other] = [await memberWith(FIRST, 10), await memberWith(OTHER, 10)];
    await first.attester.tick();
    const [proposal] = first.votes();
    await other.attester.onVote(proposal!);
    const [published] = other.published();
    expect(decodeCertificate(published!.bytes).checkpoint).toEqual(truth);
    expect(decodeCertificate(published!.bytes).signatures).toHaveLength(2 * 65);
    await first.attester.onVote(other.votes()[0]!);
    expect(first.published().map(({ id }) => id)).toEqual([published!.id]);
    for (let turn = 0; turn < 4; turn++) {
      await clock.advance(TURN_MS);
      await first.attester.tick();
    }
    expect(first.votes()).toEqual([]);
  });

  it.each([true, false])(
    'fills while the one before waits for its turn at the target, in order %s',
    async (inOrder) => {
      const next = proposerIndex(LANE, 10n, 0, TURN_MS, 3);
      const one = member(next, RULES, undefined, inOrder);
      await derivePackets(one.journal, packetsFrom(0n, 10), 1n);
      await one.attester.onCertificate(encodeCertificate(signedBy(truth, KEYS.slice(0, 2))));
      await derivePackets(one.journal, packetsFrom(10n, 2), 2n);
      const proposed = async (): Promise<Checkpoint[]> => {
        await one.attester.tick();
        const said = one.votes().map((vote) => decodeCertificate(vote).checkpoint);
        return said.filter(({ firstSequence }) => firstSequence === 10n);
      };
      expect(await proposed()).toHaveLength(inOrder ? 0 : 1);
      if (!inOrder) return;
      await derivePackets(one.journal, packetsFrom(12n, 3), 3n);
      // A submitter says that a chunk of it is included, and says so again of the next chunk.
      expect([one.attester.onIncluded(0n), one.attester.onIncluded(0n)]).toEqual([true, false]);
      expect(await proposed()).toMatchObject([{ packetCount: 5 }]);
    },
  );

  it('is signed and written while the books go to the disk, and leaves only when they are there', async () => {
    const one = await memberWith(OTHER, 10);
    let booked: () => void = () => undefined;
    one.state.disk = new Promise((resolve) => (booked = resolve));
    const judged = one.attester.onVote(voteOf(truth, KEYS[FIRST]!));
    while ((await one.journal.certificates(LANE, 0n, 1)).length === 0) await Promise.resolve();
    expect([one.votes(), one.published()]).toEqual([[], []]);
    booked();
    await judged;
    expect([one.votes().length, one.published().length]).toEqual([1, 1]);
  });

  it('for a vault leaves out what was paid ahead', async () => {
    const one = await memberWith(FIRST, 10);
    await settle(one.journal, undefined, [
      [4n, 2],
      [8n, 1],
    ]);
    await one.attester.tick();
    const proposed = one.votes().map((vote) => decodeCertificate(vote).checkpoint);
    expect(proposed).toEqual([statementOver(packetsFrom(0n, 4))]);
    // Certified up to there, the next one starts after what was paid, and ends where more was.
    await one.attester.onCertificate(encodeCertificate(signedBy(proposed[0]!, KEYS.slice(0, 2))));
    for (let turn = 0; turn < 3; turn++) {
      await one.attester.tick();
      await clock.advance(TURN_MS);
    }
    const next = one.votes().map((vote) => decodeCertificate(vote).checkpoint);
    expect(next).toEqual([statementOver(packetsFrom(6n, 2))]);
  });

  it.each([
    { what: 'a vault has paid in part goes on', acceptsInOrder: false, delivered: 4, next: [] },
    {
      what: 'a vault has paid in part, other than by its chunks, does not',
      acceptsInOrder: false,
      delivered: 3,
      next: [3n],
    },
    { what: 'reaches beyond what a contract accepted does not', acceptsInOrder: true, delivered: 4, next: [4n] },
  ])('that $what', async ({ acceptsInOrder, delivered, next }) => {
    const rules = { ...RULES, chunkSize: 4 };
    const one = member(FIRST, rules, undefined, acceptsInOrder);
    await derivePackets(one.journal, packetsFrom(0n, 10), 1n);
    await one.attester.tick();
    const [proposed] = one.votes().map((vote) => decodeCertificate(vote).checkpoint);
    await one.attester.onCertificate(encodeCertificate(signedBy(proposed!, KEYS.slice(0, 2), rules)));
    await settle(one.journal, acceptsInOrder ? BigInt(delivered) : undefined, [[0n, delivered]]);
    for (let turn = 0; turn < 3; turn++) {
      await one.attester.tick();
      await clock.advance(TURN_MS);
    }
    const later = one.votes().map((vote) => decodeCertificate(vote).checkpoint.firstSequence);
    expect([...new Set(later)]).toEqual(next);
  });

  it('waits until its packets are derived here, and is signed then', async () => {
    const late = await memberWith(OTHER, 0);
    await late.attester.onVote(voteOf(truth, KEYS[FIRST]!));
    await late.attester.tick();
    expect(late.votes()).toEqual([]);
    await derivePackets(late.journal, packetsFrom(0n, 9), 1n);
    await late.attester.tick();
    expect(late.votes()).toEqual([]);
    await derivePackets(late.journal, packetsFrom(9n, 1), 2n);
    await late.attester.tick();
    expect(late.votes()).toHaveLength(1);
    expect(late.published()).toHaveLength(1);
  });

  it('waits for its source block to be verified here', async () => {
    const one = await memberWith(OTHER, 10);
    const ahead = { ...truth, sourceHeight: 5n, sourceBlockHash: hashOf(5n) };
    await one.attester.onVote(voteOf(ahead, KEYS[FIRST]!));
    expect(one.votes()).toEqual([]);
    await one.journal.putStep(SOURCE, stepAt(5n));
    await one.attester.tick();
    expect(one.votes()).toHaveLength(1);
  });

  it('is not signed when the books do not allow it, and is once they do', async () => {
    const one = await memberWith(OTHER, 10);
    one.state.booking = 'excess';
    await one.attester.onVote(voteOf(truth, KEYS[FIRST]!));
    await one.attester.tick();
    expect(one.votes()).toEqual([]);
    expect(one.telemetry.alerts).toContain('LEDGER_VIOLATED');
    one.state.booking = 'booked';
    await one.attester.tick();
    expect(one.votes()).toHaveLength(1);
  });

  it('is no alarm when only our own books are incomplete', async () => {
    const one = await memberWith(OTHER, 10);
    one.state.booking = 'incomplete';
    await one.attester.onVote(voteOf(truth, KEYS[FIRST]!));
    expect(one.votes()).toEqual([]);
    expect(one.telemetry.alerts).toEqual([]);
    expect(one.telemetry.reports.at(-1)?.facts).toEqual({ step: 'attest', reason: 'ledger incomplete' });
  });
});

describe('a vote', () => {
  it.each<[string, Uint8Array]>([
    ['for another lane', voteOf({ ...truth, lane: laneId('00'.repeat(32)) }, KEYS[FIRST]!)],
    ['with two signatures', encodeCertificate(signedBy(truth, KEYS.slice(0, 2)))],
    ['by a stranger', voteOf(truth, keccak256(utf8('stranger')))],
    ['of a retired set', voteOf({ ...truth, signerEpoch: 0n }, KEYS[FIRST]!)],
    ['for another gateway', voteOf(truth, KEYS[FIRST]!, { ...RULES, domain: new Uint8Array(32) })],
    ['of our own', voteOf(truth, KEYS[OTHER]!)],
  ])('%s is not answered and not counted', async (_, vote) => {
    const one = await memberWith(OTHER, 10);
    await one.attester.onVote(vote);
    await one.attester.onVote(vote);
    expect(one.votes()).toEqual([]);
    expect(one.published()).toEqual([]);
    expect(one.state.booked).toBe(0);
  });

  it.each<[string, Checkpoint, string]>([
    ['packets that differ', { ...truth, root: new Uint8Array(32) }, 'PACKETS_DIFFER'],
    ['an amount that differs', statementOver(packetsFrom(0n, 10, { amount: 2n })), 'PACKETS_DIFFER'],
    ['a source block that differs', { ...truth, sourceBlockHash: new Uint8Array(32) }, 'SOURCE_BLOCK_DIFFERS'],
  ])('of a traitor that names %s raises the alarm and gets no signature', async (_, lie, code) => {
    const one = await memberWith(OTHER, 10);
    for (const traitor of [FIRST, LAST]) await one.attester.onVote(voteOf(lie, KEYS[traitor]!));
    await one.attester.tick();
    expect(one.telemetry.alerts).toContain(code);
    expect(one.votes()).toEqual([]);
    expect(one.published()).toEqual([]);
    await one.attester.onVote(voteOf(truth, KEYS[FIRST]!));
    expect(one.published()).toHaveLength(1);
  });

  it.each([new Uint8Array(0), utf8('junk'), new Uint8Array(262)])(
    'that does not decode is a typed error',
    async (junk) => {
      const one = await memberWith(OTHER, 10);
      await expect(one.attester.onVote(junk)).rejects.toThrow(DecodeError);
      await expect(one.attester.onCertificate(junk)).rejects.toThrow(DecodeError);
      await one.attester.onVote(voteOf(truth, KEYS[FIRST]!));
      expect(one.votes()).toHaveLength(1);
    },
  );

  it('said again is answered again, once a turn: the answer may have been lost', async () => {
    const one = await memberWith(OTHER, 10);
    const vote = voteOf(truth, KEYS[FIRST]!);
    await one.attester.onVote(vote);
    await one.attester.onVote(vote);
    expect(one.votes()).toHaveLength(1);
    await clock.advance(TURN_MS);
    await one.attester.onVote(vote);
    await one.attester.onVote(vote);
    expect(one.votes()).toHaveLength(1);
  });

  it('for what the target accepted already is not looked at', async () => {
    const one = await memberWith(OTHER, 10);
    await settle(one.journal, 10n, []);
    await one.attester.onVote(voteOf(truth, KEYS[FIRST]!));
    expect(one.votes()).toEqual([]);
  });

  it('is one of many that a traitor sends, and does not crowd out the honest ones', async () => {
    const rules = { ...RULES, signers: { ...RULES.signers, threshold: 3 } };
    const one = member(OTHER, rules);
    await derivePackets(one.journal, packetsFrom(0n, 10), 1n);
    const honest = statementOver(packetsFrom(0n, 10), { rules });
    await one.attester.onVote(voteOf(honest, KEYS[FIRST]!, rules));
    for (let i = 0; i < 2 * VOTES_PENDING_MAX; i++) {
      const flood = { ...honest, firstSequence: BigInt(1000 + i) };
      await one.attester.onVote(voteOf(flood, KEYS[LAST]!, rules));
    }
    await one.attester.onVote(voteOf(honest, KEYS[LAST]!, rules));
    expect(one.published()).toHaveLength(1);
  });
});

describe('a frozen chain', () => {
  it.each([SOURCE, TARGET])('has nothing signed: %s', async (chain) => {
    const one = await memberWith(FIRST, 10);
    await one.journal.putStep(TARGET, stepAt(1n));
    await one.journal.freeze(chain, 'two headers');
    await one.attester.tick();
    await one.attester.onVote(voteOf(truth, KEYS[OTHER]!));
    await clock.advance(3 * TURN_MS);
    await one.attester.tick();
    expect(one.votes()).toEqual([]);
    expect(one.telemetry.reports.at(-1)?.facts).toEqual({ step: 'verify', reason: 'chain frozen: two headers' });
  });
});

describe('a certificate', () => {
  const certificate = signedBy(truth, KEYS.slice(0, 2));

  it('from the bus is kept when it is good, and saves proposing', async () => {
    const one = await memberWith(FIRST, 10);
    await one.attester.onCertificate(encodeCertificate(signedBy(truth, KEYS.slice(0, 1))));
    await one.attester.onCertificate(encodeCertificate(signedBy(truth, [KEYS[1]!, KEYS[0]!])));
    expect(await one.journal.certificates(LANE, 0n, 9)).toEqual([]);
    await one.attester.onCertificate(encodeCertificate(certificate));
    expect(await one.journal.certificates(LANE, 0n, 9)).toHaveLength(1);
    await one.attester.tick();
    expect(one.votes().map((vote) => decodeCertificate(vote).checkpoint)).toEqual([truth]);
    expect(one.published()).toEqual([]);
  });

  it('is published again under another id while the target stands still', async () => {
    const one = await memberWith(OTHER, 10);
    await one.attester.onCertificate(encodeCertificate(certificate));
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      await one.attester.tick();
      ids.push(...one.published().map(({ id }) => id));
      await clock.advance(REPUBLISH_MS);
    }
    expect(ids.map((id) => id.slice(64))).toEqual(['-1', '-2']);
  });

  it('is published again while chunks of it are not delivered, though it is accepted', async () => {
    const one = await memberWith(OTHER, 10);
    await one.attester.onCertificate(encodeCertificate(certificate));
    await settle(one.journal, 10n, [[0n, 4]]);
    await one.attester.tick();
    await clock.advance(REPUBLISH_MS);
    await one.attester.tick();
    expect(one.published()).toHaveLength(1);
    await settle(one.journal, 10n, [[4n, 6]], 2n);
    await one.attester.tick();
    await clock.advance(REPUBLISH_MS);
    await one.attester.tick();
    expect(one.published()).toEqual([]);
  });

  it('is tried once a round while the bus is away, and not lost', async () => {
    const one = await memberWith(OTHER, 20);
    for (const first of [0n, 10n]) {
      const checkpoint = statementOver(packetsFrom(first, 10));
      await one.attester.onCertificate(encodeCertificate(signedBy(checkpoint, KEYS.slice(0, 2))));
    }
    one.state.isBusAway = true;
    await one.attester.tick();
    await clock.advance(REPUBLISH_MS);
    await one.attester.tick();
    expect(one.state.tries).toBe(1);
    one.state.isBusAway = false;
    await clock.advance(REPUBLISH_MS);
    await one.attester.tick();
    expect(one.published()).toHaveLength(2);
  });

  it('follows certificate without end: nothing certified is proposed again', async () => {
    const count = 300;
    const one = await memberWith(FIRST, count);
    for (let i = 0; i < count; i++) {
      const checkpoint = statementOver(packetsFrom(BigInt(i), 1));
      await one.journal.putCertificate(signedBy(checkpoint, KEYS.slice(0, 2)));
    }
    for (let turn = 0; turn < 3; turn++) {
      await one.attester.tick();
      await clock.advance(TURN_MS);
    }
    expect(one.votes()).toEqual([]);
  });
});
