/** One reader that always has another question, over three endpoints that differ: what choosing by what was learned adds. */
import { chooseEndpoint, type EndpointStats, FRESH_STATS } from '../../../adapters/endpoints/index.ts';
import {
  afterAnswer,
  afterFailure,
  afterLimit,
  afterSending,
  paceMs,
} from '../../../adapters/endpoints/endpointStats.ts';
import { createRandom } from './random.ts';

/** Latency in milliseconds, requests a second that it takes, the part of answers that fail. */
const ENDPOINTS = [
  { latencyMs: 2_400, perSecond: 50, failing: 0 },
  { latencyMs: 120, perSecond: 4, failing: 0.02 },
  { latencyMs: 180, perSecond: 6, failing: 0.3 },
] as const;
/** What a refusal and a time-out cost. */
const REFUSED_MS = 60;
const FAILED_MS = 1_000;

/** Answers a second. `learns` false: one after the other, and the one that answered last first. */
export function answersPerSecond(seed: number, learns: boolean, seconds = 600): number {
  const random = createRandom(seed);
  const stats: EndpointStats[] = ENDPOINTS.map(() => FRESH_STATS);
  const tokens = ENDPOINTS.map(({ perSecond }): { left: number; atMs: number } => ({ left: perSecond, atMs: 0 }));
  let [now, place, answers] = [1, 0, 0];
  while (now < seconds * 1_000) {
    const order = learns ? chooseEndpoint(stats, place, now) : ENDPOINTS.map((_, i) => (place + i) % ENDPOINTS.length);
    for (const index of order) {
      const [endpoint, bucket] = [ENDPOINTS[index], tokens[index]];
      if (endpoint === undefined || bucket === undefined) break;
      const known = stats[index] ?? FRESH_STATS;
      const waitMs = learns ? Math.min(2_000, paceMs(known, now)) : 0;
      now += waitMs;
      let after = afterSending(known, now);
      const { perSecond } = endpoint;
      bucket.left = Math.min(perSecond, bucket.left + ((now - bucket.atMs) * perSecond) / 1_000);
      bucket.atMs = now;
      const isRefused = bucket.left < 1;
      const isFailed = !isRefused && random() < endpoint.failing;
      if (!isRefused) bucket.left -= 1;
      const tookMs = isRefused ? REFUSED_MS : isFailed ? FAILED_MS : endpoint.latencyMs * (0.8 + 0.4 * random());
      now += tookMs;
      if (isRefused) after = afterLimit(after, undefined, now);
      else if (isFailed) after = afterFailure(after, now);
      else after = afterAnswer(after, tookMs, now);
      stats[index] = after;
      place = isRefused || isFailed ? (index + 1) % ENDPOINTS.length : index;
      if (isRefused || isFailed) continue;
      answers++;
      break;
    }
  }
  return answers / seconds;
}
