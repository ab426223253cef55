/**
 * What a planner remembers of the chunks that it handed out: which take a place, when to hand one out again, and how often
 * that was done, which numbers the messages. It is forgotten with the process; the number is what keeps the next one, or a
 * second planner, from doubling it all: the bus takes a chunk under one number once.
 */
import type { LaneId } from '../core/ids.ts';
import type { ChunkOutcome } from '../core/outcome.ts';

export interface ChunkName {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly chunkIndex: number;
}

export interface HandedOut {
  has(chunk: ChunkName): boolean;
  /** Chunks of a lane that take a place. */
  taken(lane: LaneId): number;
  /** The id under which it goes out now. Every planner that heard the same outcomes says the same. */
  messageId(chunk: ChunkName): string;
  /** `end`: the first sequence after its packets. */
  put(chunk: ChunkName, end: bigint, nowMs: number): void;
  /** The bus did not take it. */
  takeBack(chunk: ChunkName): void;
  /** `isOwn` false: another planner hands out, and this one only listens so that it could go on. */
  hear(outcome: ChunkOutcome, nowMs: number, isOwn: boolean): void;
  /** How often a checkpoint's chunks were refused: certificates of one start take turns by it. */
  refusals(lane: LaneId, firstSequence: bigint): number;
  /** What was not answered in time may go again; a delivered chunk is never planned, so it may be forgotten. */
  forgetOld(nowMs: number, deliveredThrough: (lane: LaneId) => bigint): void;
}

interface Entry {
  readonly lane: LaneId;
  readonly atMs: number;
  /** Undefined of a chunk that another planner handed out. */
  readonly end: bigint | undefined;
  /** `done`: reported included, it waits for verification only. Only `out` takes a place. */
  readonly state: 'out' | 'done' | 'refused';
}

/** A chunk reported done waits for the target's finality: asking about it again much sooner only costs calls. */
const DONE_PATIENCE = 10;
/** Numbers remembered, of chunks and of checkpoints; forgetting them all only makes numbers start again. */
const NUMBERS_KEPT = 100_000;
/** Chunks of another planner that are remembered as done. No further reason. */
const OTHERS_KEPT = 10_000;
/** Looking for old ones costs a pass over all. */
const FORGET_MS = 250;

/** `resendMs`: how long a chunk may go unreported. */
export function createHandedOut(resendMs: number): HandedOut {
  const chunks = new Map<string, Entry>();
  const numbers = new Map<string, number>();
  const refused = new Map<string, number>();

  const taken = new Map<LaneId, number>();
  let forgotMs = 0;

  function raise(counts: Map<string, number>, key: string): void {
    if (counts.size >= NUMBERS_KEPT) counts.clear();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  /** The only place that changes `chunks`, so that the counts agree with it. */
  function set(key: string, entry: Entry | undefined): void {
    const before = chunks.get(key);
    if (before?.state === 'out') taken.set(before.lane, (taken.get(before.lane) ?? 0) - 1);
    if (entry?.state === 'out') taken.set(entry.lane, (taken.get(entry.lane) ?? 0) + 1);
    if (entry === undefined) chunks.delete(key);
    else chunks.set(key, entry);
  }

  return {
    has: (chunk) => chunks.has(keyOf(chunk)),
    taken: (lane) => taken.get(lane) ?? 0,
    messageId: (chunk) => `${keyOf(chunk)}-${numbers.get(keyOf(chunk)) ?? 0}`,
    put(chunk, end, nowMs) {
      set(keyOf(chunk), { lane: chunk.lane, atMs: nowMs, end, state: 'out' });
    },
    takeBack: (chunk) => set(keyOf(chunk), undefined),
    hear(outcome, nowMs, isOwn) {
      const key = keyOf(outcome);
      const { lane, kind } = outcome;
      const known = chunks.get(key);
      if (known === undefined && (isOwn || chunks.size >= OTHERS_KEPT)) return;
      if (kind === 'done') {
        set(key, { lane, atMs: nowMs, end: known?.end, state: 'done' });
        return;
      }
      raise(numbers, key);
      if (kind === 'again') {
        set(key, undefined);
        return;
      }
      raise(refused, `${lane}-${outcome.firstSequence}`);
      // Another certificate of the same start may do; the same one again would only spin.
      set(key, { lane, atMs: nowMs, end: known?.end, state: 'refused' });
    },
    refusals: (lane, firstSequence) => refused.get(`${lane}-${firstSequence}`) ?? 0,
    forgetOld(nowMs, deliveredThrough) {
      if (nowMs - forgotMs < Math.min(FORGET_MS, resendMs / 4)) return;
      forgotMs = nowMs;
      for (const [key, { lane, atMs, end, state }] of chunks) {
        if (end !== undefined && end <= deliveredThrough(lane)) {
          set(key, undefined);
          continue;
        }
        if (nowMs - atMs < resendMs * (state === 'done' ? DONE_PATIENCE : 1)) continue;
        set(key, undefined);
        // A refused one has its next number already.
        if (state !== 'refused') raise(numbers, key);
      }
    },
  };
}

function keyOf({ lane, firstSequence, chunkIndex }: ChunkName): string {
  return `${lane}-${firstSequence}-${chunkIndex}`;
}
