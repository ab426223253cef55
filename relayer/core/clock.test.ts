import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortedError, nextDelay, systemClock, systemRandomness } from './clock.ts';

describe('systemClock.sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('resolves after its time and not before, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    let awake = false;
    const sleeping = systemClock.sleep(1000, signal).then(() => (awake = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleeping;
    expect(awake).toBe(true);
    expect(removed).toHaveBeenCalledOnce();
  });

  it('rejects with ABORTED when the signal fires, and drops its timer', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(1000, controller.signal);
    controller.abort('shutdown');
    await expect(sleeping).rejects.toMatchObject({ code: 'ABORTED', cause: 'shutdown' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects at once when the signal had fired before', async () => {
    await expect(systemClock.sleep(1000, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells the host time in milliseconds', () => {
    vi.setSystemTime(1_900_000_000_123);
    expect(systemClock.now()).toBe(1_900_000_000_123);
  });
});

describe('nextDelay', () => {
  it('doubles up to its maximum and never overflows', () => {
    expect([0, 1, 2, 3, 4, 5].map((attempt) => nextDelay(attempt, 200, 3000))).toEqual([
      200, 400, 800, 1600, 3000, 3000,
    ]);
    expect(nextDelay(1e9, 200, 30_000)).toBe(30_000);
  });
});

it('an aborted error halts and keeps the reason', () => {
  expect(abortedError(AbortSignal.abort('why'))).toMatchObject({ code: 'ABORTED', disposition: 'halt', cause: 'why' });
  expect(abortedError().code).toBe('ABORTED');
});

it('system randomness gives the number of bytes asked for, other ones each time', () => {
  const draws = Array.from({ length: 8 }, () => systemRandomness.bytes(16));
  expect(draws.every((bytes) => bytes.length === 16 && bytes.constructor === Uint8Array)).toBe(true);
  expect(new Set(draws.map(String)).size).toBe(8);
});
