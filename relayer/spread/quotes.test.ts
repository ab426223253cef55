import { describe, expect, it } from 'vitest';
import { createFakeNetwork, TOKEN } from '../../test/sim/fakeNetwork.ts';
import { derivePackets, derivation, packetsFrom, stepAt } from '../../test/sim/statements.ts';
import { createTestClock } from '../../test/sim/testClock.ts';
import { assetById, type Manifest } from '../manifest/index.ts';
import { type ChainName, chainName, laneId } from '../core/ids.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal } from '../store/journal.ts';
import { createLaneMeter } from './laneMeter.ts';
import { createQuotes, type QuotesDeps, type QuoteWish } from './quotes.ts';

const { manifest, lane } = createFakeNetwork();
const [nameA, nameB] = manifest.chains.map(({ name }) => name) as [ChainName, ChainName];
const asset = assetById(manifest, TOKEN)!;
const { signal } = new AbortController();
const ONE = 10n ** 18n;
const wish: QuoteWish = {
  asset,
  amount: 5n * ONE,
  source: nameA,
  targets: [{ chain: nameB, receiver: undefined }],
  maySplit: false,
  via: 'no',
};

function setUp(more: Partial<QuotesDeps> = {}, network: Manifest = manifest) {
  const clock = createTestClock(1_000_000);
  const journal = createJournal(createMemoryStore());
  const meter = createLaneMeter({ journal, clock, chainClock: () => undefined }, network.lanes);
  const ask = createQuotes({
    clock,
    manifest: network,
    journal,
    meter,
    blocked: () => undefined,
    roomNow: async () => Promise.resolve(undefined),
    unpayable: async () => Promise.resolve(undefined),
    costOf: () => undefined,
    middles: [],
    ...more,
  });
  return { clock, journal, meter, ask };
}

