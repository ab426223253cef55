/** The parts of the benches on executing chains that decide what is counted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../relayer/core/bytes.ts';
import { laneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { encodeReleaseRemark } from '../../../adapters/substrate/releaseRemark.ts';
import { encodeReleaseMemo } from '../../../adapters/cosmos/releaseMemo.ts';
import { countDelivered } from './books.ts';
import { namedChunk, overlapsOne, type PaidChunk } from './chainEye.ts';
import { feedDirectly } from './directFeed.ts';
import { whileAllDeliver } from './measureLanes.ts';
import { broadcastTimes, gcMillis } from './processLog.ts';

const LANE = laneId(keccak256(utf8('lane')));
const chunk = (first: number, count: number, refused = 0): PaidChunk => {
  return { firstSequence: BigInt(first), count, refused, height: 1n, transaction: `${first}` };
};

describe('what a chain says was paid', () => {
  it('is read from memos and remarks, wherever they stand in a transaction', () => {
    const named = { firstSequence: 512n, count: 20, chunkHash: keccak256(utf8('chunk')), refused: [1, 9] };
    const around = (text: Uint8Array): Uint8Array => Uint8Array.of(1, 0xff, ...text, 0x80, 0x22);
    const expected = { firstSequence: 512n, count: 20, refused: 2 };
    expect(namedChunk(around(utf8(encodeReleaseMemo(LANE, named))))).toEqual({
      ...expected,
      pays: true,
      lane: LANE.slice(0, 16),
    });
    for (const [tag, pays] of [
      ['pays', true],
      ['opens', false],
    ] as const) {
      const remark = encodeReleaseRemark(tag, { lane: LANE, ...named });
      expect(namedChunk(around(remark))).toEqual({ ...expected, pays, lane: LANE });
    }
    expect(namedChunk(utf8('v1|anvil-a|abab|0'))).toBeUndefined();
  });

  it('is lost, doubled or refused', () => {
    expect(countDelivered([chunk(0, 5), chunk(5, 5)], 10)).toEqual({ lost: 0, doubled: 0, refused: 0 });
    expect(countDelivered([chunk(0, 5, 2), chunk(3, 4)], 10)).toEqual({ lost: 3, doubled: 2, refused: 2 });
    // Beyond what was deposited.
    expect(countDelivered([chunk(0, 12)], 10)).toEqual({ lost: 0, doubled: 2, refused: 0 });
    expect(overlapsOne([chunk(0, 5)], chunk(4, 2))).toBe(true);
    expect(overlapsOne([chunk(0, 5)], chunk(5, 2))).toBe(false);
  });
});

describe('several lanes at once', () => {
  it('count while all of them deliver', () => {
    const every = (stepMs: number, fromMs: number, toMs: number, count: number) =>
      Array.from({ length: (toMs - fromMs) / stepMs + 1 }, (_, index) => ({ atMs: fromMs + index * stepMs, count }));
    const lanes = [every(1_000, 0, 8_000, 100), every(500, 3_000, 20_000, 5)];
    expect(whileAllDeliver(lanes)).toEqual({ seconds: 5, perSecond: [100, 10] });
    expect(whileAllDeliver([every(1_000, 0, 2_000, 1), every(1_000, 5_000, 6_000, 1)])).toEqual({
      seconds: 0,
      perSecond: [0, 0],
    });
  });
});

describe('the log of a process', () => {
  it('says when transactions were sent first, and for how long garbage was collected', () => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-log-'));
    try {
      const file = join(dir, 'relayer.log');
      const line = (hash: string, second: number): string =>
        `{"level":"debug","time":"2030-01-01T00:00:0${second}.000Z","hash":"${hash}","msg":"broadcast"}`;
      writeFileSync(
        file,
        ['{"gcMs":1.5}', line('0xa', 1), line('0xb', 2), line('0xa', 3), '{"gcMs":2.25}', ''].join('\n'),
      );
      expect([...broadcastTimes(file)]).toEqual([
        ['0xa', Date.parse('2030-01-01T00:00:01Z')],
        ['0xb', Date.parse('2030-01-01T00:00:02Z')],
      ]);
      expect(gcMillis(file)).toBe(3.75);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('feeding a chain directly', () => {
  it('sends in order, with a bound on what is under way, until all is included', async () => {
    const sent: number[] = [];
    let held = 0;
    let mostUnderWay = 0;
    const account = {
      transactions: Array.from({ length: 40 }, (_, index) => Uint8Array.of(index)),
      included: async () => Promise.resolve((held = Math.min(sent.length, held + 10))),
      send: async ([number = -1]: Uint8Array) => {
        sent.push(number);
        mostUnderWay = Math.max(mostUnderWay, sent.length - held);
        return Promise.resolve();
      },
    };
    const run = await feedDirectly([account], 5, 10, new AbortController().signal);
    expect(sent).toEqual(account.transactions.map(([number]) => number));
    expect(mostUnderWay).toBe(16);
    expect(run.delivered).toBe(200);
    expect(run.perSecond).toBeGreaterThan(0);
  });
});
