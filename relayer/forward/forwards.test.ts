import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeNetwork, TOKEN } from '../../test/sim/fakeNetwork.ts';
import { derivation, packetsFrom, stepAt } from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { utf8 } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { type ChainName, idBytes } from '../core/ids.ts';
import { keccak256 } from '../core/keccak.ts';
import { silentLogger } from '../core/log.ts';
import { transferIdOf } from '../core/packet.ts';
import { createMemoryStore, type MemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { createForwardBook, ENDED_KEPT_MAX } from './forwardBook.ts';
import { createForwards, type Forwards, type ForwardsOptions } from './forwards.ts';
import type { ForwardTerms, PokeOutcome } from '../core/forward.ts';

// a sends to b, which is the chain in the middle; what goes on from there goes back to a.
const { manifest, lane } = createFakeNetwork();
const [nameA, nameB] = manifest.chains.map(({ name }) => name) as [ChainName, ChainName];
const OPTIONS: ForwardsOptions = { openMax: 3, pokesPerHourMax: 5, pollMs: 100 };

let clock: TestClock;
let store: MemoryStore;
let journal: Journal;
let outcome: PokeOutcome | ViaductError;
let recovered: string | undefined;
let calls: string[];
let height: bigint;
let stop: AbortController;

beforeEach(() => {
  clock = createTestClock(1_000_000_000);
  store = createMemoryStore();
  journal = createJournal(store);
  outcome = { kind: 'sent', transaction: '0xaa' };
  recovered = '0xbb';
  calls = [];
  height = 0n;
  stop = new AbortController();
});

const termsOf = (index: number, more: Partial<ForwardTerms> = {}): ForwardTerms => ({
  gateway: new Uint8Array(20).fill(1),
  lane: lane.bToA,
  asset: TOKEN,
  amount: 5n,
  receiver: new Uint8Array(20).fill(2),
  recovery: new Uint8Array(20).fill(3),
  expirySeconds: 2_000_000n,
  nonce: new Uint8Array(32).fill(index),
  ...more,
});
const addressOf = ({ nonce }: ForwardTerms): Uint8Array => keccak256(utf8('forwarder'), nonce).slice(0, 20);

function make(options: Partial<ForwardsOptions> = {}): Forwards {
  const named = (terms: ForwardTerms): string => String(terms.nonce[0]);
  return createForwards(
    nameB,
    {
      manifest,
      journal,
      store,
      clock,
      chainClock: clock,
      log: silentLogger,
      forwarding: {
        addressOf,
        poke: async (terms) => {
          calls.push(`poke ${named(terms)}`);
          if (outcome instanceof ViaductError) throw outcome;
          return Promise.resolve(outcome);
        },
        recover: async (terms) => {
          calls.push(`recover ${named(terms)}`);
          return Promise.resolve(recovered);
        },
      },
    },
    { ...OPTIONS, ...options },
  );
}

async function run(forwards: Forwards): Promise<void> {
  return forwards.run(stop.signal);
}

/** A verified delivery on b that pays these accounts. */
async function pay(first: bigint, ...receivers: Uint8Array[]): Promise<void> {
  height++;
  const packets = receivers.map((receiver, index) => packetsFrom(first + BigInt(index), 1, { asset: TOKEN, receiver }));
  await journal.putStep(nameA, stepAt(height));
  const outbound = [{ lane: lane.aToB, firstSequence: first, packets: Buffer.concat(packets) }];
  await journal.putDerivation(nameA, stepAt(height).head, derivation(height, { outbound }));
  await deliver(nameB, lane.aToB, first, receivers.length);
}

async function deliver(chain: ChainName, on: typeof lane.aToB, first: bigint, count: number): Promise<void> {
  height++;
  await journal.putStep(chain, stepAt(height));
  const delivered = [{ firstSequence: first, count, transaction: '0xdd' }];
  const settlements = [{ lane: on, acceptedSequence: first + BigInt(count), accepted: [], delivered, refused: [] }];
  await journal.putDerivation(chain, stepAt(height).head, derivation(height, { settlements }));
}

/** Verified: the forwarder's deposit is in the second lane. */
async function deposit(sequence: bigint, sender: Uint8Array): Promise<Uint8Array> {
  height++;
  const packets = packetsFrom(sequence, 1, { asset: TOKEN, sender });
  await journal.putStep(nameB, stepAt(height));
  const outbound = [{ lane: lane.bToA, firstSequence: sequence, packets }];
  await journal.putDerivation(nameB, stepAt(height).head, derivation(height, { outbound }));
  return packets;
}

describe('a registered forward', () => {
  it('is poked when a verified delivery has paid it, and followed to the end', async () => {
    const forwards = make();
    const { address, state } = await forwards.register(termsOf(1));
    expect(state).toBe('waiting');
    const ended = run(forwards);
    await clock.advance(5_000);
    expect(calls).toEqual([]);
    await pay(0n, new Uint8Array(20).fill(9), address);
    await clock.advance(1_000);
    expect(calls).toEqual(['poke 1']);
    expect(forwards.find(address)).toMatchObject({ state: 'sent', transaction: '0xaa' });
    await deposit(0n, address);
    await clock.advance(1_000);
    expect(forwards.find(address)).toMatchObject({ state: 'forwarded', place: { lane: lane.bToA, sequence: 0n } });
    await deliver(nameA, lane.bToA, 0n, 1);
    await clock.advance(2_000);
    expect(forwards.find(address)?.state).toBe('settled');
    await clock.advance(600_000);
    expect(calls).toEqual(['poke 1']);
    stop.abort();
    await ended;
  });

  it('gives what came back to its recovery account, once the return is verified', async () => {
    const forwards = make();
    const { address } = await forwards.register(termsOf(1));
    const ended = run(forwards);
    await pay(0n, address);
    await clock.advance(1_000);
    const packets = await deposit(0n, address);
    // a refuses it: the return is on the lane from a to b.
    height++;
    const back = packetsFrom(1n, 1, {
      kind: 'return',
      asset: TOKEN,
      receiver: address,
      sourceReference: idBytes(transferIdOf(lane.bToA, packets)),
    });
    await journal.putStep(nameA, stepAt(height));
    const delivered = [{ firstSequence: 0n, count: 1, transaction: '0xdd' }];
    await journal.putDerivation(
      nameA,
      stepAt(height).head,
      derivation(height, {
        outbound: [{ lane: lane.aToB, firstSequence: 1n, packets: back }],
        settlements: [{ lane: lane.bToA, acceptedSequence: 1n, accepted: [], delivered, refused: [] }],
      }),
    );
    await clock.advance(5_000);
    expect([forwards.find(address)?.state, calls]).toEqual(['forwarded', ['poke 1']]);
    await deliver(nameB, lane.aToB, 1n, 1);
    await clock.advance(5_000);
    expect(calls).toEqual(['poke 1', 'recover 1']);
    expect(forwards.find(address)).toMatchObject({ state: 'recovered', transaction: '0xbb' });
    stop.abort();
    await ended;
  });

  it('that somebody else poked is found in the second lane', async () => {
    const forwards = make();
    const { address } = await forwards.register(termsOf(1));
    await deposit(0n, address);
    const ended = run(forwards);
    await clock.advance(1_000);
    expect([forwards.find(address)?.state, calls]).toEqual(['forwarded', []]);
    stop.abort();
    await ended;
  });

  it('that was paid before it was registered is found', async () => {
    const forwards = make();
    const ended = run(forwards);
    await pay(0n, addressOf(termsOf(2)));
    await clock.advance(1_000);
    await forwards.register(termsOf(2));
    await clock.advance(1_000);
    expect(calls).toEqual(['poke 2']);
    stop.abort();
    await ended;
  });

  it('is tried again, ever more slowly, while it cannot go on, and says why', async () => {
    const forwards = make();
    const { address } = await forwards.register(termsOf(1));
    outcome = { kind: 'blocked', reason: 'GatewayIsPaused()' };
    const ended = run(forwards);
    await pay(0n, address);
    await clock.advance(60_000);
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.length).toBeLessThan(10);
    expect(forwards.find(address)).toMatchObject({ state: 'arrived', reason: 'GatewayIsPaused()' });
    outcome = new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint answers.' });
    await clock.advance(120_000);
    expect(forwards.find(address)).toMatchObject({ state: 'arrived', reason: 'No endpoint answers.' });
    outcome = { kind: 'sent', transaction: '0xcc' };
    await clock.advance(120_000);
    expect(forwards.find(address)).toMatchObject({ state: 'sent', reason: undefined });
    stop.abort();
    await ended;
  });

  it('that a reorganisation undid is poked again', async () => {
    const forwards = make();
    const { address } = await forwards.register(termsOf(1, { expirySeconds: 1_000_600n }));
    const ended = run(forwards);
    await pay(0n, address);
    await clock.advance(130_000);
    expect(calls).toEqual(['poke 1', 'poke 1']);
    outcome = { kind: 'done' };
    await clock.advance(130_000);
    expect([forwards.find(address)?.state, calls.length]).toEqual(['sent', 3]);
    // Where it went was never seen: one day that is the past.
    await clock.advance(600_000);
    expect(forwards.find(address)).toMatchObject({ state: 'settled', reason: 'it went on, long ago' });
    stop.abort();
    await ended;
  });

  it('goes back when its time is over', async () => {
    const forwards = make();
    // In a minute and a half.
    const [paid, empty] = [termsOf(1), termsOf(2)].map((terms) => ({ ...terms, expirySeconds: 1_000_090n }));
    const ended = run(forwards);
    await forwards.register(paid!);
    outcome = { kind: 'waiting' };
    await pay(0n, addressOf(paid!));
    await clock.advance(80_000);
    expect(forwards.find(addressOf(paid!))?.state).toBe('arrived');
    outcome = { kind: 'expired' };
    await clock.advance(80_000);
    expect(forwards.find(addressOf(paid!))).toMatchObject({ state: 'recovered', transaction: '0xbb' });
    recovered = undefined;
    await forwards.register(empty!);
    await clock.advance(80_000);
    expect(forwards.find(addressOf(empty!))?.state).toBe('expired');
    expect(calls).not.toContain('recover 2');
    stop.abort();
    await ended;
  });

  it('survives a restart', async () => {
    const before = make();
    const { address } = await before.register(termsOf(1));
    const after = make();
    const ended = run(after);
    await pay(0n, address);
    await clock.advance(1_000);
    expect(calls).toEqual(['poke 1']);
    expect((await after.register(termsOf(1))).state).toBe('sent');
    stop.abort();
    await ended;
  });
});

