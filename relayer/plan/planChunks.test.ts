import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laneId } from '../core/ids.ts';
import { freshFairness, served } from './fairness.ts';
import { type CheckpointView, keptPlaces, type LanePlanView, planChunks } from './planChunks.ts';

const SIZE = 4;
const lane = (index: number) => laneId(index.toString(16).padStart(64, '0'));

interface LaneSpec {
  readonly counts: readonly number[];
  /** How many of the checkpoints the target accepted. */
  readonly accepted: number;
  readonly paused: boolean;
  /** Chunks, counted over the whole lane, that need nothing. */
  readonly delivered: readonly number[];
  readonly inFlight: readonly number[];
  readonly weight?: number;
}

/** A lane of checkpoints laid end to end. */
function viewOf(index: number, spec: LaneSpec): LanePlanView<CheckpointView> {
  let next = 0n;
  const certificates = spec.counts.map((packetCount) => {
    const certificate = { firstSequence: next, packetCount, chunkSize: SIZE };
    next += BigInt(packetCount);
    return certificate;
  });
  const chunks = certificates.flatMap((certificate) =>
    Array.from({ length: Math.ceil(certificate.packetCount / SIZE) }, (_, i) => ({ certificate, chunkIndex: i })),
  );
  const among = (wanted: readonly number[], first: bigint): boolean =>
    wanted.some((at) => {
      const chunk = chunks[at];
      return chunk !== undefined && chunk.certificate.firstSequence + BigInt(chunk.chunkIndex * SIZE) === first;
    });
  return {
    lane: lane(index),
    weight: spec.weight ?? 1,
    taken: 0,
    paused: spec.paused,
    accepted: certificates[spec.accepted]?.firstSequence ?? next,
    certificates,
    isDelivered: (first) => among(spec.delivered, first),
    isInFlight: (certificate, chunkIndex) =>
      among(spec.inFlight, certificate.firstSequence + BigInt(chunkIndex * SIZE)),
  };
}

const idle: LaneSpec = { counts: [8, 6], accepted: 0, paused: false, delivered: [], inFlight: [] };
const planned = (specs: readonly LaneSpec[], room: number): string[] =>
  planChunks(
    specs.map((spec, index) => viewOf(index, spec)),
    room,
    freshFairness(),
  ).map(({ lane: id, certificate, chunkIndex }) => `${Number(`0x${id}`)}:${certificate.firstSequence}.${chunkIndex}`);

