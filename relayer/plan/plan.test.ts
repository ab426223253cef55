import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  derivePackets,
  hashOf,
  KEYS,
  LANE,
  packetsFrom,
  recordTelemetry,
  RULES,
  settle,
  signedBy,
  statementOver,
  TARGET,
} from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, createMemoryBroker, createMemoryBus, type MemoryBroker } from '../bus/index.ts';
import { utf8 } from '../core/bytes.ts';
import { type Certificate, decodeWorkItem, encodeCertificate } from '../core/certificate.ts';
import { type ErrorCode, ViaductError } from '../core/errors.ts';
import { encodeFrame } from '../core/frame.ts';
import type { LaneId } from '../core/ids.ts';
import { silentLogger } from '../core/log.ts';
import { type ChunkOutcome, encodeOutcome } from '../core/outcome.ts';
import type { TargetLaneView } from '../core/ports.ts';
import { createSubjects } from '../core/subjects.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { collect } from './collect.ts';
import { serveFrames } from './frameService.ts';
import { plan, type PlanOptions } from './plan.ts';

const RESEND_MS = 10_000;
const options = { holder: 'plan', pollMs: 250, inFlightMax: 4, resendMs: RESEND_MS };
const subjects = createSubjects('test');
const packets = packetsFrom(0n, 24);
/** Two checkpoints of three chunks each. */
const [first, second] = [0, 12].map((from) =>
  signedBy(statementOver(packets.subarray(from * 135, (from + 12) * 135)), KEYS.slice(0, 2)),
) as [Certificate, Certificate];

let clock: TestClock;
let broker: MemoryBroker;
let bus: Bus;
let peer: Bus;
let journal: Journal;
let stop: AbortController;
let running: Promise<void>;
let telemetry: ReturnType<typeof recordTelemetry>;
let target: { accepted: bigint | undefined; paused: boolean; fails: ErrorCode | undefined };
/** The chunks in the queue, `<first sequence>.<index>`, as somebody takes them. */
let queue: string[];
/** Of those, the ones that came without packets. */
let short: number;
/** How often the target was asked about its lanes. */
let asked: number;

beforeEach(async () => {
  clock = createTestClock();
  broker = createMemoryBroker({ clock });
  stop = new AbortController();
  telemetry = recordTelemetry();
  target = { accepted: 0n, paused: false, fails: undefined };
  queue = [];
  short = 0;
  asked = 0;
  [bus, peer] = [0, 1].map(() => createMemoryBus({ broker, clock, subjects })) as [Bus, Bus];
  await bus.ensureTopology();
  await peer.ensureTopology();
  journal = createJournal(createMemoryStore());
  takeAll().catch(() => undefined);
});
afterEach(async () => {
  stop.abort();
  await running;
  await Promise.all([bus, peer].map(async (one) => one.close({ drain: false })));
});

async function takeAll(): Promise<void> {
  for await (const item of peer.pull(subjects.work(TARGET), { durable: 'w', maxInFlight: 64, signal: stop.signal })) {
    if (item.payload.length < 100) {
      item.ack();
      continue;
    }
    const { checkpoint, chunkIndex, packets: carried } = decodeWorkItem(item.payload);
    if (carried === undefined) short++;
    const variant = checkpoint.sourceHeight === 1n ? '' : ` at ${checkpoint.sourceHeight}`;
    queue.push(`${checkpoint.firstSequence}.${chunkIndex}${variant}`);
    item.ack();
  }
}

