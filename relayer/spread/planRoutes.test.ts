import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetId, chainName, laneId, type LaneId } from '../core/ids.ts';
import { PARTS_MAX, planRoutes, QUOTES_MAX, type RouteAsset, type RouteLane, type RouteWish } from './planRoutes.ts';

const ASSET = assetId(1);
const [home, middle, away, other] = ['home', 'middle', 'away', 'other'].map((name) => chainName(name)) as [
  ReturnType<typeof chainName>,
  ReturnType<typeof chainName>,
  ReturnType<typeof chainName>,
  ReturnType<typeof chainName>,
];
const id = (index: number): LaneId => laneId(index.toString(16).padStart(64, '0'));
const asset: RouteAsset = {
  asset: ASSET,
  minAmount: 1n,
  maxAmount: undefined,
  granularity: 1n,
  roomNow: undefined,
  fee: 0n,
};
const lane = (index: number, more: Partial<RouteLane> = {}, row: Partial<RouteAsset> = {}): RouteLane => ({
  lane: id(index),
  source: home,
  target: away,
  isOpen: true,
  assets: [{ ...asset, ...row }],
  baseSeconds: 60,
  waiting: 0,
  perSecond: 10,
  ...more,
});
const wish: RouteWish = {
  asset: ASSET,
  amount: 1_000n,
  source: home,
  targets: [away],
  maySplit: false,
  mayStopOver: false,
};
const shown = (lanes: readonly RouteLane[], more: Partial<RouteWish> = {}): string[] =>
  planRoutes(lanes, { ...wish, ...more }).map(({ target, parts, seconds }) => {
    const ways = parts.map(({ lanes: ids, amount }) => `${amount}@${ids.map((one) => Number(`0x${one}`)).join('>')}`);
    return `${target} ${ways.join('+')} ${seconds}s`;
  });

