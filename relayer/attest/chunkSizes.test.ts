import { describe, expect, it } from 'vitest';
import { KEYS, LANE, packetsFrom, RULES, signedBy, SOURCE, statementOver, TARGET } from '../../test/sim/statements.ts';
import type { ChunkOutcome } from '../core/outcome.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { createChunkSizes } from './chunkSizes.ts';

const rules = { ...RULES, chunkSize: 100, chunkSizeMin: 10 };
const lane = { id: LANE, source: SOURCE, target: TARGET, rules, budget: { perChunk: 1_100, fixed: 100 } };

async function journalWith(packets: number): Promise<Journal> {
  const journal = createJournal(createMemoryStore());
  const statement = { ...statementOver(packetsFrom(0n, packets)), chunkSize: 50 };
  await journal.putCertificate(signedBy(statement, KEYS.slice(0, 2)));
  return journal;
}
const done = (used: bigint | undefined, more: Partial<ChunkOutcome> = {}): ChunkOutcome => ({
  lane: LANE,
  firstSequence: 0n,
  chunkIndex: 0,
  kind: 'done',
  reason: 'included',
  used,
  ...more,
});

describe('chunk sizes', () => {
  it('begin with the most, fall to what the dearest chunk allows, never below the floor, and rise again', async () => {
    const sizes = createChunkSizes([lane], await journalWith(60));
    expect(sizes.of(LANE)).toBe(100);
    // 50 packets for 500: 10 each, with room for a quarter more.
    await sizes.hear(done(600n));
    expect(sizes.of(LANE)).toBe(80);
    // The second chunk has 10 packets only.
    await sizes.hear(done(600n, { chunkIndex: 1 }));
    expect(sizes.of(LANE)).toBe(16);
    await sizes.hear(done(1_000_000n));
    expect(sizes.of(LANE)).toBe(10);
    for (let i = 0; i < 32; i++) await sizes.hear(done(150n));
    expect(sizes.of(LANE)).toBe(100);
  });

  it('learn nothing from what is not included, not known or not counted, and of lanes with one size', async () => {
    const sizes = createChunkSizes([lane], await journalWith(60));
    await sizes.hear(done(undefined));
    await sizes.hear(done(1_000_000n, { kind: 'again' }));
    await sizes.hear(done(1_000_000n, { firstSequence: 7n }));
    await sizes.hear(done(1_000_000n, { chunkIndex: 9 }));
    expect(sizes.of(LANE)).toBe(100);
    const fixed = createChunkSizes([{ ...lane, budget: undefined }], await journalWith(60));
    await fixed.hear(done(1_000_000n));
    expect(fixed.of(LANE)).toBeUndefined();
  });
});
