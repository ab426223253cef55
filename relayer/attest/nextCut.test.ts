import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laneId } from '../core/ids.ts';
import { nextCut, proposerIndex } from './nextCut.ts';

const policy = { packetsMax: 100, lingerMs: 500 };

describe('nextCut', () => {
  it.each([
    ['nothing new', { base: 5n, derived: 5n, waitedMs: 9999, pending: 0, queued: 0 }, undefined],
    [
      'certified beyond what is derived here',
      { base: 9n, derived: 5n, waitedMs: 9999, pending: 0, queued: 0 },
      undefined,
    ],
    ['too few and too young', { base: 0n, derived: 99n, waitedMs: 499, pending: 0, queued: 0 }, undefined],
    [
      'too few and old enough',
      { base: 0n, derived: 99n, waitedMs: 500, pending: 0, queued: 0 },
      { firstSequence: 0n, packetCount: 99 },
    ],
    [
      'enough at once',
      { base: 7n, derived: 107n, waitedMs: 0, pending: 0, queued: 0 },
      { firstSequence: 7n, packetCount: 100 },
    ],
    [
      'more than fits',
      { base: 7n, derived: 9999n, waitedMs: 0, pending: 0, queued: 0 },
      { firstSequence: 7n, packetCount: 100 },
    ],
  ])('%s', (_, view, cut) => {
    expect(nextCut(view, policy)).toEqual(cut);
  });

  it('goes on filling while enough are under way, up to a bound', () => {
    const policyNow = { packetsMax: 100, lingerMs: 0 };
    const cutAt = (pending: number, waitedMs: number, derived = 9n, queued = 0) =>
      nextCut({ base: 0n, derived, waitedMs, pending, queued }, policyNow)?.packetCount;
    expect(cutAt(3, 0)).toBe(9);
    expect(cutAt(4, 0)).toBeUndefined();
    expect(cutAt(4, 29_999)).toBeUndefined();
    expect(cutAt(4, 30_000)).toBe(9);
    expect(cutAt(4, 0, 100n)).toBe(100);
    expect(cutAt(1, 999, 9n, 1)).toBeUndefined();
    expect(cutAt(1, 1_000, 9n, 1)).toBe(9);
    expect(cutAt(3, 3_999, 9n, 2)).toBeUndefined();
    expect(cutAt(3, 4_000, 9n, 2)).toBe(9);
    expect(cutAt(4, 1_000, 9n, 4)).toBeUndefined();
    expect(cutAt(1, 0, 100n, 1)).toBe(100);
  });

  it('lets a lone transfer go at once without a linger', () => {
    const cut = nextCut(
      { base: 0n, derived: 1n, waitedMs: 0, pending: 0, queued: 0 },
      { packetsMax: 100, lingerMs: 0 },
    );
    expect(cut).toEqual({ firstSequence: 0n, packetCount: 1 });
  });
});

describe('proposerIndex', () => {
  const lane = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => laneId(bytes));
  const base = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

  it('visits every member once in as many turns, and changes only with the turn', () => {
    fc.assert(
      fc.property(
        lane,
        base,
        fc.integer({ min: 1, max: 32 }),
        fc.integer({ min: 1, max: 5000 }),
        (id, at, members, turnMs) => {
          const turn = (index: number, within: number): number =>
            proposerIndex(id, at, index * turnMs + within, turnMs, members);
          const visited = Array.from({ length: members }, (_, index) => turn(index, 0));
          expect(visited.toSorted((a, b) => a - b)).toEqual(visited.map((_, index) => index));
          visited.forEach((member, index) => {
            expect(turn(index, turnMs - 1)).toBe(member);
          });
          expect(turn(members, 0)).toBe(visited[0]);
        },
      ),
    );
  });

  it('starts elsewhere for the next sequence', () => {
    const id = laneId('00'.repeat(32));
    expect([0n, 1n, 2n, 3n].map((at) => proposerIndex(id, at, 0, 1000, 3))).toEqual([0, 1, 2, 0]);
  });
});
