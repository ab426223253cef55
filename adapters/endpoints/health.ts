/** What a process has learned about one endpoint: shared by everything in it that asks the endpoint. */
import type { Clock } from '../../relayer/core/clock.ts';
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

export interface EndpointHealth {
  readonly stats: EndpointStats;
  now(): number;
  /** How long a request should wait to keep within the learned rate. */
  paceMs(): number;
  sent(): void;
  answered(latencyMs: number): void;
  failed(): void;
  limited(retryAfterMs: number | undefined): void;
  /** Its evidence was refused, or it serves another chain. */
  wrong(): void;
}

export function createEndpointHealth({ clock }: { readonly clock: Clock }): EndpointHealth {
  let stats = FRESH_STATS;
  const learn = (change: (stats: EndpointStats, now: number) => EndpointStats): void => {
    stats = change(stats, clock.now());
  };
  return {
    get stats() {
      return stats;
    },
    now: () => clock.now(),
    paceMs: () => paceMs(stats, clock.now()),
    sent: () => learn(afterSending),
    answered: (latencyMs) => learn((before, now) => afterAnswer(before, latencyMs, now)),
    failed: () => learn(afterFailure),
    limited: (retryAfterMs) => learn((before, now) => afterLimit(before, retryAfterMs, now)),
    wrong: () => learn(afterWrong),
  };
}
