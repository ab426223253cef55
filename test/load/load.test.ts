import { describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../sim/testClock.ts';
import { dueNow, type LoadBatch, type LoadDriver, type LoadPlan, type LoadReport, runLoad } from './load.ts';

interface FakeChain extends LoadDriver {
  readonly sent: LoadBatch[];
  mine(deposits: number): void;
  /** The transactions that fail, by number. */
  readonly failing: Set<number>;
}

function fakeChain(): FakeChain {
  const sent: LoadBatch[] = [];
  const failing = new Set<number>();
  let waiting = 0;
  return {
    sent,
    failing,
    mine: (deposits) => {
      waiting = Math.max(0, waiting - deposits);
    },
    batchMax: 100,
    parallel: 2,
    waitingMax: 400,
    prepare: async () => Promise.resolve(),
    send: async (first, count) => {
      const batch = { first, count, transaction: `tx ${sent.length}` };
      sent.push(batch);
      waiting += count;
      return Promise.resolve(batch);
    },
    waiting: async () => Promise.resolve(waiting),
    settle: async (batches) =>
      Promise.resolve(batches.map((batch, index) => ({ ...batch, height: 1n, succeeded: !failing.has(index) }))),
  };
}

/** Runs a load while blocks of so many deposits come every 500 ms. */
async function run(
  chain: FakeChain,
  plan: Partial<LoadPlan>,
  deps: { clock?: TestClock; blockDeposits?: number; signal?: AbortSignal } = {},
): Promise<LoadReport> {
  const clock = deps.clock ?? createTestClock();
  const full: LoadPlan = { perSecond: undefined, count: 1_000, seconds: undefined, batch: 50, ...plan };
  let done = false;
  const running = runLoad(chain, full, { clock }, deps.signal ?? new AbortController().signal).finally(() => {
    done = true;
  });
  running.catch(() => undefined);
  for (let steps = 0; !done && steps < 2_000; steps++) {
    await clock.advance(50);
    if (steps % 10 === 9) chain.mine(deps.blockDeposits ?? 1_000);
  }
  return running;
}

describe('a load', () => {
  it('sends each deposit once, in whole transactions, and counts what the chain holds', async () => {
    const chain = fakeChain();
    const report = await run(chain, { count: 1_030 });
    expect(report).toMatchObject({ included: 1_030, failed: 0, transactions: 21 });
    let next = 0;
    for (const { first, count } of chain.sent) {
      expect(first).toBe(next);
      next += count;
    }
    expect(next).toBe(1_030);
    expect(chain.sent.at(-1)?.count).toBe(30);
  });

  it('keeps to its rate, however the looks fall', async () => {
    const chain = fakeChain();
    const clock = createTestClock();
    const started = clock.now();
    const report = await run(chain, { perSecond: 200, count: 1_000 }, { clock });
    expect(report.included).toBe(1_000);
    const seconds = (clock.now() - started) / 1_000;
    expect(seconds).toBeGreaterThanOrEqual(5);
    expect(seconds).toBeLessThan(6.5);
  });

  it('never has more waiting than the chain is to hold, and fills it up', async () => {
    const chain = fakeChain();
    let most = 0;
    const { send } = chain;
    const watched: FakeChain = {
      ...chain,
      send: async (...args) => {
        const batch = await send(...args);
        most = Math.max(most, await chain.waiting(args[2]));
        return batch;
      },
    };
    expect((await run(watched, { count: 3_000 }, { blockDeposits: 200 })).included).toBe(3_000);
    expect(most).toBe(400);
  });

  it('ends after its seconds, with all that was sent accounted for', async () => {
    const chain = fakeChain();
    const report = await run(chain, { count: 1_000_000, seconds: 3 }, { blockDeposits: 100 });
    expect(report.included).toBe(chain.sent.reduce((sum, { count }) => sum + count, 0));
    expect(report.included).toBeGreaterThan(400);
    expect(report.included).toBeLessThan(2_000);
  });

  it('says what failed, and counts it apart', async () => {
    const chain = fakeChain();
    chain.failing.add(1);
    expect(await run(chain, { count: 200 })).toMatchObject({ included: 150, failed: 50, transactions: 4 });
  });

  it('stopped by the person, still says what it sent', async () => {
    const chain = fakeChain();
    const stop = new AbortController();
    const { send } = chain;
    const stopping: FakeChain = {
      ...chain,
      send: async (...args) => {
        if (args[0] >= 100) stop.abort();
        return send(...args);
      },
    };
    const report = await run(stopping, { count: 100_000 }, { signal: stop.signal });
    expect(report.included).toBe(chain.sent.reduce((sum, { count }) => sum + count, 0));
    expect(report.included).toBeLessThan(400);
  });

  it('gives up when the chain includes nothing more', async () => {
    await expect(run(fakeChain(), { count: 100 }, { blockDeposits: 0 })).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      shortMessage: 'The chain includes nothing more: 100 deposits wait for a block.',
    });
  });

  it('is due by time, never beyond its count', () => {
    expect(dueNow({ perSecond: 2_000, count: 10_000 }, 1_500)).toBe(3_000);
    expect(dueNow({ perSecond: 2_000, count: 1_000 }, 1_500)).toBe(1_000);
    expect(dueNow({ perSecond: undefined, count: 7 }, 0)).toBe(7);
  });
});