describe('planRoutes', () => {
  it.each<[string, RouteLane[], Partial<RouteWish>, string[]]>([
    ['the one way there is', [lane(1)], {}, ['away 1000@1 60s']],
    [
      'the soonest first, its queue counted',
      [lane(1, { waiting: 1_000 }), lane(2, { baseSeconds: 90 })],
      {},
      ['away 1000@2 90s', 'away 1000@1 160s'],
    ],
    ['no closed lane', [lane(1, { isOpen: false })], {}, []],
    ['no other asset', [lane(1)], { asset: assetId(2) }, []],
    ['nothing below the least', [lane(1, {}, { minAmount: 1_001n })], {}, []],
    ['nothing above the most', [lane(1, {}, { maxAmount: 999n })], {}, []],
    ['nothing above the room of now', [lane(1, {}, { roomNow: 999n })], {}, []],
    ['nothing finer than the coarser side holds', [lane(1, {}, { granularity: 300n })], {}, []],
    ['nothing for nothing', [lane(1)], { amount: 0n }, []],
    [
      'any target that will do',
      [lane(1), lane(2, { target: other, baseSeconds: 5 })],
      { targets: [away, other] },
      ['other 1000@2 5s', 'away 1000@1 60s'],
    ],
    [
      'a split where one lane has no room',
      [lane(1, {}, { roomNow: 600n }), lane(2, { baseSeconds: 90 }, { roomNow: 700n })],
      { maySplit: true },
      ['away 600@1+400@2 90s'],
    ],
    ['no split that was not asked for', [lane(1, {}, { roomNow: 600n }), lane(2, {}, { roomNow: 700n })], {}, []],
    [
      'no split that does not come out',
      [lane(1, {}, { roomNow: 600n }), lane(2, {}, { roomNow: 700n, granularity: 300n })],
      { maySplit: true },
      [],
    ],
    [
      'a stop over the middle',
      [lane(1, { target: middle }), lane(2, { source: middle })],
      { mayStopOver: true },
      ['away 1000@1>2 180s'],
    ],
    ['no stop that was not asked for', [lane(1, { target: middle }), lane(2, { source: middle })], {}, []],
    [
      'a stop only for what suits both lanes',
      [lane(1, { target: middle }, { granularity: 8n }), lane(2, { source: middle }, { granularity: 3n })],
      { mayStopOver: true },
      [],
    ],
  ])('plans %s', (_, lanes, more, expected) => {
    expect(shown(lanes, more)).toEqual(expected);
  });

  it('says in plain words what it means', () => {
    const lanes = [
      lane(1, { waiting: 20 }, { roomNow: 600n, fee: 2n }),
      lane(2, { target: middle }),
      lane(3, { source: middle }),
    ];
    const quotes = planRoutes(lanes, { ...wish, maySplit: true, mayStopOver: true });
    expect(quotes.map(({ explanation, fee }) => ({ fee, explanation }))).toMatchInlineSnapshot(`
      [
        {
          "explanation": [
            "1000 units from home to middle, then middle to away: about 180 s, no fee; nothing waits before it. You send it on yourself from middle.",
          ],
          "fee": 0n,
        },
        {
          "explanation": [
            "The amount is split over 2 transfers, sent side by side.",
            "600 units from home to away: about 62 s, a fee of 2; 20 transfers wait before it.",
            "400 units from home to middle, then middle to away: about 180 s, no fee; nothing waits before it. You send it on yourself from middle.",
          ],
          "fee": 2n,
        },
      ]
    `);
  });

  it('keeps every limit, sums exactly, goes where it should, and ranks by time', () => {
    const chains = [home, middle, away, other];
    const row = fc.record({
      minAmount: fc.bigInt(1n, 200n),
      maxAmount: fc.option(fc.bigInt(500n, 5_000n), { nil: undefined }),
      granularity: fc.constantFrom(1n, 1n, 2n, 10n),
      roomNow: fc.option(fc.bigInt(400n, 3_000n), { nil: undefined }),
      fee: fc.constantFrom(0n, 0n, 10n, 20n),
    });
    const lanes = fc.array(
      fc.record({
        ends: fc.tuple(fc.nat(3), fc.nat(3)),
        row,
        isOpen: fc.constantFrom(true, true, true, false),
        baseSeconds: fc.integer({ min: 1, max: 900 }),
        waiting: fc.nat(5_000),
      }),
      { minLength: 6, maxLength: 14 },
    );
    let seen = 0;
    fc.assert(
      fc.property(
        lanes,
        fc.bigInt(1n, 400n).map((units) => units * 10n),
        fc.boolean(),
        fc.boolean(),
        (specs, amount, maySplit, mayStopOver) => {
          const all = specs.map(({ ends: [from, to], row: more, ...rest }, index) =>
            lane(index, { source: chains[from]!, target: chains[to]!, ...rest }, more),
          );
          const quotes = planRoutes(all, { ...wish, amount, targets: [away, other], maySplit, mayStopOver });
          expect(quotes.length).toBeLessThanOrEqual(QUOTES_MAX);
          const times = quotes.map(({ seconds }) => seconds);
          expect(times).toEqual([...times].sort((a, b) => a - b));
          for (const { target, parts, fee, seconds } of quotes) {
            seen++;
            expect(parts.length).toBeLessThanOrEqual(maySplit ? PARTS_MAX : 1);
            expect(parts.reduce((sum, part) => sum + part.amount, 0n)).toBe(amount);
            expect(parts.reduce((sum, part) => sum + part.amount - part.arrives, 0n)).toBe(fee);
            expect(seconds).toBe(Math.max(...parts.map((part) => part.seconds)));
            const used = parts.flatMap((part) => part.lanes);
            expect(new Set(used).size).toBe(used.length);
            for (const part of parts) {
              expect(part.lanes.length).toBeLessThanOrEqual(mayStopOver ? 2 : 1);
              expect(part.arrives).toBeGreaterThan(0n);
              let [at, carried] = [home, part.amount];
              for (const laneOf of part.lanes) {
                const one = all.find(({ lane: name }) => name === laneOf)!;
                const [rules] = one.assets as [RouteAsset];
                expect([one.isOpen, one.source]).toEqual([true, at]);
                expect(carried >= rules.minAmount && carried <= (rules.maxAmount ?? carried)).toBe(true);
                expect(carried <= (rules.roomNow ?? carried)).toBe(true);
                expect(carried % rules.granularity).toBe(0n);
                carried -= rules.fee;
                at = one.target;
              }
              expect([at, carried]).toEqual([target, part.arrives]);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});
