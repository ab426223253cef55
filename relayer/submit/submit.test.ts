import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  KEYS,
  LANE,
  packetsFrom,
  recordTelemetry,
  RULES,
  signedBy,
  statementOver,
  TARGET,
} from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, createMemoryBroker, createMemoryBus, type MemoryBroker } from '../bus/index.ts';
import { bytesToHex, utf8 } from '../core/bytes.ts';
import { encodeDelivery, type WorkItem } from '../core/certificate.ts';
import { type ErrorCode, ViaductError } from '../core/errors.ts';
import { chunkHashes } from '../core/checkpoint.ts';
import { keccak256 } from '../core/keccak.ts';
import { silentLogger } from '../core/log.ts';
import { decodeOutcome } from '../core/outcome.ts';
import type { Preparation, SignedTransaction, TargetAccount, TransactionOutcome } from '../core/ports.ts';
import { createSubjects } from '../core/subjects.ts';
import { deliveryBuilder, workBuilder } from '../plan/buildDelivery.ts';
import { createIntents } from '../store/intents.ts';
import { createMemoryStore, type MemoryStore } from '../store/index.ts';
import { submit } from './submit.ts';

const REPLACE_MS = 10_000;
const options = { durable: 'submit', inFlightMax: 3, trackMs: 100, replaceMs: REPLACE_MS };
const subjects = createSubjects('test');
const packets = packetsFrom(0n, 40);
const certificate = signedBy(statementOver(packets), KEYS.slice(0, 2));
const build = deliveryBuilder(certificate, packets)!;
const buildShort = workBuilder(certificate, chunkHashes(packets, 4))!;

/** What the chain behind the account does; each test turns it. */
interface World {
  nextSlot: bigint;
  preparation: Preparation;
  outcomes: Map<string, TransactionOutcome>;
  /** What the disk waits for before it forgets a slot. */
  removing: Map<bigint, Promise<void>>;
  broadcastFails: ErrorCode | undefined;
  signFails: ErrorCode | undefined;
  prepareFails: ErrorCode | undefined;
  /** What endpoints wait for before they say how a chunk stands. */
  preparing: Promise<void> | undefined;
  readonly sent: string[];
  prepared: number;
  /** Of chunks whose items came without packets. */
  found: Uint8Array | undefined;
  readonly sought: number[];
}

const findChunk = async ({ chunkIndex }: WorkItem): Promise<Uint8Array | undefined> => {
  world.sought.push(chunkIndex);
  return Promise.resolve(world.found);
};

let clock: TestClock;
let broker: MemoryBroker;
let bus: Bus;
let store: MemoryStore;
let stop: AbortController;
let running: Promise<void>;
let world: World;
let telemetry: ReturnType<typeof recordTelemetry>;
let outcomes: string[];

const named = ({ slot, attempt, call }: Pick<SignedTransaction, 'slot' | 'attempt' | 'call'>): string =>
  `${call.length === 0 ? 'blank' : 'chunk'} slot ${slot} attempt ${attempt}`;

const account: TargetAccount = {
  address: '0xaa',
  nextSlot: async () => Promise.resolve(world.nextSlot),
  prepare: async () => {
    world.prepared++;
    if (world.prepareFails !== undefined) throw new ViaductError({ code: world.prepareFails, shortMessage: 'no' });
    await world.preparing;
    return world.preparation;
  },
  sign: async (call, slot, attempt) => {
    if (world.signFails !== undefined) throw new ViaductError({ code: world.signFails, shortMessage: 'no' });
    const hash = bytesToHex(keccak256(utf8(`${slot} ${attempt}`), call));
    return Promise.resolve({ slot, attempt, call, raw: utf8(hash), hash });
  },
  broadcast: async (transaction) => {
    world.sent.push(named(transaction));
    if (world.broadcastFails !== undefined) throw new ViaductError({ code: world.broadcastFails, shortMessage: 'no' });
    return Promise.resolve();
  },
  outcome: async (transaction) => Promise.resolve(world.outcomes.get(named(transaction)) ?? { kind: 'pending' }),
  blank: () => new Uint8Array(0),
};

