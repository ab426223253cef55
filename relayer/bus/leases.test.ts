import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestClock } from '../../test/sim/testClock.ts';
import { utf8 } from '../core/bytes.ts';
import { createLease, type LeaseEntry, type LeaseStore } from './leases.ts';
import { createMemoryBroker } from './memoryBroker.ts';
import { createMemoryBus } from './memoryBus.ts';
import { createSubjects } from '../core/subjects.ts';
import { whileLeased } from './whileLeased.ts';

const TTL_MS = 1_000;
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** A server whose answers take time, and that may be out of reach for one holder. */
function createWorld() {
  const clock = createTestClock();
  const records = new Map<string, LeaseEntry>();
  let revisions = 0;
  const storeFor = (link: { isUp: boolean; delayMs: number }): LeaseStore => {
    const reach = async (): Promise<void> => {
      await clock.sleep(link.delayMs);
      if (!link.isUp) throw new Error('cut off');
    };
    return {
      async read(name) {
        await reach();
        return records.get(name);
      },
      async write(name, value, expectedRevision) {
        await reach();
        if ((records.get(name)?.revision ?? 0) !== expectedRevision) return 'conflict';
        revisions += 1;
        records.set(name, { value, revision: revisions });
        return revisions;
      },
    };
  };
  const contend = (holder: string, delayMs = 1) => {
    const link = { isUp: true, delayMs };
    const stop = new AbortController();
    stops.push(stop);
    const changes: boolean[] = [];
    const lease = createLease(
      'plan',
      { holder, ttlMs: TTL_MS, signal: stop.signal, onChange: (held) => changes.push(held) },
      { store: storeFor(link), clock, onTrouble: () => undefined },
    );
    return { lease, link, stop, changes };
  };
  return { clock, records, contend };
}

describe('a lease', () => {
  it('is kept by renewing it, through many times its length', async () => {
    const { clock, contend } = createWorld();
    const one = contend('one');
    await clock.advance(10);
    const two = contend('two');
    const { epoch } = one.lease;
    await clock.advance(50 * TTL_MS);
    expect([one.lease.held, one.lease.epoch, one.changes, two.changes]).toEqual([true, epoch, [true], []]);
  });

  it('is let go in time by a holder that cannot renew it, and taken within twice its length', async () => {
    const { clock, contend } = createWorld();
    const one = contend('one');
    await clock.advance(10);
    const two = contend('two');
    await clock.advance(500);
    one.link.isUp = false;
    await clock.advance(TTL_MS);
    expect(one.lease.held).toBe(false);
    await clock.advance(TTL_MS);
    expect([one.lease.held, two.lease.held, one.changes]).toEqual([false, true, [true, false]]);
    one.link.isUp = true;
    await clock.advance(5 * TTL_MS);
    expect([one.lease.held, two.lease.held]).toEqual([false, true]);
  });

  it('is let go on time while a renewal hangs', async () => {
    const { clock, contend } = createWorld();
    const one = contend('one');
    await clock.advance(10);
    one.link.delayMs = 60 * TTL_MS;
    await clock.advance(2 * TTL_MS);
    expect([one.lease.held, one.changes]).toEqual([false, [true, false]]);
  });

  it('is taken from whoever wrote nonsense once that is old', async () => {
    const { clock, records, contend } = createWorld();
    for (const junk of ['', '{', 'null', '{"holder":1,"epoch":"2"}', '{"holder":"x","epoch":"-1"}', 'x'.repeat(600)]) {
      records.set('plan', { value: utf8(junk), revision: 1_000 });
      const one = contend('one');
      await clock.advance(TTL_MS / 2);
      expect(one.lease.held).toBe(false);
      await clock.advance(2 * TTL_MS);
      expect(one.lease.held).toBe(true);
      one.stop.abort();
      await clock.advance(10);
    }
  });

  it('is never held twice, whoever is cut off, slow or restarted, and its epoch only grows', async () => {
    const step = fc.record({
      who: fc.nat(2),
      isUp: fc.boolean(),
      delayMs: fc.constantFrom(0, 1, 30, 200, 700),
      restart: fc.boolean(),
      forMs: fc.integer({ min: 1, max: 1_500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { clock, contend } = createWorld();
        const all = ['a', 'b', 'c'].map((holder) => contend(holder));
        let epochs = 0n;
        const look = (): void => {
          const held = all.filter(({ lease }) => lease.held);
          expect(held.length).toBeLessThanOrEqual(1);
          const epoch = held[0]?.lease.epoch ?? epochs;
          expect(epoch >= epochs).toBe(true);
          epochs = epoch;
        };
        for (const { who, isUp, delayMs, restart, forMs } of steps) {
          const one = all[who]!;
          Object.assign(one.link, { isUp, delayMs });
          if (restart) {
            one.stop.abort();
            // What is on its way still gets there; a process of the same name starts after the one before has ended.
            while (!(await isSettled(one.lease.ended))) await clock.advance(150);
            all[who] = contend('abc'[who]!, delayMs);
          }
          for (let passed = 0; passed < forMs; passed += 150) {
            await clock.advance(150);
            look();
          }
        }
        for (const { link } of all) Object.assign(link, { isUp: true, delayMs: 1 });
        await clock.advance(6 * TTL_MS);
        look();
        expect(all.some(({ lease }) => lease.held)).toBe(true);
        for (const { stop } of all) stop.abort();
      }),
      { numRuns: 40 },
    );
  });
});

async function isSettled(work: Promise<void>): Promise<boolean> {
  return Promise.race([work.then(() => true), Promise.resolve().then(() => false)]);
}

describe('work while a lease is held', () => {
  const setUp = async () => {
    const clock = createTestClock();
    const broker = createMemoryBroker({ clock });
    const subjects = createSubjects('test');
    const log: string[] = [];
    const start = async (holder: string, fails = false) => {
      const bus = createMemoryBus({ broker, clock, subjects });
      const stop = new AbortController();
      stops.push(stop);
      const work = async (signal: AbortSignal): Promise<void> => {
        log.push(`${holder} starts`);
        if (fails) throw new Error('cannot');
        await clock.sleep(1e9, signal).catch(() => undefined);
        log.push(`${holder} ends`);
      };
      const ended = whileLeased({ bus, clock }, 'vault', { holder, ttlMs: TTL_MS }, work, stop.signal);
      ended.catch(() => undefined);
      await clock.advance(1);
      return { bus, stop, ended };
    };
    return { clock, broker, log, start };
  };

  it('runs in one process, and in the next when that ends', async () => {
    const { clock, log, start } = await setUp();
    const one = await start('one');
    const two = await start('two');
    await clock.advance(10 * TTL_MS);
    expect(log).toEqual(['one starts']);
    one.stop.abort();
    await one.ended;
    await clock.advance(TTL_MS);
    expect(log).toEqual(['one starts', 'one ends', 'two starts']);
    two.stop.abort();
    await two.ended;
  });

  it('ends when the lease is lost, and starts again with it', async () => {
    const { clock, broker, log, start } = await setUp();
    await start('one');
    broker.stop();
    await clock.advance(2 * TTL_MS);
    expect(log).toEqual(['one starts', 'one ends']);
    broker.start();
    await clock.advance(2 * TTL_MS);
    expect(log).toEqual(['one starts', 'one ends', 'one starts']);
  });

  it('gives the lease back when it fails, and says so', async () => {
    const { clock, log, start } = await setUp();
    const one = await start('one', true);
    await expect(one.ended).rejects.toThrow('cannot');
    await start('two');
    await clock.advance(TTL_MS);
    expect(log).toEqual(['one starts', 'two starts']);
  });
});
