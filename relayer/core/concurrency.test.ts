import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../../test/sim/testClock.ts';
import { createSerial, createWake } from './concurrency.ts';

const never = new AbortController().signal;

describe('serial', () => {
  it('runs one task at a time in order, past one that fails', async () => {
    const serial = createSerial();
    const seen: string[] = [];
    const task = (name: string) => async (): Promise<string> => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (name === 'b') return Promise.reject(new TypeError('b'));
      return name;
    };
    const results = await Promise.allSettled(['a', 'b', 'c'].map(async (name) => serial(task(name))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});

describe('wake', () => {
  it('ends a wait early, and the next wait when nobody waited', async () => {
    const clock = createTestClock();
    const { wake, wait } = createWake(clock);
    const waiting = wait(1000, never);
    wake();
    await waiting;
    wake();
    wake();
    await wait(1000, never);
    let isOver = false;
    const third = wait(1000, never).then(() => (isOver = true));
    await clock.advance(999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await third;
  });

  it('ends with the signal and leaves nothing with it', async () => {
    const clock = createTestClock();
    const { wake, wait } = createWake(clock);
    const stop = new AbortController();
    for (let i = 0; i < 20; i++) {
      const waiting = wait(1000, stop.signal);
      wake();
      await waiting;
    }
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    const last = wait(1000, stop.signal);
    stop.abort();
    await last;
    await wait(1000, stop.signal);
    expect(clock.sleepers).toBe(0);
  });
});
