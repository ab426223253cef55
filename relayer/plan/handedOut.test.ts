import { describe, expect, it } from 'vitest';
import { laneId } from '../core/ids.ts';
import type { ChunkOutcome } from '../core/outcome.ts';
import { createHandedOut } from './handedOut.ts';

const lane = laneId('aa'.repeat(32));
const chunk = { lane, firstSequence: 8n, chunkIndex: 1 };
const say = (kind: ChunkOutcome['kind']): ChunkOutcome => ({ ...chunk, kind, reason: '' });
const RESEND_MS = 10_000;
const END = 24n;
const nothing = (): bigint => 0n;

describe('what was handed out', () => {
  it('takes a place until it is reported, and goes again under another number', () => {
    const out = createHandedOut(RESEND_MS);
    const ids = new Set([out.messageId(chunk)]);
    out.put(chunk, END, 0);
    expect([out.has(chunk), out.taken(lane)]).toEqual([true, 1]);
    out.hear(say('again'), 1, true);
    expect([out.has(chunk), out.taken(lane)]).toEqual([false, 0]);
    ids.add(out.messageId(chunk));
    out.put(chunk, END, 2);
    out.forgetOld(2 + RESEND_MS, nothing);
    expect([out.has(chunk), out.taken(lane)]).toEqual([false, 0]);
    ids.add(out.messageId(chunk));
    out.put(chunk, END, RESEND_MS);
    out.hear(say('done'), RESEND_MS, true);
    expect([out.has(chunk), out.taken(lane)]).toEqual([true, 0]);
    out.forgetOld(5 * RESEND_MS, nothing);
    expect(out.has(chunk)).toBe(true);
    out.forgetOld(12 * RESEND_MS, nothing);
    expect(out.has(chunk)).toBe(false);
    ids.add(out.messageId(chunk));
    expect(ids.size).toBe(4);
  });

  it('is forgotten once it is delivered, whatever was said of it', () => {
    for (const kind of ['out', 'done', 'refused'] as const) {
      const out = createHandedOut(RESEND_MS);
      const id = out.messageId(chunk);
      out.put(chunk, END, 0);
      if (kind !== 'out') out.hear(say(kind), 1, true);
      out.forgetOld(RESEND_MS / 2, () => END - 1n);
      expect(out.has(chunk)).toBe(true);
      out.forgetOld(RESEND_MS - 1, () => END);
      expect([out.has(chunk), out.taken(lane)]).toEqual([false, 0]);
      if (kind !== 'refused') expect(out.messageId(chunk)).toBe(id);
    }
  });

  it('counts refusals of a start, and holds the chunk back for a while', () => {
    const out = createHandedOut(RESEND_MS);
    out.put(chunk, END, 0);
    out.hear(say('refused'), 1, true);
    expect([out.refusals(lane, 8n), out.refusals(lane, 9n), out.has(chunk), out.taken(lane)]).toEqual([1, 0, true, 0]);
    out.forgetOld(2 + RESEND_MS, nothing);
    expect(out.has(chunk)).toBe(false);
  });

  it('forgets a chunk that the bus did not take', () => {
    const out = createHandedOut(RESEND_MS);
    out.put(chunk, END, 0);
    out.takeBack(chunk);
    expect([out.has(chunk), out.taken(lane)]).toEqual([false, 0]);
  });

  it('heeds news of unknown chunks only while another planner hands out', () => {
    const [own, listening] = [createHandedOut(RESEND_MS), createHandedOut(RESEND_MS)];
    const before = own.messageId(chunk);
    for (const kind of ['again', 'refused', 'done'] as const) {
      own.hear(say(kind), 0, true);
      listening.hear(say(kind), 0, false);
    }
    expect([own.has(chunk), own.messageId(chunk), own.refusals(lane, 8n)]).toEqual([false, before, 0]);
    expect([listening.has(chunk), listening.messageId(chunk) === before]).toEqual([true, false]);
  });
});
