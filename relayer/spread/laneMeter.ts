/**
 * Watches the lanes of this process's journal and learns how they go, for quotes. Only what this process verified counts;
 * nothing is kept over a restart, since what was fast a week ago says little.
 */
import type { Clock } from '../core/clock.ts';
import { createSerial } from '../core/concurrency.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Watermark } from '../core/ranges.ts';
import type { Journal } from '../store/journal.ts';
import {
  afterProgress,
  busyRate,
  freshLaneStats,
  idleSeconds,
  type LaneProgress,
  type LaneStats,
} from './laneStats.ts';

export interface MeteredLane {
  readonly id: LaneId;
  readonly source: ChainName;
  readonly target: ChainName;
}

export interface LaneReading {
  /** Of the host: from a block's own time to its derivation, newest mean over the source's lanes. Undefined before any. */
  readonly finalitySeconds: number | undefined;
  /** Of its own deliveries; where there were none, the slowest of the other lanes to its target. Undefined before any. */
  readonly idleSeconds: number | undefined;
  readonly isOwn: boolean;
  readonly perSecond: number | undefined;
  /** Derived and not delivered. */
  readonly waiting: number;
}

export interface LaneMeter {
  read(lane: LaneId): Promise<LaneReading>;
  /** Stops watching. */
  close(): void;
}

export interface LaneMeterDeps {
  readonly journal: Journal;
  readonly clock: Clock;
  /** The time of a chain whose seconds are not the host's. */
  chainClock(chain: ChainName): Clock | undefined;
}

/** The part that a new block has in the mean of the finality lag. */
const LAG_PART = 0.2;
/** A clock that is wrong by more says nothing about finality. */
const LAG_SECONDS_MAX = 6 * 3600;

export function createLaneMeter(deps: LaneMeterDeps, lanes: readonly MeteredLane[]): LaneMeter {
  const { journal, clock } = deps;
  const startMs = clock.now();
  const chainStartMs = new Map<ChainName, number>();
  const stats = new Map<LaneId, LaneStats>();
  const lags = new Map<ChainName, number>();
  const serial = createSerial();
  for (const { source } of lanes) chainStartMs.set(source, deps.chainClock(source)?.now() ?? startMs);

  /** A failed look is none: the next one sees the same and more. */
  async function look({ id, source }: MeteredLane): Promise<void> {
    const progress = progressOf(await journal.lane(id));
    const before = stats.get(id);
    const now = clock.now();
    stats.set(id, before === undefined ? freshLaneStats(progress, now) : afterProgress(before, progress, now));
    if (before === undefined || progress.derived === before.derived) return;
    const head = (await journal.chain(source))?.head;
    const lag = head === undefined ? undefined : lagSeconds(source, Number(head.timeSeconds));
    const known = lags.get(source);
    if (lag !== undefined) lags.set(source, known === undefined ? lag : known + LAG_PART * (lag - known));
  }

  /** Chains of local networks run faster than the host: their seconds are counted in the host's. */
  function lagSeconds(chain: ChainName, headSeconds: number): number | undefined {
    const now = clock.now();
    const chainNow = deps.chainClock(chain)?.now() ?? now;
    const elapsed = now - startMs;
    const speed = elapsed > 0 ? (chainNow - (chainStartMs.get(chain) ?? chainNow)) / elapsed : 1;
    const lag = (chainNow / 1000 - headSeconds) / Math.max(1, speed);
    return lag < 0 || lag > LAG_SECONDS_MAX ? undefined : lag;
  }

  function slowestTo(target: ChainName): number | undefined {
    const times = lanes.flatMap((lane) => {
      const known = lane.target === target && lane.source !== target ? stats.get(lane.id) : undefined;
      return (known && idleSeconds(known)) ?? [];
    });
    return times.length === 0 ? undefined : Math.max(...times);
  }

  const watched = lanes.map((lane) => {
    const again = (): void => {
      serial(async () => look(lane)).catch(() => undefined);
    };
    again();
    return journal.watchLane(lane.id, again);
  });

  return {
    async read(id) {
      const lane = lanes.find((row) => row.id === id);
      const known = stats.get(id);
      const { derived, delivered } = progressOf(await journal.lane(id));
      const own = known && idleSeconds(known);
      return {
        finalitySeconds: lane && lags.get(lane.source),
        idleSeconds: own ?? (lane && slowestTo(lane.target)),
        isOwn: own !== undefined,
        perSecond: known && busyRate(known),
        waiting: Number(derived > delivered ? derived - delivered : 0n),
      };
    },
    close() {
      for (const unwatch of watched) unwatch();
    },
  };
}

function progressOf({ derived, delivered }: { readonly derived: bigint; readonly delivered: Watermark }): LaneProgress {
  const above = delivered.above.reduce((sum, [first, end]) => sum + end - first, 0n);
  return { derived, delivered: delivered.through + above };
}