async function start(): Promise<void> {
  stop = new AbortController();
  bus = createMemoryBus({ broker, clock, subjects });
  await bus.ensureTopology();
  bus.subscribe(
    subjects.outcome(TARGET),
    ({ payload }) => {
      const { kind, chunkIndex, reason } = decodeOutcome(payload);
      outcomes.push(`${chunkIndex} ${kind}: ${reason}`);
    },
    { signal: stop.signal },
  );
  const stored = createIntents(store, TARGET, account.address);
  const intents = {
    ...stored,
    remove: async (slot: bigint) => {
      await world.removing.get(slot);
      return stored.remove(slot);
    },
  };
  const deps = {
    bus,
    subjects,
    intents,
    account,
    rules: new Map([[LANE, RULES]]),
    findChunk,
    clock,
    log: silentLogger,
    telemetry,
  };
  running = submit(TARGET, deps, options, stop.signal);
  await clock.settle();
}

async function crash(): Promise<void> {
  stop.abort();
  await bus.close({ drain: false });
  await running;
  store = store.crash();
}

let ids = 0;
async function work(payload: Uint8Array): Promise<void> {
  await bus.publishDurable(subjects.work(TARGET), payload, { id: `item-${ids++}` });
  await clock.settle();
}
const include = (slot: bigint, attempt = 0, what = 'chunk'): void => {
  world.outcomes.set(`${what} slot ${slot} attempt ${attempt}`, { kind: 'included', height: 1n, gasUsed: 1n });
  if (world.nextSlot <= slot) world.nextSlot = slot + 1n;
};
const pendingIntents = async () => createIntents(store, TARGET, account.address).load();

beforeEach(async () => {
  clock = createTestClock();
  broker = createMemoryBroker({ clock });
  store = createMemoryStore();
  telemetry = recordTelemetry();
  outcomes = [];
  world = {
    nextSlot: 5n,
    preparation: { kind: 'send', call: utf8('deliver') },
    outcomes: new Map(),
    removing: new Map(),
    broadcastFails: undefined,
    signFails: undefined,
    prepareFails: undefined,
    preparing: undefined,
    sent: [],
    prepared: 0,
    found: undefined,
    sought: [],
  };
  await start();
});
afterEach(async () => {
  stop.abort();
  await running.catch(() => undefined);
  await bus.close({ drain: false });
});

