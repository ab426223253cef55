import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { derivation, recordTelemetry, SOURCE, stepAt } from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { ViaductError, type ErrorCode } from '../core/errors.ts';
import { RETRY_MS_MIN } from '../core/limits.ts';
import { silentLogger } from '../core/log.ts';
import type { Verdict } from '../core/ports.ts';
import { followChain, type FollowedState } from './followChain.ts';

const POLL_MS = 5_000;
const NONE = new Uint8Array(0);

let clock: TestClock;
let telemetry: ReturnType<typeof recordTelemetry>;
let stop: AbortController;
let wake: () => void;
let chain: {
  state: FollowedState | undefined;
  bootstrap: Verdict<FollowedState>;
  tip: bigint;
  updates: Verdict<unknown>['kind'];
  evidence: Verdict<unknown>['kind'];
  fails: ErrorCode | undefined;
};
let seen: { pulls: number; rejects: string[]; derived: bigint[] };

const stateAt = (height: bigint, derivedHeight?: bigint, frozen?: string): FollowedState => ({
  trusted: NONE,
  head: stepAt(height).head,
  cursor: undefined,
  derivedHeight,
  frozen,
});

beforeEach(() => {
  clock = createTestClock();
  telemetry = recordTelemetry();
  stop = new AbortController();
  wake = () => undefined;
  chain = {
    state: stateAt(1n, 1n),
    bootstrap: { kind: 'valid', value: stateAt(1n) },
    tip: 1n,
    updates: 'valid',
    evidence: 'valid',
    fails: undefined,
  };
  seen = { pulls: 0, rejects: [], derived: [] };
});
afterEach(() => {
  stop.abort();
});

async function start(): Promise<void> {
  const source = {
    pullBootstrap: async () => Promise.resolve(NONE),
    pullUpdate: async () => {
      seen.pulls++;
      if (chain.fails !== undefined) throw new ViaductError({ code: chain.fails, shortMessage: 'it failed' });
      return Promise.resolve(chain.state !== undefined && chain.state.head.height < chain.tip ? NONE : undefined);
    },
    pullEvidence: async () => Promise.resolve(NONE),
    reject: (reason: string) => void seen.rejects.push(reason),
    watch: (hint: () => void) => {
      wake = hint;
    },
    findDeposits: async () => Promise.resolve(undefined),
    close: async () => Promise.resolve(),
  };
  const verdict = async <T>(kind: Verdict<T>['kind'], make: () => T): Promise<Verdict<T>> =>
    Promise.resolve(kind === 'valid' ? { kind, value: make() } : { kind, reason: `${kind} it is` });
  const verifier = {
    chain: SOURCE,
    load: async () => Promise.resolve(chain.state),
    start: async () => {
      if (chain.bootstrap.kind === 'valid') chain.state = chain.bootstrap.value;
      return Promise.resolve(chain.bootstrap);
    },
    advance: async () =>
      verdict(chain.updates, () => (chain.state = { ...chain.state!, head: stepAt(chain.tip).head })),
    derive: async () =>
      verdict(chain.evidence, () => {
        const { height } = chain.state!.head;
        chain.state = { ...chain.state!, derivedHeight: height };
        return { derivation: derivation(height), frames: [] };
      }),
  };
  const onDerived = ({ height }: { height: bigint }): void => void seen.derived.push(height);
  return followChain({ source, verifier, clock, log: silentLogger, telemetry, onDerived }, POLL_MS, stop.signal);
}

