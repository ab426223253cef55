/**
 * What is learned about one endpoint from how it answers: how long it takes, how often it may be asked, whether it fails.
 * Pure: each function takes what was known and says what is known now. It decides whom to ask first and nothing else: an
 * endpoint's answers are checked the same way however good it looks.
 *
 * The rate is learned by additive increase and multiplicative decrease, as TCP learns its window: unlimited until the
 * endpoint says that it is too much, then a part of what it took last, then a little more with every second.
 */
export interface EndpointStats {
  /** A moving mean of its answers; undefined before the first. */
  readonly latencyMs: number | undefined;
  readonly answeredMs: number;
  /** In a row. */
  readonly failures: number;
  /** Asked before then only when nobody else is there. */
  readonly restUntilMs: number;
  /** Requests a second that it takes, as far as is known; undefined while it never complained. */
  readonly perSecond: number | undefined;
  readonly limitedMs: number;
  /** Requests that may go at once at `sentMs`; below 0 when some wait already. */
  readonly tokens: number;
  /** Requests of about the last second, at `sentMs`. */
  readonly recent: number;
  readonly sentMs: number;
}

export const FRESH_STATS: EndpointStats = {
  latencyMs: undefined,
  answeredMs: 0,
  failures: 0,
  restUntilMs: 0,
  perSecond: undefined,
  limitedMs: 0,
  tokens: 1,
  recent: 0,
  sentMs: 0,
};

/** The part that a new answer has in the mean: some ten answers make it. */
const LATENCY_PART = 0.2;
/** With every such time without an answer half of what was learned of its latency is forgotten. */
const FORGET_MS = 5 * 60_000;
/** What a complaint leaves of the rate, and what each second without one adds. */
const DECREASE = 0.7;
const INCREASE_PER_SECOND = 0.5;
/** A slow one is raised by no more than this part of its rate: else it would complain every few requests. */
const INCREASE_PART = 0.02;
const PER_SECOND_MIN = 0.2;
/** Above this it counts as unlimited again: more than one process of ours asks of one endpoint. */
const PER_SECOND_MAX = 500;
/** Complaints about what was sent together count once. */
const LIMIT_ONCE_MS = 1_000;
/** The rest after the first failure; it doubles. */
const FAILURE_REST_MS = 500;
const REST_MS_MAX = 60_000;
/** Of one whose evidence was refused, or that serves another chain: it lies, or it is somebody's mistake. */
const WRONG_REST_MS = 60_000;
/** Requests that wait for their place; no further reason. */
const WAITING_MAX = 100;
const SECOND_MS = 1_000;

export function afterSending(stats: EndpointStats, now: number): EndpointStats {
  const tokens = Math.max(-WAITING_MAX, tokensAt(stats, now) - 1);
  return { ...stats, tokens, recent: recentAt(stats, now) + 1, sentMs: now };
}

export function afterAnswer(stats: EndpointStats, latencyMs: number, now: number): EndpointStats {
  const before = stats.latencyMs ?? latencyMs;
  const part = Math.max(LATENCY_PART, 1 - remembered(stats, now));
  const perSecond = raised(stats, now);
  return {
    ...stats,
    latencyMs: before + part * (latencyMs - before),
    answeredMs: now,
    failures: 0,
    // What was refused or limited stays so: answering proves neither wrong.
    perSecond: perSecond === undefined || perSecond > PER_SECOND_MAX ? undefined : perSecond,
  };
}

export function afterFailure(stats: EndpointStats, now: number): EndpointStats {
  const restMs = Math.min(REST_MS_MAX, FAILURE_REST_MS * 2 ** Math.min(stats.failures, 16));
  return { ...stats, failures: stats.failures + 1, restUntilMs: Math.max(stats.restUntilMs, now + restMs) };
}

export function afterWrong(stats: EndpointStats, now: number): EndpointStats {
  return { ...stats, restUntilMs: Math.max(stats.restUntilMs, now + WRONG_REST_MS) };
}

/** `retryAfterMs`: what the endpoint asked for, bounded here. */
export function afterLimit(stats: EndpointStats, retryAfterMs: number | undefined, now: number): EndpointStats {
  if (now - stats.limitedMs < LIMIT_ONCE_MS && stats.limitedMs > 0) return { ...stats, tokens: 0, sentMs: now };
  const taken = Math.min(stats.perSecond ?? Infinity, Math.max(1, recentAt(stats, now)));
  const perSecond = Math.max(PER_SECOND_MIN, taken * DECREASE);
  const restMs = Math.min(REST_MS_MAX, retryAfterMs ?? SECOND_MS / perSecond);
  return {
    ...stats,
    perSecond,
    limitedMs: now,
    tokens: 0,
    recent: recentAt(stats, now),
    sentMs: now,
    restUntilMs: Math.max(stats.restUntilMs, now + restMs),
  };
}

/** What its last answers still say about the next one, 1 to 0. */
export function remembered({ answeredMs }: EndpointStats, now: number): number {
  return 2 ** (-Math.max(0, now - answeredMs) / FORGET_MS);
}

/** How long until a request keeps within the learned rate. */
export function paceMs(stats: EndpointStats, now: number): number {
  if (stats.perSecond === undefined) return 0;
  const missing = 1 - tokensAt(stats, now);
  return missing <= 0 ? 0 : Math.ceil((missing * SECOND_MS) / stats.perSecond);
}

function tokensAt({ tokens, perSecond, sentMs }: EndpointStats, now: number): number {
  if (perSecond === undefined) return 1;
  // Half a second's worth may gather while it is idle.
  return Math.min(Math.max(1, perSecond / 2), tokens + (Math.max(0, now - sentMs) * perSecond) / SECOND_MS);
}

function recentAt({ recent, sentMs }: EndpointStats, now: number): number {
  return recent * Math.exp(-Math.max(0, now - sentMs) / SECOND_MS);
}

function raised({ perSecond, answeredMs, limitedMs }: EndpointStats, now: number): number | undefined {
  if (perSecond === undefined) return undefined;
  const sinceMs = Math.min(SECOND_MS, Math.max(0, now - Math.max(answeredMs, limitedMs)));
  return perSecond + (Math.min(INCREASE_PER_SECOND, INCREASE_PART * perSecond) * sinceMs) / SECOND_MS;
}