async function start(more: Partial<PlanOptions> = {}): Promise<void> {
  const lanes = async (ids: readonly LaneId[]): Promise<ReadonlyMap<LaneId, TargetLaneView>> => {
    asked++;
    if (target.fails !== undefined) throw new ViaductError({ code: target.fails, shortMessage: 'no' });
    const view = { acceptedSequence: target.accepted, paused: target.paused };
    return Promise.resolve(new Map(ids.map((id) => [id, view])));
  };
  const log = silentLogger;
  const collector = collect(
    new Map([[LANE, RULES]]),
    { bus, subjects, journal, log },
    { durable: 'plan', takesFrames: true },
    stop.signal,
  );
  running = plan(
    TARGET,
    [{ id: LANE }],
    { collector, bus, subjects, journal, clock, telemetry, log, target: { lanes, close: async () => undefined } },
    { ...options, ...more },
    stop.signal,
  );
  running.catch(() => undefined);
  await clock.settle();
}
const taken = (): string[] => queue.splice(0);
let ids = 0;
async function publish(certificate: Certificate): Promise<void> {
  await peer.publishDurable(subjects.checkpoint(LANE), encodeCertificate(certificate), { id: `c${ids++}` });
  await clock.settle();
}
async function publishFrame(bytes: Uint8Array): Promise<void> {
  await peer.publishDurable(subjects.frame(LANE), bytes, { id: `f${ids++}` });
  await clock.settle();
}
async function say(kind: ChunkOutcome['kind'], firstSequence: bigint, chunkIndex: number): Promise<void> {
  const outcome = { lane: LANE, firstSequence, chunkIndex, kind, reason: 'because' };
  peer.publish(subjects.outcome(TARGET), encodeOutcome(outcome));
  await clock.settle();
}
const frameOf = (from: bigint, count: number, amount = 1n): Uint8Array =>
  encodeFrame({
    lane: LANE,
    firstSequence: from,
    source: { height: 1n, hash: hashOf(1n) },
    packets: packetsFrom(from, count, { amount }),
  });