describe('planChunks', () => {
  it.each([
    ['the next checkpoint only', [idle], 9, ['0:0.0', '0:0.1']],
    ['what was accepted and the next', [{ ...idle, accepted: 1 }], 9, ['0:0.0', '0:0.1', '0:8.0', '0:8.1']],
    [
      'not what is delivered or in flight',
      [{ ...idle, accepted: 1, delivered: [0], inFlight: [2] }],
      9,
      ['0:0.1', '0:8.1'],
    ],
    ['nothing of a paused lane', [{ ...idle, paused: true }, idle], 9, ['1:0.0', '1:0.1']],
    ['lanes in turn', [idle, idle, idle], 4, ['0:0.0', '1:0.0', '2:0.0', '0:0.1']],
    ['nothing without room', [idle], 0, []],
    ['nothing with less than no room', [idle], -3, []],
    ['nothing without certificates', [{ ...idle, counts: [] }], 9, []],
  ])('plans %s', (_, specs, room, expected) => {
    expect(planned(specs, room)).toEqual(expected);
  });

  it('skips a gap in the certificates', () => {
    const view = viewOf(0, idle);
    const gap = { ...view, certificates: view.certificates.slice(1) };
    expect(planChunks([gap], 9, freshFairness())).toEqual([]);
  });

  it('gives lanes their weights, in packets', () => {
    const long = { ...idle, counts: [400] };
    const small = { ...idle, counts: Array<number>(100).fill(1), accepted: 100 };
    const views = [viewOf(0, { ...long, weight: 3 }), viewOf(1, long), viewOf(2, small)];
    // Before what is kept for the one with small chunks has a say.
    const chunks = planChunks(views, 60, freshFairness()).slice(0, 24);
    const packetsOf = (index: number): number =>
      chunks.filter(({ lane: id }) => id === lane(index)).reduce((sum, { packets }) => sum + packets, 0);
    expect([packetsOf(0), packetsOf(1), packetsOf(2)]).toEqual([36, 12, 12]);
  });

  it('keeps places for every lane, however much one that is stuck holds', () => {
    const long = { ...idle, counts: [400] };
    const stuck = viewOf(0, long);
    expect(planChunks([stuck, viewOf(1, { ...idle, counts: [] })], 64, freshFairness())).toHaveLength(48);
    expect(planChunks([stuck, viewOf(1, { ...idle, counts: [], paused: true })], 64, freshFairness())).toHaveLength(64);
    const others = [1, 2, 3].map((index) => viewOf(index, long));
    const full = [{ ...stuck, taken: 40 }, ...others.slice(0, 2).map((view) => ({ ...view, taken: 12 })), others[2]!];
    // 64 places and 64 taken: but for the kept ones it would have come that far.
    expect(planChunks(full, 64, freshFairness())).toEqual([]);
    const kept = keptPlaces(64, 1, 4);
    const left = planChunks([{ ...stuck, taken: 64 - 3 * kept }, ...others], 64, freshFairness());
    expect(left.map(({ lane: id }) => id).sort()).toEqual(
      [1, 2, 3].flatMap((index) => Array<string>(kept).fill(lane(index))),
    );
  });

  const spec = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
    accepted: fc.nat(4),
    paused: fc.boolean(),
    delivered: fc.array(fc.nat(19), { maxLength: 8 }),
    inFlight: fc.array(fc.nat(19), { maxLength: 8 }),
    weight: fc.integer({ min: 1, max: 5 }),
  });

  it('never plans too much, too far, twice or out of order, and leaves only kept places while there is work', () => {
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 5 }), fc.nat(30), (specs, places) => {
        const views = specs.map((one, index) => viewOf(index, one));
        const chunks = planChunks(views, places, freshFairness());
        const everything = planChunks(views, 10_000, freshFairness());
        const open = views.filter(({ paused }) => !paused).map(({ weight }) => weight);
        const weights = open.reduce((sum, weight) => sum + weight, 0);
        const kept = open.length < 2 ? [] : open.map((weight) => keptPlaces(places, weight, weights));
        expect(chunks.length).toBeLessThanOrEqual(Math.min(places, everything.length));
        const most = places - kept.reduce((sum, one) => sum + one, 0);
        expect(chunks.length).toBeGreaterThanOrEqual(Math.min(most, everything.length));
        const seen = new Set<string>();
        const last = new Map<string, number>();
        for (const { lane: id, certificate, chunkIndex, packets } of chunks) {
          const view = views.find((one) => one.lane === id)!;
          const before = chunkIndex * SIZE;
          expect(view.paused).toBe(false);
          expect(certificate.firstSequence <= view.accepted).toBe(true);
          expect(packets).toBe(Math.min(SIZE, certificate.packetCount - before));
          expect(packets).toBeGreaterThan(0);
          expect(view.isDelivered(certificate.firstSequence + BigInt(before))).toBe(false);
          expect(view.isInFlight(certificate, chunkIndex)).toBe(false);
          const key = `${id} ${certificate.firstSequence} ${chunkIndex}`;
          expect(seen.has(key)).toBe(false);
          seen.add(key);
          const first = Number(certificate.firstSequence) + before;
          expect(first).toBeGreaterThan(last.get(id) ?? -1);
          last.set(id, first);
        }
      }),
    );
  });

  it('starves no lane with few places over many rounds, and gives each its share within a chunk', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.integer({ min: 1, max: 5 }) }), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        (lanes, places) => {
          let fairness = freshFairness<ReturnType<typeof lane>>();
          const handed = new Set<string>();
          const packets = lanes.map(() => 0);
          for (let round = 0; round < 60; round++) {
            // Everything handed out in one round is done by the next.
            const views = lanes.map(({ weight }, index) => ({
              ...viewOf(index, { ...idle, counts: [2_000], weight }),
              isDelivered: () => false,
              isInFlight: (_: CheckpointView, chunk: number) => handed.has(`${index} ${chunk}`),
            }));
            for (const chunk of planChunks(views, places, fairness)) {
              const index = views.findIndex((view) => view.lane === chunk.lane);
              handed.add(`${index} ${chunk.chunkIndex}`);
              packets[index]! += chunk.packets;
              fairness = served(fairness, chunk.lane, chunk.packets, lanes[index]!.weight);
            }
          }
          const shares = packets.map((sum, index) => sum / lanes[index]!.weight);
          const slack = lanes.map(({ weight }) => SIZE / weight);
          for (const a of lanes.keys()) {
            for (const b of lanes.keys()) expect(shares[a]! - shares[b]!).toBeLessThanOrEqual(slack[a]! + slack[b]!);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