describe('quotes', () => {
  it('go by rules of thumb before anything was delivered, and say so', async () => {
    const { ask } = setUp();
    expect(await ask(wish, signal)).toMatchInlineSnapshot(`
      {
        "notes": [
          "fake-a to fake-b: nothing was delivered lately; its time is a rule of thumb.",
        ],
        "quotes": [
          {
            "explanation": [
              "5 TST from fake-a to fake-b: about 84 s, no fee; nothing waits before it.",
            ],
            "fee": 0n,
            "parts": [
              {
                "amount": 5000000000000000000n,
                "arrives": 5000000000000000000n,
                "deliveryCosts": [],
                "lanes": [
                  "a3dbb007bd95ecdc426cddd97cf78c4a9c0c0de1a1b8fc973ed75202b94c6e9c",
                ],
                "seconds": 84,
                "target": "fake-b",
                "via": undefined,
              },
            ],
            "seconds": 84,
            "targets": [
              "fake-b",
            ],
          },
        ],
      }
    `);
  });

  it('go by what the lane showed: finality, delivery, what waits', async () => {
    const { clock, journal, ask } = setUp();
    await clock.settle();
    // Ten blocks' time passes between a block and its derivation: times in this chain are its heights.
    for (const height of [980n, 990n]) {
      await clock.advance(10_000);
      const first = height === 980n ? 0n : 4n;
      await derivePackets(journal, packetsFrom(first, 4, { asset: TOKEN }), height, lane.aToB, nameA);
      await clock.advance(8_000);
      await journal.putStep(nameB, stepAt(height));
      const delivered = [{ firstSequence: first, count: 4, transaction: '0xdd' }];
      const settlements = [{ lane: lane.aToB, acceptedSequence: first + 4n, accepted: [], delivered, refused: [] }];
      await journal.putDerivation(nameB, stepAt(height).head, derivation(height, { settlements }));
      await clock.settle();
    }
    const { quotes, notes } = await ask(wish, signal);
    // Of an age of 30 and then 38 s the mean moves by a fifth; 8 s more to the delivery.
    expect(quotes[0]?.seconds).toBeCloseTo(30 + 0.2 * 8 + 8, 5);
    expect(notes).toEqual([]);
    await derivePackets(journal, packetsFrom(8n, 4, { asset: TOKEN }), 995n, lane.aToB, nameA);
    await clock.settle();
    const busy = (await ask(wish, signal)).quotes[0];
    expect(busy?.explanation[0]).toMatch(/4 transfers wait before it/);
    expect(busy!.seconds).toBeGreaterThan(30);
  });

  it('go by other lanes to the same target where a lane has shown nothing', async () => {
    const [row] = manifest.lanes;
    const third = { ...row!, id: laneId('77'.repeat(32)), source: chainName('fake-c') };
    const chains = [...manifest.chains, { ...manifest.chains[0]!, name: third.source }];
    const [home] = asset.representations;
    const wide = { ...asset, representations: [...asset.representations, { ...home!, chain: third.source }] };
    const network = { ...manifest, chains, assets: [wide], lanes: [...manifest.lanes, third] };
    const { clock, journal, ask } = setUp({}, network);
    await clock.settle();
    await clock.advance(10_000);
    await derivePackets(journal, packetsFrom(0n, 4, { asset: TOKEN }), 980n, lane.aToB, nameA);
    await clock.advance(8_000);
    await journal.putStep(nameB, stepAt(980n));
    const delivered = [{ firstSequence: 0n, count: 4, transaction: '0xdd' }];
    const settlements = [{ lane: lane.aToB, acceptedSequence: 4n, accepted: [], delivered, refused: [] }];
    await journal.putDerivation(nameB, stepAt(980n).head, derivation(980n, { settlements }));
    await clock.settle();
    const { quotes, notes } = await ask({ ...wish, asset: wide, source: third.source }, signal);
    // Two blocks of twelve seconds by the rule of thumb, and the eight seconds that were measured.
    expect(quotes[0]?.seconds).toBe(32);
    expect(notes).toEqual([
      'fake-c to fake-b: nothing was delivered lately; its time is that of other lanes to fake-b.',
    ]);
  });

  it('say what the relayer pays, where it was learned', async () => {
    const { ask } = setUp({ costOf: () => 11_799.2 });
    const { quotes } = await ask(wish, signal);
    expect(quotes[0]?.parts[0]?.deliveryCosts).toEqual(['11800 gas']);
    expect(quotes[0]?.explanation[0]).toMatch(/ The relayer pays about 11800 gas for its delivery\.$/);
  });

  it('keep to what the target pays out now, and may share that out', async () => {
    const room = async () => Promise.resolve(3n * ONE);
    const { ask } = setUp({ roomNow: room });
    const { quotes, notes } = await ask({ ...wish, maySplit: true }, signal);
    expect(quotes).toEqual([]);
    expect(notes.at(-1)).toBe('fake-b pays out no more than 3 TST now.');
    // A gateway is not asked again for each question.
    let asked = 0;
    const counting = setUp({ roomNow: async () => Promise.resolve(BigInt(++asked) * ONE * 100n) });
    await Promise.all([counting.ask(wish, signal), counting.ask(wish, signal), counting.ask(wish, signal)]);
    expect(asked).toBe(1);
    await counting.clock.advance(6_000);
    await counting.ask(wish, signal);
    expect(asked).toBe(2);
    await expect(counting.ask(wish, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    // What cannot be asked stands in nobody's way.
    const away = setUp({ roomNow: async () => Promise.reject(new Error('away')) });
    expect((await away.ask(wish, signal)).quotes.length).toBe(1);
  });

  it('leave out what a receiver could not be paid', async () => {
    const receiver = new Uint8Array(20).fill(7);
    const seen: unknown[] = [];
    const unpayable: QuotesDeps['unpayable'] = async (...asked) => {
      seen.push(asked.slice(0, 4));
      return Promise.resolve('below the existential deposit');
    };
    const { ask } = setUp({ unpayable });
    const { quotes, notes } = await ask({ ...wish, targets: [{ chain: nameB, receiver }] }, signal);
    expect(quotes).toEqual([]);
    expect(notes.at(-1)).toBe('fake-b would not pay 5 TST to it: below the existential deposit.');
    expect(seen).toEqual([[nameB, TOKEN, 5n * ONE, receiver]]);
  });

  it('close the lanes of a frozen chain, and repeat what blocks one', async () => {
    const { journal, ask } = setUp({ blocked: () => ({ step: 'submit', reason: 'the gateway is paused' }) });
    expect((await ask(wish, signal)).notes[0]).toBe('fake-a to fake-b waits for submit: the gateway is paused.');
    await journal.putStep(nameB, stepAt(1n));
    await journal.freeze(nameB, 'two truths');
    const { quotes, notes } = await ask(wish, signal);
    expect(quotes).toEqual([]);
    expect(notes).toContain('fake-a to fake-b is closed: a chain is frozen.');
    expect(notes.at(-1)).toBe('The lane from fake-a to fake-b takes no transfers now.');
  });
});
