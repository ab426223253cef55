import { beforeEach, describe, expect, it } from 'vitest';
import {
  BACK,
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
} from '../../test/sim/statements.ts';
import { decodeFrame, encodeFrame } from '../core/frame.ts';
import { idBytes, transferId } from '../core/ids.ts';
import { PACKET_OFFSETS } from '../core/packet.ts';
import { createMemoryStore, type MemoryStore, put, storeKey } from './index.ts';
import { createJournal, type Journal } from './journal.ts';
import { createPruner, type Pruner, type PruneOptions } from './prune.ts';

let store: MemoryStore;
let journal: Journal;
beforeEach(() => {
  store = createMemoryStore();
  journal = createJournal(store);
});

const options: PruneOptions = { lanes: [LANE, BACK], chains: [SOURCE, TARGET], attests: false, framesKept: 2 };
function pruner(more: Partial<PruneOptions> = {}): Pruner {
  return createPruner(store, journal, { ...options, ...more });
}

/** Keys that are there, without their lane and leading zeros. */
async function keys(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.range({ gte: `${prefix}/`, lt: `${prefix}0` })) {
    found.push(Number(`0x${key.split('/')[2]}`).toString());
  }
  return found;
}

/** Five frames of four packets, one block each. */
async function deriveFive(): Promise<void> {
  for (let i = 0; i < 5; i++) await derivePackets(journal, packetsFrom(BigInt(4 * i), 4), BigInt(i + 1));
}

async function relay(first: bigint): Promise<void> {
  const packets = packetsFrom(first, 4);
  const bytes = encodeFrame({ lane: LANE, firstSequence: first, source: { height: 1n, hash: hashOf(1n) }, packets });
  await journal.putRelayedFrame(bytes, decodeFrame(bytes));
}

