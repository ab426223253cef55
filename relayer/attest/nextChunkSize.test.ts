import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChunkCost, nextChunkSize } from './nextChunkSize.ts';

const budget = { perChunk: 12_000_000, fixed: 100_000, packetsMax: 512, packetsMin: 32 };
const chunk = (packets: number, each: number): ChunkCost => ({ packets, used: 100_000 + packets * each });

describe('nextChunkSize', () => {
  it.each<[string, ChunkCost[], number]>([
    ['starts with the least', [], 32],
    ['grows by half', [chunk(32, 10_000)], 48],
    ['reaches the most', [chunk(400, 10_000)], 512],
    ['stops where the budget ends', [chunk(300, 27_000)], 352],
    ['falls at once for one dear chunk', [chunk(512, 10_000), chunk(10, 60_000)], 158],
    ['keeps to the floor', [chunk(512, 400_000)], 32],
    ['takes no cost for no limit', [{ packets: 512, used: 0 }], 512],
    ['counts no empty chunk', [{ packets: 0, used: 5 }], 32],
  ])('%s', (_, history, size) => {
    expect(nextChunkSize(history, budget)).toBe(size);
  });

  it('stays within its limits, and within the budget for packets like those seen', () => {
    const cost = fc.record({ packets: fc.integer({ min: 1, max: 512 }), each: fc.integer({ min: 1, max: 200_000 }) });
    fc.assert(
      fc.property(fc.array(cost, { maxLength: 50 }), fc.integer({ min: 1, max: 512 }), (costs, packetsMax) => {
        const history = costs.map(({ packets, each }) => chunk(packets, each));
        const size = nextChunkSize(history, { ...budget, packetsMax });
        expect(Number.isInteger(size)).toBe(true);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(packetsMax);
        const dearest = Math.max(0, ...costs.slice(-32).map(({ each }) => each));
        if (size > budget.packetsMin) expect(100_000 + size * dearest).toBeLessThanOrEqual(budget.perChunk);
      }),
    );
  });
});
