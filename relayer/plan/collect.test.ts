import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashOf, KEYS, LANE, packetsFrom, RULES, signedBy, statementOver } from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, createMemoryBroker, createMemoryBus } from '../bus/index.ts';
import { encodeCertificate } from '../core/certificate.ts';
import { encodeFrame } from '../core/frame.ts';
import { silentLogger } from '../core/log.ts';
import { createSubjects } from '../core/subjects.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { collect } from './collect.ts';

const subjects = createSubjects('test');
const packets = packetsFrom(0n, 12);
const certificate = signedBy(statementOver(packets), KEYS.slice(0, 2));
const frame = encodeFrame({ lane: LANE, firstSequence: 0n, source: { height: 1n, hash: hashOf(1n) }, packets });

let clock: TestClock;
let bus: Bus;
let journal: Journal;
let stop: AbortController;

beforeEach(async () => {
  clock = createTestClock();
  stop = new AbortController();
  bus = createMemoryBus({ broker: createMemoryBroker({ clock }), clock, subjects });
  journal = createJournal(createMemoryStore());
  await bus.ensureTopology();
});
afterEach(async () => {
  stop.abort();
  await bus.close({ drain: false });
});

function start(lanes: Parameters<typeof collect>[0], takesFrames: boolean) {
  return collect(lanes, { bus, subjects, journal, log: silentLogger }, { durable: 'c', takesFrames }, stop.signal);
}
async function publishBoth(): Promise<void> {
  await bus.publishDurable(subjects.checkpoint(LANE), encodeCertificate(certificate), { id: 'c' });
  await bus.publishDurable(subjects.frame(LANE), frame, { id: 'f' });
  await clock.settle();
}
const kept = async () => ({
  certificates: (await journal.certificates(LANE, 0n, 9)).length,
  packets: (await journal.readRelayedPackets(LANE, 0n, 12)) !== undefined,
});

describe('the collector', () => {
  it('keeps certificates and frames of its lanes, and tells who waits for frames', async () => {
    const told: string[] = [];
    const collector = start(new Map([[LANE, RULES]]), true);
    const unwatch = collector.watchFrames(LANE, () => told.push('frame'));
    await publishBoth();
    expect(await kept()).toEqual({ certificates: 1, packets: true });
    expect(told).toEqual(['frame']);
    unwatch();
    await bus.publishDurable(subjects.frame(LANE), frame, { id: 'again' });
    await clock.settle();
    expect(told).toEqual(['frame']);
  });

  it('takes no frames where the process derives them itself', async () => {
    const before = bus.stats().delivered;
    start(new Map([[LANE, RULES]]), false);
    await publishBoth();
    expect(await kept()).toEqual({ certificates: 1, packets: false });
    expect(bus.stats().delivered - before).toBe(1);
  });

  it('keeps nothing of other lanes', async () => {
    start(new Map(), true);
    await publishBoth();
    expect(await kept()).toEqual({ certificates: 0, packets: false });
  });
});