describe('following a chain', () => {
  it('derives each head once, polls when idle, and comes early on a hint', async () => {
    const running = start();
    await clock.settle();
    expect(seen.pulls).toBe(1);
    chain.tip = 2n;
    wake();
    await clock.settle();
    expect(seen.derived).toEqual([2n]);
    chain.tip = 3n;
    await clock.advance(POLL_MS - 1);
    expect(seen.derived).toEqual([2n]);
    await clock.advance(1);
    expect(seen.derived).toEqual([2n, 3n]);
    stop.abort();
    await running;
    expect(clock.sleepers).toBe(0);
  });

  it('starts the light client where there is nothing yet, and asks another endpoint while that is refused', async () => {
    chain.state = undefined;
    chain.bootstrap = { kind: 'invalid', reason: 'another committee' };
    const running = start();
    await clock.settle();
    expect(seen.rejects).toEqual(['another committee']);
    chain.bootstrap = { kind: 'valid', value: stateAt(1n) };
    await clock.advance(RETRY_MS_MIN);
    expect(seen.derived).toEqual([1n]);
    stop.abort();
    await running;
  });

  it('waits at a first block whose header is not known', async () => {
    chain.state = { ...stateAt(1n), head: { ...stepAt(1n).head, header: NONE } };
    const running = start();
    await clock.settle();
    expect([seen.pulls, seen.derived]).toEqual([1, []]);
    chain.tip = 2n;
    await clock.advance(POLL_MS);
    expect(seen.derived).toEqual([2n]);
    stop.abort();
    await running;
  });

  it.each(['updates', 'evidence'] as const)(
    'rejects an endpoint that serves bad %s, waiting longer each time',
    async (what) => {
      chain[what] = 'invalid';
      chain.tip = 2n;
      const running = start();
      await clock.settle();
      const counts = [seen.rejects.length];
      for (let i = 0; i < 3; i++) {
        await clock.advance(RETRY_MS_MIN * 2 ** i - 1);
        await clock.advance(1);
        counts.push(seen.rejects.length);
      }
      expect(counts).toEqual([1, 2, 3, 4]);
      expect(telemetry.alerts).toContain('EVIDENCE_REFUSED');
      expect(seen.derived).toEqual([]);
      chain[what] = 'valid';
      await clock.advance(RETRY_MS_MIN * 8);
      expect(seen.derived).toEqual([2n]);
      stop.abort();
      await running;
    },
  );

  it('is in no hurry when an update says too little', async () => {
    chain.updates = 'needsMore';
    chain.tip = 2n;
    const running = start();
    await clock.settle();
    expect([seen.pulls, seen.rejects]).toEqual([1, []]);
    stop.abort();
    await running;
  });

  it.each(['updates', 'evidence'] as const)('ends on a conflict in %s, and calls for help', async (what) => {
    chain[what] = 'conflict';
    chain.tip = 2n;
    await start();
    expect(telemetry.alerts).toEqual(['CHAIN_FROZEN']);
    expect(telemetry.reports.at(-1)?.facts).toEqual({ state: 'frozen', reason: 'conflict it is' });
  });

  it('says at once after a restart that the chain is frozen, and asks nobody', async () => {
    chain.state = stateAt(1n, 1n, 'two blocks');
    await start();
    expect(telemetry.alerts).toEqual(['CHAIN_FROZEN']);
    expect(seen.pulls).toBe(0);
  });

  it.each<[ErrorCode, string]>([
    ['ENDPOINT_FAILED', 'an endpoint that is away'],
    ['ENDPOINT_WRONG_CHAIN', 'an endpoint of another chain, which an operator may mend'],
    ['DECODE_FAILED', 'an endpoint that answers rubbish'],
    ['ABORTED', 'a call that ended by itself'],
  ])('tries again after %s: %s', async (code) => {
    chain.fails = code;
    chain.tip = 2n;
    const running = start();
    await clock.settle();
    await clock.advance(RETRY_MS_MIN);
    expect(seen.pulls).toBe(2);
    expect(telemetry.alerts).toContain(code);
    chain.fails = undefined;
    await clock.advance(2 * RETRY_MS_MIN);
    expect(seen.derived).toEqual([2n]);
    stop.abort();
    await running;
  });

  it.each<ErrorCode>(['STORE_CORRUPT', 'STORE_UNAVAILABLE', 'BUG'])(
    'ends with %s, which no try mends',
    async (code) => {
      chain.fails = code;
      await expect(start()).rejects.toThrow('it failed');
    },
  );
});
