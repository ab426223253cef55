import { beforeEach, describe, expect, it } from 'vitest';
import {
  BACK,
  CHUNK_SIZE,
  derivation,
  derivePackets,
  hashOf,
  KEYS,
  LANE,
  packetsFrom,
  settle,
  signedBy,
  SOURCE,
  statementOver,
  stepAt,
  TARGET,
  TOKEN,
} from '../../test/sim/statements.ts';
import { encodeCertificate } from '../core/certificate.ts';
import { type ErrorCode, ViaductError } from '../core/errors.ts';
import { decodeFrame, encodeFrame } from '../core/frame.ts';
import { FRAME_PACKETS_MAX, PACKET_BYTES } from '../core/limits.ts';
import { PACKET_OFFSETS, transferIdOf } from '../core/packet.ts';
import { createMemoryStore, type MemoryStore, put } from './index.ts';
import { createJournal, type Journal } from './journal.ts';

let store: MemoryStore;
let journal: Journal;
beforeEach(() => {
  store = createMemoryStore();
  journal = createJournal(store);
});

const source = { height: 1n, hash: hashOf(1n) };
async function relay(packets: Uint8Array, firstSequence: bigint): Promise<void> {
  const bytes = encodeFrame({ lane: LANE, firstSequence, source, packets });
  await journal.putRelayedFrame(bytes, decodeFrame(bytes));
}
async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof ViaductError ? thrown.code : undefined;
}
/** A certificate over [first, first + count) of true packets. */
const over = (first: bigint, count: number, more = {}) =>
  signedBy(statementOver(packetsFrom(first, count), more), KEYS.slice(0, 2));
const startsOf = async (sequence: bigint, limit = 100): Promise<string[]> =>
  (await journal.certificates(LANE, sequence, limit)).map(
    ({ checkpoint }) => `${checkpoint.firstSequence}+${checkpoint.packetCount}`,
  );

describe('chains', () => {
  it('keep their state, and the hashes of verified blocks for a while', async () => {
    expect(await journal.chain(SOURCE)).toBeUndefined();
    await journal.putStep(SOURCE, { ...stepAt(9n), verified: [{ height: 8n, hash: hashOf(8n) }] });
    expect(await journal.chain(SOURCE)).toEqual({
      trusted: Uint8Array.of(9),
      head: stepAt(9n).head,
      cursor: undefined,
      derivedHeight: undefined,
      frozen: undefined,
    });
    expect(await journal.verifiedHash(SOURCE, 8n)).toEqual(hashOf(8n));
    expect(await journal.verifiedHash(SOURCE, 9n)).toEqual(hashOf(9n));
    expect(await journal.verifiedHash(TARGET, 9n)).toBeUndefined();
    await journal.putStep(SOURCE, { ...stepAt(9n), head: { ...stepAt(9n).head, height: 9n + 4096n } });
    expect(await journal.verifiedHash(SOURCE, 9n)).toBeUndefined();
    expect(await journal.verifiedHash(SOURCE, 8n)).toBeDefined();
  });

  it('stay frozen through a power failure and every later step', async () => {
    await journal.putStep(SOURCE, stepAt(1n));
    await journal.freeze(SOURCE, 'two headers at 1');
    journal = createJournal(store.crash());
    expect((await journal.chain(SOURCE))?.frozen).toBe('two headers at 1');
    await journal.putStep(SOURCE, stepAt(2n));
    await journal.putDerivation(SOURCE, stepAt(2n).head, derivation(2n));
    expect((await journal.chain(SOURCE))?.frozen).toBe('two headers at 1');
  });

  it('are started before anything is derived', async () => {
    expect(await codeOf(journal.putDerivation(SOURCE, stepAt(1n).head, derivation(1n)))).toBe('BUG');
    expect(await codeOf(journal.freeze(SOURCE, 'x'))).toBe('BUG');
  });
});

