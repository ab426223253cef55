import { beforeEach, describe, expect, it } from 'vitest';
import { LANE, SOURCE } from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, createMemoryBroker, createMemoryBus } from '../bus/index.ts';
import { ViaductError } from '../core/errors.ts';
import { TELEMETRY_KEYS_MAX } from '../core/limits.ts';
import { silentLogger } from '../core/log.ts';
import { createSubjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { createTelemetry } from './telemetry.ts';

const subjects = createSubjects('test');
let clock: TestClock;
let telemetry: Telemetry;
let sent: { subject: string; facts: Record<string, unknown> }[];
let fails: boolean;

beforeEach(() => {
  clock = createTestClock(1_000);
  sent = [];
  fails = false;
  const bus: Bus = {
    ...createMemoryBus({ broker: createMemoryBroker({ clock }), clock, subjects }),
    publish(subject, payload) {
      if (fails) throw new ViaductError({ code: 'BUS_MESSAGE_TOO_LARGE', shortMessage: 'too large' });
      sent.push({ subject, facts: JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown> });
    },
  };
  telemetry = createTelemetry({ bus, subjects, clock, log: silentLogger, node: 'n1', repeatMs: 500 });
});

describe('telemetry', () => {
  it('says facts as JSON with who and when', () => {
    telemetry.report('lane', LANE, { derived: 1n << 64n });
    telemetry.alert('critical', 'CHAIN_FROZEN', 'Help.', { chain: SOURCE });
    expect(sent).toEqual([
      { subject: subjects.mon('lane', LANE), facts: { node: 'n1', atMs: 1000, derived: '18446744073709551616' } },
      {
        subject: subjects.alert('critical'),
        facts: { node: 'n1', atMs: 1000, code: 'CHAIN_FROZEN', message: 'Help.', chain: SOURCE },
      },
    ]);
  });

  it('is JSON without any facts too', () => {
    telemetry.report('chain', SOURCE, {});
    expect(sent[0]?.facts).toEqual({ node: 'n1', atMs: 1000 });
  });

  it('repeats the same facts only after a while, and new ones at once', async () => {
    const say = (reason: string): void => telemetry.report('blocked', LANE, { step: 'plan', reason });
    for (const reason of ['a', 'a', 'b', 'a']) say(reason);
    expect(sent).toHaveLength(3);
    await clock.advance(499);
    say('a');
    expect(sent).toHaveLength(3);
    await clock.advance(1);
    say('a');
    expect(sent).toHaveLength(4);
  });

  it('says what changes fast as it is in the end, and what it was before not twice', async () => {
    const bus: Bus = {
      ...createMemoryBus({ broker: createMemoryBroker({ clock }), clock, subjects }),
      publish: (subject, payload) => {
        sent.push({ subject, facts: JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown> });
      },
    };
    const deps = { bus, subjects, clock, log: silentLogger, node: 'n1' };
    const spaced = createTelemetry({ ...deps, repeatMs: 5_000, spaceMs: 250 });
    const at = (value: number): void => spaced.report('lane', LANE, { at: value });
    const said = (): unknown[] => sent.map(({ facts }) => facts['at']);
    for (const value of [1, 2, 3]) at(value);
    expect(said()).toEqual([1]);
    await clock.advance(250);
    expect(said()).toEqual([1, 3]);
    for (const value of [4, 3]) at(value);
    await clock.advance(1_000);
    expect(said()).toEqual([1, 3]);
    at(5);
    expect(said()).toEqual([1, 3, 5]);
  });

  it('keeps apart what several roles and accounts say of one thing', () => {
    for (let round = 0; round < 3; round++) {
      for (const step of ['plan', 'submit']) telemetry.report('blocked', LANE, { step, reason: 'x' });
      for (const address of ['0xaa', '0xbb']) telemetry.report('account', SOURCE, { address, pending: 0 });
    }
    expect(sent).toHaveLength(4);
  });

  it('remembers a bounded number of things', () => {
    for (let i = 0; i <= TELEMETRY_KEYS_MAX; i++) telemetry.alert('info', 'X', String(i));
    telemetry.alert('info', 'X', '0');
    expect(sent).toHaveLength(TELEMETRY_KEYS_MAX + 2);
  });

  it('never holds up the work', () => {
    fails = true;
    telemetry.report('chain', SOURCE, { state: 'following' });
    telemetry.alert('info', 'X', 'y');
  });
});
