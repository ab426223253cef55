import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laneId } from '../core/ids.ts';
import { type CheckpointView, type LanePlanView, planChunks } from './planChunks.ts';

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
    expect(planChunks([gap], 9)).toEqual([]);
  });

  it('never plans too much, too far, twice or unfairly, and leaves no room while there is work', () => {
    const spec = fc.record({
      counts: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
      accepted: fc.nat(4),
      paused: fc.boolean(),
      delivered: fc.array(fc.nat(19), { maxLength: 8 }),
      inFlight: fc.array(fc.nat(19), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 5 }), fc.nat(30), (specs, room) => {
        const views = specs.map((one, index) => viewOf(index, one));
        const chunks = planChunks(views, room);
        const everything = planChunks(views, 10_000);
        expect(chunks.length).toBe(Math.min(room, everything.length));
        const perLane = views.map(() => 0);
        const seen = new Set<string>();
        for (const { lane: id, certificate, chunkIndex } of chunks) {
          const index = views.findIndex((view) => view.lane === id);
          const view = views[index]!;
          expect(view.paused).toBe(false);
          expect(certificate.firstSequence <= view.accepted).toBe(true);
          expect(chunkIndex * SIZE).toBeLessThan(certificate.packetCount);
          expect(view.isDelivered(certificate.firstSequence + BigInt(chunkIndex * SIZE))).toBe(false);
          expect(view.isInFlight(certificate, chunkIndex)).toBe(false);
          const key = `${id} ${certificate.firstSequence} ${chunkIndex}`;
          expect(seen.has(key)).toBe(false);
          seen.add(key);
          perLane[index] = perLane[index]! + 1;
        }
        // Fair: a lane with work left has at most one less than any other.
        views.forEach((view, index) => {
          const ready = everything.filter(({ lane: id }) => id === view.lane).length;
          if (perLane[index]! < ready) expect(Math.max(...perLane) - perLane[index]!).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});