describe('a derivation', () => {
  it('is written whole or not at all', async () => {
    await derivePackets(journal, packetsFrom(0n, 600), 1n);
    await store.write([put('sync', new Uint8Array(1))], { sync: true });
    await derivePackets(journal, packetsFrom(600n, 600), 2n);
    journal = createJournal(store.crash());
    const { derived, totals } = await journal.lane(LANE);
    expect([derived, totals.get(TOKEN)]).toEqual([600n, 600n]);
    expect((await journal.chain(SOURCE))?.derivedHeight).toBe(1n);
    expect(await journal.readPackets(LANE, 599n, 1)).toEqual(packetsFrom(599n, 1));
    expect(await journal.readPackets(LANE, 600n, 1)).toBeUndefined();
  });

  it('leaves the records in memory alone when the disk fails', async () => {
    await derivePackets(journal, packetsFrom(0n, 3), 1n);
    store.breakDisk();
    expect(await codeOf(derivePackets(journal, packetsFrom(3n, 3), 2n))).toBe('STORE_UNAVAILABLE');
    expect((await journal.lane(LANE)).derived).toBe(3n);
  });

  it.each([
    ['a gap', 5n],
    ['a repeat', 2n],
  ])('with %s is our own bug', async (_, first) => {
    await derivePackets(journal, packetsFrom(0n, 3), 1n);
    expect(await codeOf(derivePackets(journal, packetsFrom(first, 1), 2n))).toBe('BUG');
    expect((await journal.lane(LANE)).derived).toBe(3n);
  });

  it('counts what several entries of a lane bring', async () => {
    await journal.putStep(SOURCE, stepAt(1n));
    const outbound = [0n, 3n].map((first) => ({ lane: LANE, firstSequence: first, packets: packetsFrom(first, 3) }));
    const frames = await journal.putDerivation(SOURCE, stepAt(1n).head, derivation(1n, { outbound }));
    expect(frames.map((frame) => decodeFrame(frame).firstSequence)).toEqual([0n, 3n]);
    expect((await journal.lane(LANE)).derived).toBe(6n);
  });

  it('settles ranges in any order, and says who delivered and why not', async () => {
    await settle(journal, 12n, [
      [8n, 4],
      [0n, 4],
    ]);
    expect((await journal.lane(LANE)).delivered).toEqual({ through: 4n, above: [[8n, 12n]] });
    expect(await journal.deliveredBy(LANE, 3n)).toEqual({ firstSequence: 0n, count: 4, transaction: '0xdd' });
    expect(await journal.deliveredBy(LANE, 4n)).toBeUndefined();
    expect(await journal.deliveredBy(LANE, 11n)).toMatchObject({ firstSequence: 8n });
    const refused = [{ sequence: 9n, reason: 'receiver reverts', transaction: '0xdd' }];
    const settlements = [{ lane: LANE, acceptedSequence: 12n, accepted: [], delivered: [], refused }];
    await journal.putDerivation(TARGET, stepAt(2n).head, derivation(2n, { settlements }));
    expect(await journal.refusal(LANE, 9n)).toEqual(refused[0]);
    expect(await journal.refusal(LANE, 8n)).toBeUndefined();
    expect(await createJournal(store).lane(LANE)).toEqual(await journal.lane(LANE));
  });

  it('knows where the return of a refused packet is', async () => {
    const id = transferIdOf(LANE, packetsFrom(3n, 1));
    const back = packetsFrom(0n, 2, { kind: 'return' });
    back.set(Buffer.from(id, 'hex'), PACKET_BYTES + PACKET_OFFSETS.sourceReference);
    await derivePackets(journal, back, 1n, BACK, TARGET);
    expect(await journal.returnOf(id)).toEqual({ lane: BACK, sequence: 1n });
    expect(await journal.returnOf(transferIdOf(LANE, packetsFrom(4n, 1)))).toBeUndefined();
  });

  it('tells who watches, who then reads what is new', async () => {
    const seen: bigint[] = [];
    const reads: Promise<void>[] = [];
    const stop = journal.watchLane(LANE, () => {
      reads.push(journal.lane(LANE).then(({ derived }) => void seen.push(derived)));
    });
    await derivePackets(journal, packetsFrom(0n, 3), 1n);
    await derivePackets(journal, packetsFrom(0n, 3), 1n, BACK, TARGET);
    await journal.putCertificate(over(0n, 3));
    await relay(packetsFrom(3n, 3), 3n);
    stop();
    await journal.putCertificate(over(3n, 3));
    await Promise.all(reads);
    expect(seen).toEqual([3n, 3n]);
  });
});

