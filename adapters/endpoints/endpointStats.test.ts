import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEndpoint } from './chooseEndpoint.ts';
import {
  afterAnswer,
  afterFailure,
  afterLimit,
  afterSending,
  afterWrong,
  type EndpointStats,
  FRESH_STATS,
  paceMs,
} from './endpointStats.ts';

const NOW = 1_000_000;
const fast = afterAnswer(FRESH_STATS, 50, NOW);
const slow = afterAnswer(FRESH_STATS, 500, NOW);

describe('chooseEndpoint', () => {
  it.each<[string, EndpointStats[], number, number, number[]]>([
    [
      'keeps the order after the current one when nothing is known',
      [FRESH_STATS, FRESH_STATS, FRESH_STATS],
      1,
      NOW,
      [1, 2, 0],
    ],
    ['prefers the fast one', [slow, fast], 0, NOW, [1, 0]],
    ['keeps the current one when another is hardly better', [afterAnswer(FRESH_STATS, 60, NOW), fast], 0, NOW, [0, 1]],
    ['stays with a fast one', [fast, FRESH_STATS], 0, NOW, [0, 1]],
    [
      'tries what it does not know when the one in use is slow',
      [afterAnswer(FRESH_STATS, 1_600, NOW), FRESH_STATS],
      0,
      NOW,
      [1, 0],
    ],
    ['puts one that failed last', [afterFailure(fast, NOW), slow], 0, NOW, [1, 0]],
    ['asks one that failed again when its rest is over', [afterFailure(fast, NOW), slow], 0, NOW + 600, [0, 1]],
    ['puts one that was refused last', [slow, afterWrong(fast, NOW)], 1, NOW + 30_000, [0, 1]],
    ['asks the one that rests least when all rest', [afterWrong(fast, NOW), afterFailure(slow, NOW)], 0, NOW, [1, 0]],
    ['avoids one whose rate is used up', [afterLimit(fast, undefined, NOW), slow], 0, NOW + 100, [1, 0]],
    [
      'tries a slow one again after a long time',
      [afterAnswer(FRESH_STATS, 2_000, NOW), { ...afterAnswer(FRESH_STATS, 3_000, 0), answeredMs: NOW - 3_600_000 }],
      0,
      NOW,
      [1, 0],
    ],
  ])('%s', (_, all, current, now, order) => {
    expect(chooseEndpoint(all, current, now)).toEqual(order);
  });

  it('names everybody once, whatever happened', () => {
    const event = fc.record({
      who: fc.nat(3),
      what: fc.constantFrom('sent', 'answered', 'failed', 'limited', 'wrong'),
      ms: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.nat(3), (events, current) => {
        const all = Array<EndpointStats>(4).fill(FRESH_STATS);
        let now = NOW;
        for (const { who, what, ms } of events) {
          now += ms;
          const stats = all[who]!;
          if (what === 'sent') all[who] = afterSending(stats, now);
          else if (what === 'answered') all[who] = afterAnswer(stats, ms, now);
          else if (what === 'failed') all[who] = afterFailure(stats, now);
          else if (what === 'limited') all[who] = afterLimit(stats, ms * 10, now);
          else all[who] = afterWrong(stats, now);
          const { perSecond, restUntilMs, latencyMs } = all[who];
          expect(perSecond ?? 1).toBeGreaterThan(0);
          expect(Number.isFinite(latencyMs ?? 0)).toBe(true);
          expect(restUntilMs - now).toBeLessThanOrEqual(60_000);
          expect(paceMs(all[who], now)).toBeGreaterThanOrEqual(0);
        }
        expect([...chooseEndpoint(all, current, now)].sort()).toEqual([0, 1, 2, 3]);
      }),
    );
  });
});

describe('the learned rate', () => {
  it('comes near what the endpoint takes, and stays there', () => {
    // 20 requests a second are taken; more answer 429. We would like to send 100.
    for (const perSecond of [2, 20, 60]) {
      let stats = FRESH_STATS;
      let tokens = perSecond;
      let [taken, refused] = [0, 0];
      for (let ms = 0; ms < 120_000; ms += 10) {
        const now = NOW + ms;
        tokens = Math.min(perSecond, tokens + perSecond / 100);
        if (paceMs(stats, now) > 0 || stats.restUntilMs > now) continue;
        stats = afterSending(stats, now);
        if (tokens >= 1) {
          tokens -= 1;
          stats = afterAnswer(stats, 5, now);
          if (ms >= 60_000) taken++;
        } else {
          stats = afterLimit(stats, undefined, now);
          if (ms >= 60_000) refused++;
        }
      }
      expect(taken).toBeGreaterThan(perSecond * 60 * 0.6);
      expect(refused).toBeLessThan(taken * 0.05);
    }
  });

  it('falls once for complaints about what was sent together, and is forgotten when nobody complains', () => {
    let stats = FRESH_STATS;
    for (let i = 0; i < 40; i++) stats = afterSending(stats, NOW);
    for (let i = 0; i < 40; i++) stats = afterLimit(stats, undefined, NOW + i);
    expect(stats.perSecond).toBeCloseTo(28, 0);
    expect(paceMs(stats, NOW + 40)).toBeGreaterThan(0);
    for (let second = 1; second < 1_200; second++) stats = afterAnswer(stats, 5, NOW + second * 1_000);
    expect(stats.perSecond).toBeUndefined();
    expect(paceMs(stats, NOW)).toBe(0);
  });
});
