import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { derivePackets, hashOf, KEYS, LANE, packetsFrom, signedBy, statementOver } from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, createMemoryBroker, createMemoryBus } from '../bus/index.ts';
import { decodeWorkItem } from '../core/certificate.ts';
import { chunkHashes } from '../core/checkpoint.ts';
import { decodeFrame, encodeFrame } from '../core/frame.ts';
import { createSubjects } from '../core/subjects.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { workBuilder } from './buildDelivery.ts';
import { findChunk } from './findChunk.ts';
import { serveFrames } from './frameService.ts';

const subjects = createSubjects('test');
const packets = packetsFrom(0n, 10);
const certificate = signedBy(statementOver(packets), KEYS.slice(0, 2));
/** Three chunks, the last one of two packets. */
const item = (index: number) => decodeWorkItem(workBuilder(certificate, chunkHashes(packets, 4))!(index));
const chunk = (index: number): Uint8Array => packets.subarray(index * 4 * 135, (index + 1) * 4 * 135);

let clock: TestClock;
let buses: Bus[];
let journal: Journal;
let other: Journal;
let stop: AbortController;

beforeEach(async () => {
  clock = createTestClock();
  const broker = createMemoryBroker({ clock });
  buses = [0, 1].map(() => createMemoryBus({ broker, clock, subjects }));
  for (const bus of buses) await bus.ensureTopology();
  [journal, other] = [0, 1].map(() => createJournal(createMemoryStore())) as [Journal, Journal];
  stop = new AbortController();
  serveFrames({ bus: buses[1]!, subjects, journal: other }, stop.signal);
});
afterEach(async () => {
  stop.abort();
  await Promise.all(buses.map(async (bus) => bus.close({ drain: false })));
});

async function find(index: number): Promise<Uint8Array | undefined> {
  const found = findChunk({ bus: buses[0]!, subjects, journal }, item(index), stop.signal);
  await clock.advance(5_000);
  return found;
}

async function relay(from: bigint, bytes: Uint8Array): Promise<void> {
  const source = { height: 1n, hash: hashOf(1n) };
  const frame = encodeFrame({ lane: LANE, firstSequence: from, source, packets: bytes });
  await journal.putRelayedFrame(frame, decodeFrame(frame));
}

describe('the packets of a work item without them', () => {
  it('are those of our own verification', async () => {
    await derivePackets(journal, packets, 1n);
    for (const index of [0, 1, 2]) expect(await find(index)).toEqual(chunk(index));
  });

  it('are found when only a part of the checkpoint is verified here', async () => {
    await derivePackets(journal, packets.subarray(0, 5 * 135), 1n);
    expect(await find(0)).toEqual(chunk(0));
    expect(await find(1)).toBeUndefined();
  });

  it('are nothing when those verified here are others than the signed ones', async () => {
    await derivePackets(journal, packetsFrom(0n, 10, { amount: 2n }), 1n);
    expect(await find(0)).toBeUndefined();
  });

  it('come from the bus, or from whoever serves frames', async () => {
    await relay(0n, packets.subarray(0, 4 * 135));
    expect(await find(0)).toEqual(chunk(0));
    expect(await find(1)).toBeUndefined();
    await derivePackets(other, packets, 1n);
    expect(await find(1)).toEqual(chunk(1));
  });

  it('take the place of forged ones', async () => {
    await relay(0n, packetsFrom(0n, 10, { amount: 2n }));
    expect(await find(2)).toBeUndefined();
    await derivePackets(other, packets, 1n);
    expect(await find(2)).toEqual(chunk(2));
  });
});
