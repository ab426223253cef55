import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, LANE, BACK, packetsFrom } from '../../test/sim/statements.ts';
import { encodeFrame } from '../core/frame.ts';
import type { LaneId } from '../core/ids.ts';
import { createRecentFrames } from './recentFrames.ts';

const frameOf = (lane: LaneId, from: number, count: number): Uint8Array => {
  const source = { height: 1n, hash: hashOf(1n) };
  return encodeFrame({ lane, firstSequence: BigInt(from), source, packets: packetsFrom(BigInt(from), count) });
};

describe('recent frames', () => {
  it('give any range that they hold, as a copy, and nothing beyond', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }), (counts) => {
        const recent = createRecentFrames();
        let end = 7;
        for (const count of counts) {
          recent.put([frameOf(LANE, end, count)]);
          end += count;
        }
        for (let first = 6; first < end; first++) {
          for (let last = first + 1; last <= end + 1; last++) {
            const read = recent.read(LANE, BigInt(first), last - first);
            const isHeld = first >= 7 && last <= end;
            expect(read).toEqual(isHeld ? packetsFrom(BigInt(first), last - first) : undefined);
          }
        }
        expect(recent.read(BACK, 7n, 1)).toBeUndefined();
        recent.read(LANE, 7n, 1)!.fill(0);
        expect(recent.read(LANE, 7n, 1)).toEqual(packetsFrom(7n, 1));
      }),
      { numRuns: 20 },
    );
  });

  it('forget the oldest of all lanes', () => {
    // A frame of one packet counts 647 bytes.
    const recent = createRecentFrames(3 * 647);
    recent.put([frameOf(LANE, 0, 1), frameOf(BACK, 0, 1)]);
    recent.put([frameOf(LANE, 1, 1)]);
    expect(recent.read(LANE, 0n, 2)).toHaveLength(270);
    recent.put([frameOf(BACK, 1, 1)]);
    expect([recent.read(LANE, 0n, 1), recent.read(LANE, 1n, 1)?.length]).toEqual([undefined, 135]);
    for (let i = 2; i < 40; i++) recent.put([frameOf(BACK, i, 1)]);
    expect(recent.read(LANE, 1n, 1)).toBeUndefined();
    expect(recent.read(BACK, 37n, 3)).toEqual(packetsFrom(37n, 3));
    recent.put([frameOf(LANE, 2, 1)]);
    expect(recent.read(LANE, 2n, 1)).toEqual(packetsFrom(2n, 1));
  });
});