describe('a planner with its own verification', () => {
  beforeEach(async () => derivePackets(journal, packets, 1n));

  it('asks the target after its news and now and then, not for all that happens at the source', async () => {
    await start();
    const before = asked;
    for (let i = 0; i < 5; i++) await publish(first);
    expect(asked).toBe(before);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
    target.accepted = 12n;
    await publish(second);
    expect(taken()).toEqual([]);
    await say('done', 0n, 0);
    expect(asked).toBe(before + 1);
    expect(taken()).toEqual(['12.0', '12.1']);
    await clock.advance(1_000);
    expect(asked).toBe(before + 5);
  });

  it('hands out the chunks of the next checkpoint, and of the one after when that is accepted', async () => {
    await start();
    await publish(first);
    await publish(second);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
    for (const index of [0, 1, 2]) await say('done', 0n, index);
    target.accepted = 12n;
    await clock.advance(250);
    expect(taken()).toEqual(['12.0', '12.1', '12.2']);
  });

  it('leaves the packets to submitters beside it', async () => {
    await start({ leavesOutPackets: true });
    await publish(first);
    expect([taken(), short]).toEqual([['0.0', '0.1', '0.2'], 3]);
  });

  it('hands out no more than fit, and the next for each that is done', async () => {
    await start({ inFlightMax: 2 });
    await publish(first);
    expect(taken()).toEqual(['0.0', '0.1']);
    await say('done', 0n, 0);
    expect(taken()).toEqual(['0.2']);
  });

  it('hands a lost chunk out at once, a silent one after a while, a delivered one never', async () => {
    await start();
    await publish(first);
    taken();
    await say('again', 0n, 1);
    expect(taken()).toEqual(['0.1']);
    await say('done', 0n, 0);
    await settle(journal, 12n, [[8n, 4]]);
    await clock.advance(RESEND_MS - 300);
    expect(taken()).toEqual([]);
    await clock.advance(600);
    expect(taken()).toEqual(['0.1']);
    // Reported done and not settled for long: a reorganisation may have undone it.
    await clock.advance(9 * RESEND_MS);
    expect(taken()).toContain('0.0');
  });

  it('takes turns among certificates of one start when one is refused', async () => {
    const other = signedBy(
      statementOver(packets.subarray(0, 12 * 135), { sourceHeight: 2n, sourceBlockHash: hashOf(2n) }),
      KEYS.slice(0, 2),
    );
    await start();
    await publish(first);
    await publish(other);
    const tried = taken().slice(0, 1);
    for (let turn = 0; turn < 2; turn++) {
      await say('refused', 0n, 0);
      await clock.advance(RESEND_MS + 300);
      tried.push(...taken().filter((chunk) => chunk.startsWith('0.0')));
    }
    expect(telemetry.alerts).toContain('CHUNK_REFUSED');
    expect(new Set(tried)).toEqual(new Set(['0.0', '0.0 at 2']));
  });

  it('of a vault go out in any order, and none that was paid in part under another certificate', async () => {
    target.accepted = undefined;
    await journal.putCertificate(second);
    await journal.putCertificate(first);
    await start({ inFlightMax: 6 });
    expect(taken().sort()).toEqual(['0.0', '0.1', '0.2', '12.0', '12.1', '12.2']);
    // Somebody else's cut: two packets of a chunk are paid, so that the certificate over it is of no more use.
    await settle(journal, undefined, [[14n, 2]]);
    for (const index of [0, 1, 2]) {
      await say('again', 0n, index);
      await say('again', 12n, index);
    }
    expect(new Set(taken().map((chunk) => chunk.split('.')[0]))).toEqual(new Set(['0']));
  });

  it('of a vault go out under one certificate where two overlap, and under the other once that is of no use', async () => {
    target.accepted = undefined;
    const overlapping = signedBy(statementOver(packets.subarray(6 * 135, 18 * 135)), KEYS.slice(0, 2));
    await start({ inFlightMax: 6 });
    await publish(overlapping);
    await publish(first);
    // What is handed out goes on, though the other begins lower.
    expect(taken()).toEqual(['6.0', '6.1', '6.2']);
    await settle(journal, undefined, [[0n, 8]]);
    for (const index of [0, 1, 2]) await say('again', 6n, index);
    expect(taken()).toEqual(['0.2']);
  });

  it('plans nothing for a paused gateway, and says so', async () => {
    target.paused = true;
    await start();
    await publish(first);
    expect(taken()).toEqual([]);
    expect(telemetry.reports.at(-1)?.facts).toEqual({ step: 'submit', reason: 'the target gateway is paused' });
    target.paused = false;
    await clock.advance(250);
    expect(taken()).toHaveLength(3);
  });

  it('loses no chunk while the bus is away', async () => {
    await start();
    await journal.putCertificate(first);
    broker.stop();
    await clock.advance(20_000);
    broker.start();
    await clock.advance(20_000);
    expect(new Set(taken())).toEqual(new Set(['0.0', '0.1', '0.2']));
  });

  it.each<ErrorCode>(['ENDPOINT_FAILED', 'DECODE_FAILED'])(
    'goes on after the target answered with %s',
    async (code) => {
      target.fails = code;
      await start();
      await publish(first);
      expect(taken()).toEqual([]);
      target.fails = undefined;
      await clock.advance(250);
      expect(taken()).toHaveLength(3);
    },
  );

  it('starts again from its journal, and doubles nothing that it handed out before', async () => {
    await start();
    await publish(first);
    stop.abort();
    await running;
    taken();
    stop = new AbortController();
    takeAll().catch(() => undefined);
    await clock.advance(1);
    await start();
    expect(taken()).toEqual([]);
    await clock.advance(RESEND_MS + 300);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
  });

  it('hands everything out at once when it starts again and the bus was wiped', async () => {
    await start();
    await publish(first);
    stop.abort();
    await running;
    taken();
    broker.wipe();
    stop = new AbortController();
    await clock.settle();
    takeAll().catch(() => undefined);
    await start();
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
  });

  it('lets another planner of the chain hand out, and goes on in its place', async () => {
    const other = new AbortController();
    const lease = peer.lease(`plan-${TARGET}`, { holder: 'other', ttlMs: 5_000, signal: other.signal });
    await clock.settle();
    expect(lease.held).toBe(true);
    await start();
    await publish(first);
    await clock.advance(60_000);
    expect(taken()).toEqual([]);
    other.abort();
    await clock.advance(5_000);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
  });

  it('knows from listening what another planner handed out', async () => {
    const other = new AbortController();
    peer.lease(`plan-${TARGET}`, { holder: 'other', ttlMs: 5_000, signal: other.signal });
    await clock.settle();
    await start();
    await publish(first);
    await say('done', 0n, 0);
    await say('again', 0n, 1);
    // The other one has handed all three out, and the second of them twice.
    const name = `${LANE}-0`;
    for (const id of [`${name}-0-0`, `${name}-1-0`, `${name}-2-0`]) {
      await peer.publishDurable(subjects.work(TARGET), utf8('item'), { id });
    }
    other.abort();
    await clock.advance(5_000);
    expect(taken()).toEqual(['0.1']);
  });

  it('gives the places of a lane whose packets are missing to the others', async () => {
    await journal.putCertificate(signedBy(statementOver(packetsFrom(24n, 12)), KEYS.slice(0, 2)));
    target.accepted = 36n;
    await start({ inFlightMax: 3 });
    await journal.putCertificate(second);
    await clock.advance(500);
    expect(taken()).toEqual(['12.0', '12.1', '12.2']);
  });

  it('is not moved by junk, forged certificates and strange outcomes', async () => {
    await start();
    await publish(signedBy(first.checkpoint, KEYS.slice(0, 1)));
    for (const subject of [subjects.checkpoint(LANE), subjects.frame(LANE)]) {
      await peer.publishDurable(subject, utf8('junk'), { id: `junk${ids++}` });
    }
    peer.publish(subjects.outcome(TARGET), utf8('junk'));
    await say('again', 999n, 7);
    await clock.settle();
    expect(taken()).toEqual([]);
    await publish(first);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
  });
});