describe('what it may cost', () => {
  it('is bounded in open forwards', async () => {
    const forwards = make();
    for (const index of [1, 2, 3]) await forwards.register(termsOf(index));
    // The same again is no other one.
    await forwards.register(termsOf(2));
    await expect(forwards.register(termsOf(4))).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('is bounded in transactions an hour', async () => {
    const forwards = make({ openMax: 20, pokesPerHourMax: 2 });
    const all = [1, 2, 3, 4, 5].map((index) => termsOf(index));
    for (const terms of all) await forwards.register(terms);
    const ended = run(forwards);
    await pay(0n, ...all.map(addressOf));
    await clock.advance(60_000);
    expect(calls).toEqual(['poke 1', 'poke 2']);
    await clock.advance(3_600_000);
    expect(calls.length).toBeGreaterThan(2);
    stop.abort();
    await ended;
  });

  it('is bounded in those at their end: the oldest give way', async () => {
    const book = createForwardBook(store, nameB, 10);
    const nameOf = (index: number): Uint8Array => keccak256(utf8(`ended ${index}`)).slice(0, 20);
    for (let index = 0; index < ENDED_KEPT_MAX + 5; index++) {
      const record = { chain: nameB, address: nameOf(index), terms: termsOf(1), createdMs: index } as const;
      await book.add({ ...record, state: 'settled', place: undefined, transaction: undefined, reason: undefined });
    }
    const kept = [0, 4, 5, ENDED_KEPT_MAX + 4].map((index) => book.find(nameOf(index)) !== undefined);
    expect(kept).toEqual([false, false, true, true]);
    const again = createForwardBook(store, nameB, 10);
    await again.load();
    expect([again.find(nameOf(4)), again.find(nameOf(5))?.createdMs]).toEqual([undefined, 5]);
  });
});
