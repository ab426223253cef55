/** Listens to what roles say about blocked lanes, wherever they run, for the API to repeat. Hints only. */
import type { Bus } from '../bus/index.ts';
import type { Clock } from '../core/clock.ts';
import { laneId, type LaneId } from '../core/ids.ts';
import { TELEMETRY_KEYS_MAX } from '../core/limits.ts';
import { laneOfSubject, type Subjects } from '../core/subjects.ts';

export interface Blocked {
  readonly step: string;
  readonly reason: string;
}

export interface BlockedWatch {
  /** What was said about the lane lately. */
  blocked(lane: LaneId): Blocked | undefined;
}

/** Roles repeat themselves while a lane is blocked; silence for this long means that it is not any more. */
const VALID_MS = 15_000;
const MESSAGE_BYTES_MAX = 4096;
const TEXT_MAX = 300;

export function createBlockedWatch(bus: Bus, subjects: Subjects, clock: Clock, signal: AbortSignal): BlockedWatch {
  const said = new Map<LaneId, Blocked & { readonly atMs: number }>();
  bus.subscribe(
    subjects.monOf('blocked'),
    ({ subject, payload }) => {
      const heard = payload.length > MESSAGE_BYTES_MAX ? undefined : decode(subject, payload);
      if (heard === undefined) return;
      const oldest = said.keys().next().value;
      if (said.size >= TELEMETRY_KEYS_MAX && !said.has(heard.lane) && oldest !== undefined) said.delete(oldest);
      said.set(heard.lane, { step: heard.step, reason: heard.reason, atMs: clock.now() });
    },
    { signal },
  );
  return {
    blocked(lane) {
      const last = said.get(laneId(lane));
      return last === undefined || clock.now() - last.atMs > VALID_MS
        ? undefined
        : { step: last.step, reason: last.reason };
    },
  };
}

/** Anybody on the bus may say anything: what does not decode is nothing. */
function decode(subject: string, payload: Uint8Array): (Blocked & { readonly lane: LaneId }) | undefined {
  try {
    const row = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown> | null;
    const step = row?.['step'];
    const reason = row?.['reason'];
    if (typeof step !== 'string' || typeof reason !== 'string') return undefined;
    return { lane: laneOfSubject(subject), step: step.slice(0, TEXT_MAX), reason: reason.slice(0, TEXT_MAX) };
  } catch {
    return undefined;
  }
}