describe('a chunk', () => {
  it('is signed, sent, and reported when it is included', async () => {
    await work(build(0));
    expect(world.sent).toEqual(['chunk slot 5 attempt 0']);
    expect((await pendingIntents()).map(({ slot }) => slot)).toEqual([5n]);
    include(5n);
    await clock.advance(100);
    expect(outcomes).toEqual(['0 done: included']);
    expect(await pendingIntents()).toEqual([]);
  });

  it('takes the next slot each, up to the bound, and the rest wait in the queue', async () => {
    for (const index of [0, 1, 2, 3, 4]) await work(build(index));
    expect(world.sent).toEqual([5, 6, 7].map((slot) => `chunk slot ${slot} attempt 0`));
    include(5n);
    await clock.advance(200);
    expect(world.sent.slice(3)).toEqual(['chunk slot 8 attempt 0']);
  });

  it('in hand already costs nothing again', async () => {
    await work(build(0));
    await work(build(0));
    expect(world.prepared).toBe(1);
    expect(world.sent).toHaveLength(1);
  });

  it('stays in its hands however slow the endpoints are', async () => {
    world.preparing = clock.sleep(100_000);
    await work(build(0));
    const others = bus.pull(subjects.work(TARGET), { durable: options.durable, maxInFlight: 9, signal: stop.signal });
    const theirs: unknown[] = [];
    const takeAll = async (): Promise<void> => {
      for await (const item of others) theirs.push(item);
    };
    takeAll().catch(() => undefined);
    await clock.advance(99_000);
    expect(world.sent).toEqual([]);
    await clock.advance(2_000);
    expect([world.sent.length, theirs]).toEqual([1, []]);
  });

  it('that came without its packets gets them here, and waits for them', async () => {
    const call = account.prepare;
    let given: Uint8Array | undefined;
    account.prepare = async (delivery, signal) => {
      given = delivery.packets;
      return call(delivery, signal);
    };
    await work(buildShort(2));
    expect([world.sought, world.prepared]).toEqual([[2], 0]);
    expect(telemetry.reports).toContainEqual({
      what: 'blocked',
      key: LANE,
      facts: { step: 'submit', reason: 'packets of a signed checkpoint are not here yet' },
    });
    world.found = packets.subarray(8 * 135, 12 * 135);
    await clock.advance(1_000);
    account.prepare = call;
    expect(given).toEqual(world.found);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0']);
  });

  it('whose packets never come goes back to the planner', async () => {
    await work(buildShort(1));
    await clock.advance(60_000);
    expect(outcomes).toEqual(['1 again: it waited too long in the queue']);
    expect([world.sought.length, world.prepared]).toEqual([9, 0]);
  });

  it('delivered already is done', async () => {
    world.preparation = { kind: 'alreadyDelivered' };
    await work(build(1));
    expect([outcomes, world.sent]).toEqual([['1 done: already delivered'], []]);
  });

  it('that must wait goes back into the queue, says why, and in the end back to the planner', async () => {
    world.preparation = { kind: 'wait', reason: 'value limit used up', retryMs: 1000 };
    await work(build(1));
    expect(telemetry.reports).toContainEqual({
      what: 'blocked',
      key: LANE,
      facts: { step: 'submit', reason: 'value limit used up' },
    });
    await clock.advance(1000);
    expect(world.prepared).toBe(2);
    await clock.advance(60_000);
    expect(outcomes).toEqual(['1 again: it waited too long in the queue']);
    expect(world.prepared).toBe(9);
  });

  it('that the gateway refuses is reported, once', async () => {
    world.preparation = { kind: 'refused', reason: 'another checkpoint' };
    await work(build(2));
    await clock.advance(60_000);
    expect([outcomes, world.sent, world.prepared]).toEqual([['2 refused: another checkpoint'], [], 1]);
  });

  it.each([
    [
      'a revert',
      { kind: 'reverted', reason: 'out of gas', height: 1n, alreadyDelivered: false },
      '0 again: out of gas',
    ],
    [
      'a delivery by somebody else',
      { kind: 'reverted', reason: 'delivered before', height: 1n, alreadyDelivered: true },
      '0 done: delivered before',
    ],
    ['a lost slot', { kind: 'slotTaken' }, '0 again: another transaction used the slot'],
  ] as const)('that came to %s', async (_, outcome, said) => {
    await work(build(0));
    world.outcomes.set('chunk slot 5 attempt 0', outcome);
    world.nextSlot = 6n;
    await clock.advance(100);
    expect(outcomes).toEqual([said]);
    expect(await pendingIntents()).toEqual([]);
  });

  it('is tried again while endpoints are away', async () => {
    world.prepareFails = 'ENDPOINT_FAILED';
    await work(build(0));
    expect(world.sent).toEqual([]);
    world.prepareFails = undefined;
    await clock.advance(1000);
    expect(world.sent).toHaveLength(1);
  });
});

