import { beforeEach, describe, expect, it } from 'vitest';
import { BACK, derivePackets, LANE, packetsFrom, SOURCE, TARGET, TOKEN } from '../../test/sim/statements.ts';
import { chainName, laneId } from '../core/ids.ts';
import { createMemoryStore, type MemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { createLedger, type Ledger } from './ledger.ts';

// The chain in question is TARGET, where the asset is only represented: LANE brings it, BACK and ELSEWHERE take it away.
const ELSEWHERE = laneId('ee'.repeat(32));
const third = chainName('third');
const lanes = [
  { id: LANE, source: SOURCE, target: TARGET },
  { id: BACK, source: TARGET, target: SOURCE },
  { id: ELSEWHERE, source: TARGET, target: third },
];
const options = { lanes, isHome: (_: unknown, chain: string) => chain === SOURCE };

let store: MemoryStore;
let journal: Journal;
let ledger: Ledger;
beforeEach(() => {
  store = createMemoryStore();
  journal = createJournal(store);
  ledger = createLedger(journal, options);
});

const book = async (lane: typeof BACK, first: bigint, count: number, amount = 1n) =>
  (await ledger.book(lane, first, packetsFrom(first, count, { amount }))).kind;

describe('ledger', () => {
  it('books what came in and no more, and says what is too much', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    await derivePackets(journal, packetsFrom(0n, 20), 1n, BACK, TARGET);
    expect(await book(BACK, 0n, 10)).toBe('booked');
    expect(await ledger.book(BACK, 10n, packetsFrom(10n, 1))).toEqual({
      kind: 'excess',
      excess: [{ asset: TOKEN, inflow: 10n, outflow: 11n }],
    });
    expect((await journal.signed(BACK)).through).toBe(10n);
    await derivePackets(journal, packetsFrom(10n, 1), 2n);
    expect(await book(BACK, 10n, 1)).toBe('booked');
  });

  it('asks nothing of the home of an asset', async () => {
    expect(await book(LANE, 0n, 1000)).toBe('booked');
  });

  it('checks lanes out of one chain one after the other', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    const both = await Promise.all([book(BACK, 0n, 6), book(ELSEWHERE, 0n, 6)]);
    expect(both).toEqual(['booked', 'excess']);
  });

  it('checks the next lane while the disk is busy, and counts what is on its way there', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    const syncs: (() => void)[] = [];
    const busy: Journal = {
      ...journal,
      putSigned: async (lane, record) => {
        await new Promise<void>((synced) => syncs.push(synced));
        await journal.putSigned(lane, record);
      },
    };
    ledger = createLedger(busy, options);
    let isBooked = false;
    const both = Promise.all([book(BACK, 0n, 6), book(ELSEWHERE, 0n, 4)]).finally(() => (isBooked = true));
    expect(await book(ELSEWHERE, 4n, 1)).toBe('excess');
    expect(syncs).toHaveLength(2);
    expect(isBooked).toBe(false);
    for (const synced of syncs) synced();
    expect(await both).toEqual(['booked', 'booked']);
    expect((await journal.signed(ELSEWHERE)).through).toBe(4n);
  });

  it('writes behind the books what goes with them, waits for both, and writes nothing when there are none', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    const seen: string[] = [];
    let synced: () => void = () => undefined;
    const putSigned = async (): Promise<void> => {
      seen.push('books');
      await new Promise<void>((resolve) => (synced = resolve));
      seen.push('books on disk');
    };
    ledger = createLedger({ ...journal, putSigned }, options);
    const behind = async (): Promise<void> => void seen.push('behind');
    const booking = ledger.book(BACK, 0n, packetsFrom(0n, 10), behind).then(({ kind }) => seen.push(kind));
    expect((await ledger.book(BACK, 10n, packetsFrom(10n, 1), behind)).kind).toBe('excess');
    expect(seen).toEqual(['books', 'behind']);
    synced();
    await booking;
    expect(seen).toEqual(['books', 'behind', 'books on disk', 'booked']);
  });

  it('says nothing is booked when the disk fails', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    store.breakDisk();
    await expect(book(BACK, 0n, 6)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(book(BACK, 0n, 6)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('counts overlapping bookings once', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    expect(await book(BACK, 0n, 6)).toBe('booked');
    expect(await book(BACK, 2n, 2)).toBe('booked');
    expect(await book(BACK, 0n, 6)).toBe('booked');
    expect(await book(BACK, 3n, 7)).toBe('booked');
    expect(await journal.signed(BACK)).toEqual({ through: 10n, totals: new Map([[TOKEN, 10n]]) });
  });

  it('has the books on disk before it says so, and goes on with them after a crash', async () => {
    await derivePackets(journal, packetsFrom(0n, 10), 1n);
    await book(BACK, 0n, 10);
    const after = createJournal(store.crash());
    expect((await after.signed(BACK)).totals).toEqual(new Map([[TOKEN, 10n]]));
  });

  it('draws lost books up again from its own frames, and waits for them when they are missing', async () => {
    await derivePackets(journal, packetsFrom(0n, 1000), 1n);
    expect(await book(BACK, 990n, 10)).toBe('incomplete');
    await derivePackets(journal, packetsFrom(0n, 1000), 1n, BACK, TARGET);
    expect(await book(BACK, 990n, 10)).toBe('booked');
    expect(await journal.signed(BACK)).toEqual({ through: 1000n, totals: new Map([[TOKEN, 1000n]]) });
  });

  it('does not take an unknown lane', async () => {
    await expect(book(laneId('ff'.repeat(32)), 0n, 1)).rejects.toThrow('a lane of the manifest');
  });
});
