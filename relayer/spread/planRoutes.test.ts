import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetId, chainName, laneId, type LaneId } from '../core/ids.ts';
import {
  PARTS_MAX,
  planRoutes,
  QUOTES_MAX,
  type RouteAsset,
  type RouteLane,
  type RouteWish,
  whyNoRoute,
} from './planRoutes.ts';

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
  middles: [],
};
const middles = [{ chain: middle, seconds: 60 }];
const shown = (lanes: readonly RouteLane[], more: Partial<RouteWish> = {}): string[] =>
  planRoutes(lanes, { ...wish, ...more }).map(({ targets, parts, seconds }) => {
    const ways = parts.map(({ lanes: ids, amount }) => `${amount}@${ids.map((one) => Number(`0x${one}`)).join('>')}`);
    return `${targets.join(',')} ${ways.join('+')} ${seconds}s`;
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
      'a split where one target has no room',
      [lane(1, {}, { roomNow: 600n }), lane(2, { target: other, baseSeconds: 90 }, { roomNow: 700n })],
      { maySplit: true, targets: [away, other] },
      ['away,other 600@1+400@2 90s'],
    ],
    [
      'several transfers over one lane',
      [lane(1, {}, { maxAmount: 400n })],
      { maySplit: true },
      ['away 400@1+400@1+200@1 60s'],
    ],
    [
      'a rest that is large enough for its lane',
      [lane(1, {}, { maxAmount: 950n, minAmount: 100n })],
      { maySplit: true },
      ['away 900@1+100@1 60s'],
    ],
    [
      'what a target pays out once for all lanes to it',
      [lane(1, {}, { roomNow: 600n }), lane(2, {}, { roomNow: 600n })],
      { maySplit: true },
      [],
    ],
    ['no split that was not asked for', [lane(1, {}, { maxAmount: 600n })], {}, []],
    [
      'no split that does not come out',
      [lane(1, {}, { roomNow: 600n }), lane(2, { target: other }, { roomNow: 700n, granularity: 300n })],
      { maySplit: true, targets: [away, other] },
      [],
    ],
    [
      'a stop over the middle',
      [lane(1, { target: middle }), lane(2, { source: middle })],
      { middles },
      ['away 1000@1>2 180s'],
    ],
    ['no stop that was not asked for', [lane(1, { target: middle }), lane(2, { source: middle })], {}, []],
    [
      'a stop only for what suits both lanes',
      [lane(1, { target: middle }, { granularity: 8n }), lane(2, { source: middle }, { granularity: 3n })],
      { middles },
      [],
    ],
  ])('plans %s', (_, lanes, more, expected) => {
    expect(shown(lanes, more)).toEqual(expected);
  });

  it.each<[string, RouteLane[], Partial<RouteWish>, string]>([
    ['no lane', [], {}, 'There is no lane from home to away.'],
    ['a closed lane', [lane(1, { isOpen: false })], {}, 'The lane from home to away takes no transfers now.'],
    ['another asset', [lane(1, { assets: [] })], {}, 'The lane from home to away does not carry this asset.'],
    ['too little', [lane(1, {}, { minAmount: 2_000n })], {}, 'From home to away a transfer has at least 2000 units.'],
    ['too fine', [lane(1, {}, { granularity: 300n })], {}, 'From home to away amounts are multiples of 300 units.'],
    [
      'too much for one',
      [lane(1, {}, { maxAmount: 900n })],
      {},
      'From home to away a transfer has at most 900 units; more of them may carry it.',
    ],
    ['no room', [lane(1, {}, { roomNow: 9n })], { show: (n) => `${n} X` }, 'away pays out no more than 9 X now.'],
    ['nothing', [lane(1)], { amount: 0n }, 'An amount above zero is needed.'],
  ])('says why there is no way: %s', (_, lanes, more, expected) => {
    const asked = { ...wish, ...more };
    expect(planRoutes(lanes, asked)).toEqual([]);
    expect(whyNoRoute(lanes, asked)).toEqual([expected]);
  });

  it('says in plain words what it means', () => {
    const lanes = [
      lane(1, { waiting: 20 }, { roomNow: 600n, fee: 2n }),
      lane(2, { target: middle }),
      lane(3, { source: middle }),
    ];
    const quotes = planRoutes(lanes, { ...wish, maySplit: true, middles });
    expect(quotes.map(({ explanation, fee }) => ({ fee, explanation }))).toMatchInlineSnapshot(`
      [
        {
          "explanation": [
            "1000 units from home to middle, then middle to away: about 180 s, no fee; nothing waits before it. A forwarder on middle sends it on; what cannot go on stays yours there.",
            "It comes first: the next takes about as long, at a higher fee.",
          ],
          "fee": 0n,
        },
        {
          "explanation": [
            "The amount is split over 2 transfers, sent side by side.",
            "600 units from home to away: about 62 s, a fee of 2 units; 20 transfers wait before it.",
            "400 units from home to middle, then middle to away: about 180 s, no fee; nothing waits before it. A forwarder on middle sends it on; what cannot go on stays yours there.",
          ],
          "fee": 2n,
        },
      ]
    `);
  });

  it('keeps every limit, sums exactly, goes where it should, and ranks by time, those alike by fee', () => {
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
        (specs, amount, maySplit, hasMiddle) => {
          const all = specs.map(({ ends: [from, to], row: more, ...rest }, index) =>
            lane(index, { source: chains[from]!, target: chains[to]!, ...rest }, more),
          );
          const quotes = planRoutes(all, {
            ...wish,
            amount,
            targets: [away, other],
            maySplit,
            middles: hasMiddle ? middles : [],
          });
          expect(quotes.length).toBeLessThanOrEqual(QUOTES_MAX);
          for (const [index, { seconds }] of quotes.slice(1).entries()) {
            expect(quotes[index]!.seconds).toBeLessThanOrEqual(seconds * 1.1);
          }
          for (const { targets, parts, fee, seconds } of quotes) {
            seen++;
            expect(parts.length).toBeLessThanOrEqual(maySplit ? PARTS_MAX : 1);
            expect(parts.reduce((sum, part) => sum + part.amount, 0n)).toBe(amount);
            expect(parts.reduce((sum, part) => sum + part.amount - part.arrives, 0n)).toBe(fee);
            expect(seconds).toBe(Math.max(...parts.map((part) => part.seconds)));
            expect(new Set(targets)).toEqual(new Set(parts.map((part) => part.target)));
            const paid = new Map<LaneId, bigint>();
            for (const part of parts) {
              expect(part.lanes.length).toBeLessThanOrEqual(hasMiddle ? 2 : 1);
              expect(part.arrives).toBeGreaterThan(0n);
              let [at, carried] = [home, part.amount];
              for (const laneOf of part.lanes) {
                const one = all.find(({ lane: name }) => name === laneOf)!;
                const [rules] = one.assets as [RouteAsset];
                expect([one.isOpen, one.source]).toEqual([true, at]);
                expect(carried >= rules.minAmount && carried <= (rules.maxAmount ?? carried)).toBe(true);
                const before = paid.get(laneOf) ?? 0n;
                paid.set(laneOf, before + carried);
                expect(before + carried <= (rules.roomNow ?? before + carried)).toBe(true);
                expect(carried % rules.granularity).toBe(0n);
                carried -= rules.fee;
                at = one.target;
              }
              expect([at, carried]).toEqual([part.target, part.arrives]);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});
