import { describe, expect, it } from 'vitest';
import { KEYS, LANE, packetsFrom, signedBy, statementOver, TARGET } from '../../test/sim/statements.ts';
import { createMemoryBroker, createMemoryBus } from '../bus/index.ts';
import { systemClock as clock } from '../core/clock.ts';
import { utf8 } from '../core/bytes.ts';
import { silentLogger as log } from '../core/log.ts';
import { type ChunkOutcome, encodeOutcome } from '../core/outcome.ts';
import { createSubjects } from '../core/subjects.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal } from '../store/journal.ts';
import { createDeliveryCosts } from './deliveryCosts.ts';

const subjects = createSubjects('costs');

async function setUp() {
  const bus = createMemoryBus({
    broker: createMemoryBroker({ clock, ackWaitMs: 500 }),
    clock,
    subjects,
    ackWaitMs: 500,
  });
  await bus.ensureTopology();
  const journal = createJournal(createMemoryStore());
  // Six packets: a chunk of four and one of two.
  await journal.putCertificate(signedBy(statementOver(packetsFrom(0n, 6)), KEYS.slice(0, 2)));
  const costs = createDeliveryCosts(
    { bus, subjects, journal, log },
    [TARGET],
    new Set([LANE]),
    new AbortController().signal,
  );
  const say = async (payload: Uint8Array | Partial<ChunkOutcome>): Promise<void> => {
    const outcome: ChunkOutcome = { lane: LANE, firstSequence: 0n, chunkIndex: 0, kind: 'done', reason: '' };
    bus.publish(
      subjects.outcome(TARGET),
      payload instanceof Uint8Array ? payload : encodeOutcome({ ...outcome, ...payload }),
    );
    for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { costs, say };
}

describe('what a delivery costs', () => {
  it('is the mean over what was included, by transfer', async () => {
    const { costs, say } = await setUp();
    expect(costs.of(LANE)).toBeUndefined();
    await say({ used: 400n });
    expect(costs.of(LANE)).toBe(100);
    await say({ chunkIndex: 1, used: 500n });
    expect(costs.of(LANE)).toBe(150);
  });

  it('takes no notice of what does not say it', async () => {
    const { costs, say } = await setUp();
    await say({ used: 400n });
    await say({ kind: 'again', used: 9_000n });
    await say({ kind: 'done' });
    await say({ chunkIndex: 7, used: 9_000n });
    await say({ firstSequence: 77n, used: 9_000n });
    await say({ lane: statementOver(packetsFrom(0n, 1)).lane, firstSequence: 1n, used: 9_000n });
    await say(utf8('nonsense'));
    expect(costs.of(LANE)).toBe(100);
  });
});