describe('packets', () => {
  beforeEach(async () => {
    await derivePackets(journal, packetsFrom(0n, 1000), 1n);
    await derivePackets(journal, packetsFrom(1000n, 7), 2n);
  });

  it.each([
    [0n, 1],
    [0n, 1007],
    [BigInt(FRAME_PACKETS_MAX) - 1n, 2],
    [479n, 1],
    [480n, 480],
    [950n, 57],
    [1006n, 1],
    [5n, 0],
  ])('are read across frames: %s, %i of them', async (first, count) => {
    const from = BigInt(first);
    expect(await journal.readPackets(LANE, from, count)).toEqual(packetsFrom(from, count));
  });

  it('are not there beyond the end, nor in part', async () => {
    expect(await journal.readPackets(LANE, 1000n, 8)).toBeUndefined();
    expect(await journal.readPackets(LANE, 1007n, 1)).toBeUndefined();
    expect(await journal.readPackets(BACK, 0n, 1)).toBeUndefined();
  });

  it('come from the bus where we have none of our own', async () => {
    await relay(packetsFrom(900n, 480), 900n);
    expect(await journal.readRelayedPackets(LANE, 950n, 300)).toEqual(packetsFrom(950n, 300));
    expect(await journal.readPackets(LANE, 950n, 300)).toBeUndefined();
    expect(await journal.readRelayedPackets(LANE, 1379n, 2)).toBeUndefined();
  });

  it('of our own come before those from the bus', async () => {
    await relay(packetsFrom(0n, 480, { amount: 666n }), 0n);
    expect(await journal.readRelayedPackets(LANE, 0n, 480)).toEqual(packetsFrom(0n, 480));
  });

  it('from the bus are read over overlaps and stop at a gap', async () => {
    for (const [first, count] of [
      [1007n, 10],
      [1010n, 20],
      [1012n, 2],
      [1040n, 5],
    ] as const)
      await relay(packetsFrom(first, count), first);
    expect(await journal.readRelayedPackets(LANE, 1000n, 30)).toEqual(packetsFrom(1000n, 30));
    expect(await journal.readRelayedPackets(LANE, 1000n, 45)).toBeUndefined();
  });

  it('from the bus can be forgotten where they touch a range', async () => {
    await relay(packetsFrom(1007n, 10), 1007n);
    await relay(packetsFrom(1017n, 10), 1017n);
    await relay(packetsFrom(1027n, 10), 1027n);
    await journal.dropRelayedFrames(LANE, 1016n, 1027n);
    expect(await journal.readRelayedPackets(LANE, 1016n, 1)).toBeUndefined();
    expect(await journal.readRelayedPackets(LANE, 1026n, 1)).toBeUndefined();
    expect(await journal.readRelayedPackets(LANE, 1027n, 10)).toEqual(packetsFrom(1027n, 10));
    await journal.dropRelayedFrames(LANE, 0n, 1n);
  });

  it('are served as frames from the one that holds a sequence on, and newest first', async () => {
    const firsts: bigint[] = [];
    for await (const frame of journal.frames(LANE, 479n, 2)) firsts.push(decodeFrame(frame).firstSequence);
    expect(firsts).toEqual([0n, 480n]);
    for await (const frame of journal.frames(LANE, 1007n, 1)) expect.unreachable(String(frame.length));
    const newest: bigint[] = [];
    for await (const frame of journal.latestFrames(LANE, 2)) newest.push(frame.firstSequence);
    expect(newest).toEqual([1000n, 960n]);
  });
});

describe('certificates', () => {
  it('are found from the one that covers a sequence on', async () => {
    for (const [first, count] of [
      [0n, 8],
      [8n, 8],
      [16n, 8],
    ] as const)
      await journal.putCertificate(over(first, count));
    expect(await startsOf(0n)).toEqual(['0+8', '8+8', '16+8']);
    expect(await startsOf(12n)).toEqual(['8+8', '16+8']);
    expect(await startsOf(16n)).toEqual(['16+8']);
    expect(await startsOf(24n)).toEqual([]);
    expect(await startsOf(0n, 2)).toEqual(['0+8', '8+8']);
  });

  it('are all found where cuts overlap, the longest reaching over later ones', async () => {
    await journal.putCertificate(over(0n, 40));
    for (let first = 4n; first < 40n; first += 4n) await journal.putCertificate(over(first, 4));
    expect((await startsOf(38n))[0]).toBe('0+40');
    expect(await startsOf(40n)).toEqual([]);
  });

  it('over the same packets at two source blocks are both kept: the target accepts only one of them', async () => {
    await journal.putCertificate(over(0n, 8));
    await journal.putCertificate(over(0n, 8, { sourceHeight: 2n, sourceBlockHash: hashOf(2n) }));
    await journal.putCertificate(over(0n, 8));
    const heights = (await journal.certificates(LANE, 0n, 10)).map(({ checkpoint }) => checkpoint.sourceHeight);
    expect(heights.toSorted((a, b) => Number(a - b))).toEqual([1n, 2n]);
  });
});

describe('what we wrote and cannot read', () => {
  const certificate = encodeCertificate(over(0n, CHUNK_SIZE));
  it.each<[string, string, Uint8Array, () => Promise<unknown>]>([
    ['a chain', `chain/${SOURCE}`, Buffer.from('{}'), async () => journal.chain(SOURCE)],
    ['a derived lane', `derived/${LANE}`, Buffer.from('{"derived":"x"}'), async () => journal.lane(LANE)],
    ['a settled lane', `settled/${LANE}`, Buffer.from('not json'), async () => journal.lane(LANE)],
    ['books', `signed/${LANE}`, Buffer.from('null'), async () => journal.signed(LANE)],
    ['a refusal', `refused/${LANE}/${'0'.repeat(16)}`, Buffer.from('{}'), async () => journal.refusal(LANE, 0n)],
    ['a range', `delivered/${LANE}/${'0'.repeat(16)}`, Buffer.from('1'), async () => journal.deliveredBy(LANE, 0n)],
    ['a frame', `frame/${LANE}/${'0'.repeat(16)}`, Buffer.from('x'), async () => journal.readPackets(LANE, 0n, 1)],
    [
      'a certificate',
      `certificate/${LANE}/${'0'.repeat(16)}/00`,
      certificate.subarray(1),
      async () => journal.certificates(LANE, 0n, 1),
    ],
  ])('is damage: %s', async (_, key, value, read) => {
    await store.write([put(key, new Uint8Array(value))], { sync: true });
    expect(await codeOf(read())).toBe('STORE_CORRUPT');
  });
});
