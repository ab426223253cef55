/**
 * Who is served next among queues that share something: start-time fair queueing (Goyal, Vin and Cheng, 1996). Pure.
 *
 * Each service moves its queue's own time on by cost / weight, and whoever is furthest behind goes next. Of two queues that
 * both have work, neither gets ahead of its share by more than one of its largest services, over any stretch of time. A
 * queue that was empty starts at the common time: it saves nothing up, and waits for nobody's past. Deficit round robin
 * would give the same shares in bursts of a quantum; this needs no quantum.
 */
export interface Fairness<Key> {
  /** The common time: where the last service started. */
  readonly time: number;
  /** Where the last service of a queue ended, as long as that lies ahead of the common time. */
  readonly ends: ReadonlyMap<Key, number>;
}

export function freshFairness<Key>(): Fairness<Key> {
  return { time: 0, ends: new Map() };
}

/** Where the next service of a queue would start: the lowest goes first. */
export function startOf<Key>({ time, ends }: Fairness<Key>, key: Key): number {
  return Math.max(time, ends.get(key) ?? 0);
}

/** After one service; `weight` above 0. */
export function served<Key>(fairness: Fairness<Key>, key: Key, cost: number, weight: number): Fairness<Key> {
  const time = startOf(fairness, key);
  const ends = new Map([...fairness.ends].filter(([, end]) => end > time));
  ends.set(key, time + cost / weight);
  return { time, ends };
}