describe('pruning', () => {
  it('forgets delivered frames below the window, and nothing that is not delivered', async () => {
    await deriveFive();
    const pruning = pruner();
    expect(await pruning.run()).toBe(0);
    await settle(journal, 12n, [
      [0n, 7],
      [8n, 4],
    ]);
    expect(await pruning.run()).toBe(1);
    expect(await keys('frame')).toEqual(['4', '8', '12', '16']);
    expect(await journal.readPackets(LANE, 4n, 16)).toEqual(packetsFrom(4n, 16));
    await settle(journal, 20n, [[0n, 20]], 2n);
    await pruning.run();
    expect(await keys('frame')).toEqual(['12', '16']);
    expect(await journal.readPackets(LANE, 12n, 8)).toEqual(packetsFrom(12n, 8));
    expect(await pruning.run()).toBe(0);
  });

  it('of an attester waits for its own books', async () => {
    await deriveFive();
    await settle(journal, 20n, [[0n, 20]]);
    const pruning = pruner({ attests: true });
    expect(await pruning.run()).toBe(0);
    expect(await keys('frame')).toEqual(['0', '4', '8', '12', '16']);
    await journal.putSigned(LANE, { through: 8n, totals: new Map() });
    await pruning.run();
    expect(await keys('frame')).toEqual(['8', '12', '16']);
  });

  it('keeps what people are told about the frames that are left', async () => {
    await deriveFive();
    await journal.putStep(TARGET, stepAt(1n));
    const delivered = [0n, 4n, 8n, 12n, 16n].map((firstSequence) => ({ firstSequence, count: 4, transaction: '0xdd' }));
    const refused = [3n, 13n].map((sequence) => ({ sequence, reason: 'expired', transaction: '0xdd' }));
    const settlement = { lane: LANE, acceptedSequence: 20n, accepted: [], delivered, refused };
    await journal.putDerivation(TARGET, stepAt(1n).head, derivation(1n, { settlements: [settlement] }));
    await pruner().run();
    expect(await keys('delivered')).toEqual(['12', '16']);
    expect(await keys('refused')).toEqual(['13']);
    expect(await journal.deliveredBy(LANE, 13n)).toMatchObject({ transaction: '0xdd' });
    expect(await journal.deliveredBy(LANE, 3n)).toBeUndefined();
  });

  it('forgets certificates and frames from the bus as soon as they are delivered', async () => {
    for (const first of [0n, 4n, 8n]) {
      await relay(first);
      const statement = statementOver(packetsFrom(first, 4));
      await journal.putCertificate(signedBy(statement, KEYS.slice(0, 2)));
    }
    await settle(journal, 12n, [[0n, 10]]);
    await pruner().run();
    expect(await keys('relayed')).toEqual(['8']);
    expect((await journal.certificates(LANE, 0n, 9)).map(({ checkpoint }) => checkpoint.firstSequence)).toEqual([8n]);
    expect(await journal.readRelayedPackets(LANE, 8n, 4)).toEqual(packetsFrom(8n, 4));
  });

  it('keeps all packets of a checkpoint while one chunk of it is not delivered, however far the lane went on', async () => {
    await deriveFive();
    for (const first of [0n, 4n]) await relay(first);
    for (const [first, count] of [
      [0n, 4],
      [4n, 8],
      [12n, 8],
    ] as const) {
      await journal.putCertificate(signedBy(statementOver(packetsFrom(first, count)), KEYS.slice(0, 2)));
    }
    await settle(journal, 20n, [
      [0n, 10],
      [12n, 8],
    ]);
    const pruning = pruner({ framesKept: 0 });
    await pruning.run();
    expect([await keys('frame'), await keys('relayed')]).toEqual([['4', '8', '12', '16'], ['4']]);
    expect(await journal.readPackets(LANE, 4n, 8)).toEqual(packetsFrom(4n, 8));
    await settle(journal, 20n, [[10n, 2]], 2n);
    await pruning.run();
    expect([await keys('frame'), await keys('relayed')]).toEqual([[], []]);
  });

  it('keeps the hashes of blocks that a statement may name, whatever heights there are', async () => {
    for (const height of [3n, 5n, 4_098n, 4_103n]) await journal.putStep(SOURCE, stepAt(height));
    await pruner().run();
    expect(await keys('block')).toEqual(['4098', '4103']);
    expect(await journal.verifiedHash(SOURCE, 4_098n)).toEqual(hashOf(4_098n));
  });

  it('goes on after a restart, and takes note of what is written meanwhile', async () => {
    await deriveFive();
    await settle(journal, 20n, [[0n, 20]]);
    const first = pruner();
    const running = first.run();
    await relay(0n);
    await running;
    await first.run();
    first.close();
    expect([await keys('frame'), await keys('relayed')]).toEqual([['12', '16'], []]);
    await derivePackets(journal, packetsFrom(20n, 4), 6n);
    await settle(journal, 24n, [[20n, 4]], 2n);
    await pruner().run();
    expect(await keys('frame')).toEqual(['16', '20']);
  });

  it('keeps places of returns, intents, books and records', async () => {
    const [refused] = [transferId('ab'.repeat(32))];
    const packets = packetsFrom(0n, 4, { kind: 'return' });
    packets.set(idBytes(refused), PACKET_OFFSETS.sourceReference);
    await derivePackets(journal, packets, 1n);
    await journal.putSigned(LANE, { through: 4n, totals: new Map() });
    await store.write([put(storeKey('intent', TARGET, '0xaa', 1n), Uint8Array.of(1))], { sync: true });
    await settle(journal, 4n, [[0n, 4]]);
    await pruner({ framesKept: 0 }).run();
    expect(await keys('frame')).toEqual([]);
    expect(await journal.returnOf(refused)).toMatchObject({ lane: LANE, sequence: 0n });
    expect((await journal.signed(LANE)).through).toBe(4n);
    expect((await journal.lane(LANE)).derived).toBe(4n);
    expect(await store.get(storeKey('intent', TARGET, '0xaa', 1n))).toBeDefined();
  });
});