describe('a pending transaction', () => {
  it('is sent again, then replaced by a higher attempt of the same slot, and any of them may be included', async () => {
    await work(build(0));
    await clock.advance(REPLACE_MS / 2);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0', 'chunk slot 5 attempt 0']);
    await clock.advance(REPLACE_MS / 2);
    expect(world.sent.slice(2)).toEqual(['chunk slot 5 attempt 1']);
    world.outcomes.set('chunk slot 5 attempt 1', { kind: 'slotTaken' });
    include(5n, 0);
    await clock.advance(100);
    expect(outcomes).toEqual(['0 done: included']);
  });

  it('that no endpoint took is sent again soon', async () => {
    world.broadcastFails = 'ENDPOINT_FAILED';
    await work(build(0));
    world.broadcastFails = undefined;
    await clock.advance(1100);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0', 'chunk slot 5 attempt 0']);
  });

  it('that pays too little is replaced at once when it is sent again', async () => {
    world.broadcastFails = 'TX_UNDERPRICED';
    await work(build(0));
    await clock.advance(900);
    world.sent.length = 0;
    await clock.advance(200);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0', 'chunk slot 5 attempt 1']);
  });

  it('that the disk is slow to forget keeps nobody else from being seen', async () => {
    await work(build(0));
    await work(build(1));
    let forget: () => void = () => undefined;
    world.removing.set(5n, new Promise((resolve) => (forget = resolve)));
    include(5n);
    include(6n);
    await clock.advance(100);
    expect(outcomes).toEqual(['1 done: included']);
    forget();
    await clock.settle();
    expect(outcomes).toEqual(['1 done: included', '0 done: included']);
    expect(await pendingIntents()).toEqual([]);
  });

  it('at the fee limit is kept alive, and keeps nobody else from being seen', async () => {
    await work(build(0));
    await work(build(1));
    world.signFails = 'TX_UNDERPRICED';
    await clock.advance(REPLACE_MS);
    expect(world.sent.filter((sent) => !sent.endsWith('attempt 0'))).toEqual([]);
    expect(world.sent.length).toBeGreaterThan(4);
    include(5n);
    include(6n);
    await clock.advance(100);
    expect(outcomes).toEqual(['0 done: included', '1 done: included']);
  });

  it('of an account without funds calls for help', async () => {
    world.broadcastFails = 'ACCOUNT_OUT_OF_FUNDS';
    await work(build(0));
    expect(telemetry.alerts).toEqual(['ACCOUNT_OUT_OF_FUNDS']);
  });

  it('of an account without funds leaves its chunks to others, longer each time, until it can pay', async () => {
    world.signFails = 'ACCOUNT_OUT_OF_FUNDS';
    await work(build(0));
    expect(world.prepared).toBe(1);
    const tries: number[] = [];
    for (let second = 1; second <= 7; second++) {
      await clock.advance(1_000);
      tries.push(world.prepared);
    }
    // After 1, 2 and 4 seconds.
    expect(tries).toEqual([2, 2, 3, 3, 3, 3, 4]);
    world.signFails = undefined;
    await clock.advance(8_000);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0']);
    await work(build(1));
    expect(world.sent.slice(1)).toEqual(['chunk slot 6 attempt 0']);
  });
});

describe('a chunk that another account has to pay', () => {
  it('goes back at once, and the account asks less and less often until there is something for it', async () => {
    world.preparation = { kind: 'notOurs', reason: 'another account issues it' };
    await work(build(0));
    expect([world.prepared, outcomes, telemetry.alerts]).toEqual([1, [], []]);
    const tries: number[] = [];
    for (let second = 1; second <= 7; second++) {
      await clock.advance(1_000);
      tries.push(world.prepared);
    }
    expect(tries).toEqual([2, 2, 3, 3, 3, 3, 4]);
    world.preparation = { kind: 'send', call: utf8('call') };
    await clock.advance(8_000);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0']);
    await work(build(1));
    expect(world.sent.slice(1)).toEqual(['chunk slot 6 attempt 0']);
  });
});

describe('while the disk writes one chunk', () => {
  it('the next one takes its slot, and both are sent in order, each after its own bytes are on disk', async () => {
    const written: (() => void)[] = [];
    const onDisk: bigint[] = [];
    stop.abort();
    await running;
    const memory = createIntents(store, TARGET, account.address);
    const slow = {
      ...memory,
      put: async (intent: Parameters<typeof memory.put>[0]): Promise<void> => {
        await new Promise<void>((resolve) => written.push(resolve));
        await memory.put(intent);
        onDisk.push(intent.slot);
      },
    };
    stop = new AbortController();
    const rules = new Map([[LANE, RULES]]);
    const deps = { bus, subjects, intents: slow, account, rules, findChunk, clock, log: silentLogger, telemetry };
    running = submit(TARGET, deps, options, stop.signal);
    await clock.settle();
    await work(build(0));
    await work(build(1));
    expect(written).toHaveLength(2);
    expect(world.sent).toEqual([]);
    written[1]!();
    await clock.settle();
    expect([onDisk, world.sent]).toEqual([[6n], []]);
    written[0]!();
    await clock.settle();
    expect(onDisk).toEqual([6n, 5n]);
    expect(world.sent).toEqual(['chunk slot 5 attempt 0', 'chunk slot 6 attempt 0']);
  });
});

