import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LANE } from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, type BusEvent, createMemoryBroker, createMemoryBus } from '../bus/index.ts';
import { utf8 } from '../core/bytes.ts';
import { createSubjects } from '../core/subjects.ts';
import { type BlockedWatch, createBlockedWatch } from './blockedWatch.ts';

const subjects = createSubjects('test');
let clock: TestClock;
let bus: Bus;
let watch: BlockedWatch;
let stop: AbortController;
let events: BusEvent[];

beforeEach(() => {
  clock = createTestClock();
  bus = createMemoryBus({ broker: createMemoryBroker({ clock }), clock, subjects });
  stop = new AbortController();
  events = [];
  bus.watch((event) => events.push(event));
  watch = createBlockedWatch(bus, subjects, clock, stop.signal);
});
afterEach(async () => {
  stop.abort();
  await bus.close({ drain: false });
});

async function say(payload: Uint8Array, key: string = LANE): Promise<void> {
  bus.publish(subjects.mon('blocked', key), payload);
  await clock.settle();
}
const good = utf8(JSON.stringify({ step: 'plan', reason: 'paused', node: 'n1' }));

describe('blocked lanes', () => {
  it('are known as long as somebody says so', async () => {
    expect(watch.blocked(LANE)).toBeUndefined();
    await say(good);
    expect(watch.blocked(LANE)).toEqual({ step: 'plan', reason: 'paused' });
    await clock.advance(15_000);
    expect(watch.blocked(LANE)).toBeDefined();
    await clock.advance(1);
    expect(watch.blocked(LANE)).toBeUndefined();
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no JSON', utf8('{')],
    ['null', utf8('null')],
    ['a list', utf8('["plan","x"]')],
    ['numbers', utf8('{"step":1,"reason":2}')],
    ['no reason', utf8('{"step":"plan"}')],
    ['a prototype', utf8('{"__proto__":{"step":"plan","reason":"x"}}')],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe)],
    ['too much', utf8(JSON.stringify({ step: 'plan', reason: 'x'.repeat(5000) }))],
    ['deep nesting', utf8('['.repeat(4000))],
  ])('take no notice of %s', async (_, payload) => {
    await say(payload);
    expect(watch.blocked(LANE)).toBeUndefined();
    await say(good);
    expect(watch.blocked(LANE)).toBeDefined();
    expect(events).toEqual([]);
  });

  it('take no notice of what is no lane', async () => {
    await say(good, 'not-a-lane');
    expect(events).toEqual([]);
  });

  it('cut long texts', async () => {
    await say(utf8(JSON.stringify({ step: 's'.repeat(900), reason: 'r'.repeat(900) })));
    expect(watch.blocked(LANE)).toEqual({ step: 's'.repeat(300), reason: 'r'.repeat(300) });
  });
});