describe('a planner without verification', () => {
  it('sends packets along even to submitters beside it: they have none of their own', async () => {
    await start({ leavesOutPackets: true });
    await publishFrame(frameOf(0n, 12));
    await publish(first);
    expect([taken(), short]).toEqual([['0.0', '0.1', '0.2'], 0]);
  });

  it('delivers from frames of the bus', async () => {
    await start();
    await publishFrame(frameOf(0n, 5));
    await publishFrame(frameOf(5n, 7));
    await publish(first);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
  });

  it('waits for packets that are not there, and says so', async () => {
    await start();
    await publish(first);
    await clock.advance(3000);
    expect(taken()).toEqual([]);
    expect(telemetry.reports.map(({ facts }) => facts['step'])).toContain('plan');
    await publishFrame(frameOf(0n, 12));
    await clock.advance(3000);
    expect(taken()).toEqual(['0.0', '0.1', '0.2']);
  });

  describe('beside one with it', () => {
    beforeEach(async () => {
      const verified = createJournal(createMemoryStore());
      await derivePackets(verified, packetsFrom(0n, 10), 1n);
      await derivePackets(verified, packetsFrom(10n, 14), 2n);
      serveFrames({ bus: peer, subjects, journal: verified }, stop.signal);
    });

    it('asks for frames that the bus lost', async () => {
      await start();
      await publish(first);
      await clock.advance(250);
      expect(taken()).toEqual(['0.0', '0.1', '0.2']);
    });

    it('forgets forged frames and asks for the true ones', async () => {
      await start();
      target.accepted = 12n;
      await publishFrame(frameOf(2n, 15, 1_000_000n));
      await publishFrame(frameOf(13n, 5, 1_000_000n));
      await publish(second);
      await clock.advance(500);
      expect(taken()).toEqual(['12.0', '12.1', '12.2']);
    });
  });
});

describe('a planner beside one that serves forged frames', () => {
  it('asks once a round, and rounds keep their pace', async () => {
    let asked = 0;
    peer.respond(
      subjects.ctl('frames'),
      () => {
        asked++;
        return frameOf(0n, 12, 1_000_000n);
      },
      { signal: stop.signal },
    );
    await start();
    await publish(first);
    const before = asked;
    await clock.advance(4 * options.pollMs);
    expect(asked - before).toBe(4);
    expect(taken()).toEqual([]);
  });
});

describe('the frame service', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['too much', new Uint8Array(41)],
    ['an unknown lane', new Uint8Array(40)],
    ['the last sequence there is', new Uint8Array(40).fill(0xff)],
  ])('answers %s with nothing', async (_, request) => {
    running = Promise.resolve();
    serveFrames({ bus: peer, subjects, journal }, stop.signal);
    const answer = await bus.request(subjects.ctl('frames'), request, { timeoutMs: 1000 });
    expect(answer).toHaveLength(0);
  });
});