describe('slots', () => {
  it('below pending ones that nothing of ours waits for are filled', async () => {
    await work(build(0));
    await work(build(1));
    // A reorg: slot 5 was included, closed, and is free again.
    include(5n);
    await clock.advance(100);
    world.nextSlot = 5n;
    await clock.advance(100);
    expect(world.sent.slice(2)).toEqual(['blank slot 5 attempt 0']);
    include(5n, 0, 'blank');
    include(6n);
    await clock.advance(100);
    expect(outcomes).toEqual(['0 done: included', '1 done: included']);
    expect(await pendingIntents()).toEqual([]);
  });

  it('that somebody else used are left behind', async () => {
    await work(build(0));
    world.outcomes.set('chunk slot 5 attempt 0', { kind: 'slotTaken' });
    world.nextSlot = 9n;
    await clock.advance(100);
    await work(build(0));
    expect(world.sent.at(-1)).toBe('chunk slot 9 attempt 0');
  });

  it('ask the chain nothing while nothing is pending', async () => {
    const { nextSlot } = account;
    let asked = 0;
    account.nextSlot = async (signal) => {
      asked++;
      return nextSlot(signal);
    };
    await clock.advance(10_000);
    account.nextSlot = nextSlot;
    expect(asked).toBe(0);
  });
});

describe('a restart', () => {
  it('sends the same bytes again, in the same slots, and goes on behind them', async () => {
    await work(build(0));
    await work(build(1));
    await crash();
    world.sent.length = 0;
    await start();
    expect(world.sent).toEqual(['chunk slot 5 attempt 0', 'chunk slot 6 attempt 0']);
    await work(build(0));
    await work(build(2));
    expect(world.sent.slice(2)).toEqual(['chunk slot 7 attempt 0']);
  });

  it('between the journal and the broadcast loses nothing and signs nothing else for the slot', async () => {
    world.broadcastFails = 'ENDPOINT_FAILED';
    await work(build(0));
    const [before] = await pendingIntents();
    await crash();
    world.broadcastFails = undefined;
    world.signFails = 'BUG';
    await start();
    expect(world.sent).toEqual(['chunk slot 5 attempt 0', 'chunk slot 5 attempt 0']);
    expect((await pendingIntents())[0]).toEqual(before);
  });

  it('learns what happened while it was away', async () => {
    await work(build(0));
    await crash();
    include(5n);
    await start();
    await clock.advance(100);
    expect(outcomes).toEqual(['0 done: included']);
  });

  it('waits for its endpoints, and ends while it waits', async () => {
    await crash();
    const { nextSlot } = account;
    account.nextSlot = async () => Promise.reject(new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'away' }));
    await start();
    await clock.advance(5000);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
    account.nextSlot = nextSlot;
  });
});

describe('a forged work item', () => {
  const forge = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = build(0).slice();
    change(bytes);
    return bytes;
  };
  const changedShort = buildShort(0).slice();
  changedShort[200] = 1;
  const stranger = keccak256(utf8('stranger'));
  const by = (keys: readonly Uint8Array[], more = {}): Uint8Array => {
    const forged = signedBy(statementOver(packets, more), keys);
    return encodeDelivery({ ...forged, chunkIndex: 0, packets: packets.subarray(0, 4 * 135), proof: [] });
  };

  it.each([
    ['junk', utf8('junk')],
    ['another packet', forge((bytes) => (bytes[bytes.length - 40] = 1))],
    ['another signature', forge((bytes) => (bytes[200] = 1))],
    ['another chunk index', forge((bytes) => (bytes[197 + 130 + 3] = 1))],
    ['another signature, without packets', changedShort],
    ['too few signatures', by(KEYS.slice(0, 1))],
    ['a stranger', by([stranger, stranger])],
    ['an unknown lane', by(KEYS.slice(0, 2), { lane: '00'.repeat(32) })],
  ])('costs no call and no fee: %s', async (_, payload) => {
    await work(payload);
    await clock.advance(60_000);
    expect([world.prepared, world.sent, world.sought, outcomes]).toEqual([0, [], [], []]);
    expect(telemetry.alerts).toEqual(['WORK_REFUSED']);
    await work(build(0));
    expect(world.sent).toHaveLength(1);
  });
});

describe('an end', () => {
  it('by the signal leaves nothing running', async () => {
    await work(build(0));
    stop.abort();
    await running;
    await bus.close({ drain: false });
    await clock.settle();
  });

  it.each<ErrorCode>(['STORE_UNAVAILABLE', 'BUG'])('by %s is told to whoever runs the role', async (code) => {
    world.prepareFails = code;
    const ended = expect(running).rejects.toMatchObject({ code });
    await work(build(0));
    await ended;
  });
});
