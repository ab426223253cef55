/**
 * In which order to ask the endpoints of a chain. Pure. The one that would answer soonest goes first; the one that answered
 * last keeps its place unless another is much better, since two nodes rarely show the same head.
 */
import { type EndpointStats, paceMs, remembered } from './endpointStats.ts';

/** What another must beat: half as long again. */
const STICKINESS = 1.5;
/** What counts for one that was never asked: it is tried once the one in use takes longer than that. */
const UNKNOWN_MS = 1_000;

/** All places, best first. `current`: the one that answered last. Ties keep the order that follows it. */
export function chooseEndpoint(all: readonly EndpointStats[], current: number, now: number): number[] {
  const costs = all.map((stats, place) => costOf(stats, now) / (place === current ? STICKINESS : 1));
  return all.map((_, index) => (current + index) % all.length).sort((a, b) => (costs[a] ?? 0) - (costs[b] ?? 0));
}

/** Milliseconds until an answer, as far as is known. */
function costOf(stats: EndpointStats, now: number): number {
  const restMs = Math.max(0, stats.restUntilMs - now);
  const known = stats.latencyMs ?? UNKNOWN_MS;
  // A bad name is forgotten with time, so that a slow one is tried again some day.
  const latencyMs = known <= UNKNOWN_MS ? known : UNKNOWN_MS + (known - UNKNOWN_MS) * remembered(stats, now);
  // Its rest is a penalty, not a time at which it would answer: it has to weigh more than any wait.
  return latencyMs + paceMs(stats, now) + (restMs > 0 ? RESTING_MS + restMs : 0);
}

/** More than an endpoint may take to answer. */
const RESTING_MS = 60_000;
