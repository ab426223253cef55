/** What every bus promises about leases. A part of the bus suite in a file of its own, with the same harness. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, Lease } from '../../relayer/bus/index.ts';
import { createSubjects, type Subjects } from '../../relayer/core/subjects.ts';
import type { BusHarness } from './busSuite.ts';

/** Short, since tests wait for it to run out. */
const TTL_MS = 250;

interface Contender {
  readonly lease: Lease;
  /** Resolves once it holds the lease, or does not. */
  until(held: boolean): Promise<void>;
  readonly stop: () => void;
}

export function leaseSuite(name: string, create: () => Promise<BusHarness>): void {
  describe(`lease conformance: ${name}`, () => {
    let harness: BusHarness;
    let subjects: Subjects;
    let networks = 0;
    const buses: Bus[] = [];
    const stops: (() => void)[] = [];

    beforeAll(async () => {
      harness = await create();
    });
    afterAll(async () => harness.dispose());
    afterEach(async () => {
      for (const stop of stops.splice(0)) stop();
      await Promise.all(buses.splice(0).map(async (bus) => bus.close()));
    });

    const connect = async (): Promise<Bus> => {
      const bus = await harness.connect(subjects);
      buses.push(bus);
      await bus.ensureTopology();
      return bus;
    };
    const begin = async (): Promise<[Bus, Bus]> => {
      networks += 1;
      subjects = createSubjects(`lease-${networks}`);
      return [await connect(), await connect()];
    };
    const contend = (bus: Bus, holder: string, what = 'plan-a'): Contender => {
      const own = new AbortController();
      const waiting = new Set<{ readonly held: boolean; readonly resolve: () => void }>();
      const stop = (): void => own.abort();
      stops.push(stop);
      const lease = bus.lease(what, {
        holder,
        ttlMs: TTL_MS,
        signal: own.signal,
        onChange: (held) => {
          for (const one of [...waiting]) {
            if (one.held !== held) continue;
            waiting.delete(one);
            one.resolve();
          }
        },
      });
      const until = async (held: boolean): Promise<void> => {
        if (lease.held === held) return;
        await new Promise<void>((resolve) => void waiting.add({ held, resolve }));
      };
      return { lease, until, stop };
    };

    it('are held by one, and by the other once given back', async () => {
      const [one, two] = await begin();
      const first = contend(one, 'one');
      await first.until(true);
      const second = contend(two, 'two');
      const epoch = first.lease.epoch ?? 0n;
      expect([epoch > 0n, second.lease.held, second.lease.epoch]).toEqual([true, false, undefined]);
      first.stop();
      expect(first.lease.held).toBe(false);
      await second.until(true);
      expect(second.lease.epoch ?? 0n).toBeGreaterThan(epoch);
      expect(first.lease.held).toBe(false);
    });

    it('are held for as long as their holder lives, one at a time', async () => {
      const [one, two] = await begin();
      const other = contend(two, 'two', 'another');
      const first = contend(one, 'one');
      await Promise.all([first.until(true), other.until(true)]);
      const second = contend(two, 'two');
      const { epoch } = first.lease;
      // Renewed through several times their length: the other one's clock says how long that is.
      for (let taken = 0; taken < 4; taken++) {
        const short = contend(two, `short-${taken}`, `short-${taken}`);
        await short.until(true);
        short.stop();
      }
      expect([first.lease.held, first.lease.epoch, second.lease.held, other.lease.held]).toEqual([
        true,
        epoch,
        false,
        true,
      ]);
    });

    it('pass to another when their holder crashes', async () => {
      const [one, two] = await begin();
      const first = contend(one, 'one');
      await first.until(true);
      const second = contend(two, 'two');
      const epoch = first.lease.epoch ?? 0n;
      await one.close({ drain: false });
      expect(first.lease.held).toBe(false);
      await second.until(true);
      expect(second.lease.epoch ?? 0n).toBeGreaterThan(epoch);
    });

    it('go back at once to a process of the same name', async () => {
      const [one, two] = await begin();
      const before = contend(one, 'same');
      await before.until(true);
      const epoch = before.lease.epoch ?? 0n;
      await one.close({ drain: false });
      const after = contend(two, 'same');
      await after.until(true);
      expect(after.lease.epoch ?? 0n).toBeGreaterThan(epoch);
    });

    it('are lost while the server is away, and held by one again afterwards', async () => {
      const [one, two] = await begin();
      const first = contend(one, 'one');
      await first.until(true);
      const second = contend(two, 'two');
      await harness.stop();
      await first.until(false);
      expect([first.lease.held, second.lease.held]).toEqual([false, false]);
      await harness.start();
      await Promise.race([first.until(true), second.until(true)]);
      expect(first.lease.held).not.toBe(second.lease.held);
    });

    it('are taken again after a wipe, under a later epoch', async () => {
      const [one, two] = await begin();
      const first = contend(one, 'one');
      await first.until(true);
      const epoch = first.lease.epoch ?? 0n;
      const lost = first.until(false);
      await harness.wipe();
      await lost;
      const second = contend(two, 'two');
      await Promise.race([first.until(true), second.until(true)]);
      expect((first.lease.epoch ?? second.lease.epoch ?? 0n) > epoch).toBe(true);
    });
  });
}
