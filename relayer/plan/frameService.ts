/**
 * Frames on request: the bus may lose the streams, and a planner without a verifier of its own then asks one that has the
 * journal. An answer proves nothing; packets are checked against a signed root before they are used.
 */
import type { Bus } from '../bus/index.ts';
import { readU64, writeU64 } from '../core/bytes.ts';
import { asViaductError } from '../core/errors.ts';
import { decodeFrame } from '../core/frame.ts';
import { idBytes, laneId, type LaneId } from '../core/ids.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Journal } from '../store/journal.ts';

export interface FrameServiceDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly journal: Journal;
}

/** A request: lane id (32 bytes), sequence (u64). */
const REQUEST_BYTES = 40;
const REQUEST_TIMEOUT_MS = 2_000;

/** Answers with the frame that holds the sequence asked for; an empty answer says that it is not here. */
export function serveFrames({ bus, subjects, journal }: FrameServiceDeps, signal: AbortSignal): void {
  bus.respond(
    subjects.ctl('frames'),
    async ({ payload }) => {
      if (payload.length !== REQUEST_BYTES) return new Uint8Array(0);
      for await (const frame of journal.frames(laneId(payload.subarray(0, 32)), readU64(payload, 32), 1)) return frame;
      return new Uint8Array(0);
    },
    { signal },
  );
}

/** Fetches what it can of [first, end) into the journal. Nobody answering is no error: the next round asks again. */
export async function fetchFrames(
  { bus, subjects, journal }: FrameServiceDeps,
  lane: LaneId,
  first: bigint,
  end: bigint,
  signal: AbortSignal,
): Promise<void> {
  for (let next = first; next < end;) {
    const request = new Uint8Array(REQUEST_BYTES);
    request.set(idBytes(lane));
    writeU64(request, 32, next);
    try {
      const answer = await bus.request(subjects.ctl('frames'), request, { timeoutMs: REQUEST_TIMEOUT_MS, signal });
      if (answer.length === 0) return;
      const frame = decodeFrame(answer);
      const frameEnd = frame.firstSequence + BigInt(frame.count);
      if (frame.lane !== lane || frame.firstSequence > next || frameEnd <= next) return;
      await journal.putRelayedFrame(answer.slice(), frame);
      next = frameEnd;
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (error.disposition === 'halt') throw error;
      return;
    }
  }
}
