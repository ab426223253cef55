import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createFakeNetwork } from '../test/sim/fakeNetwork.ts';
import { createMemoryBroker, createMemoryBus } from './bus/index.ts';
import { DEFAULT_TUNING, type Role } from './config/index.ts';
import { systemClock } from './core/clock.ts';
import { silentLogger } from './core/log.ts';
import type { ChainSource } from './core/ports.ts';
import { createSubjects } from './core/subjects.ts';
import { silentTelemetry } from './core/telemetry.ts';
import { type NodeChain, startNode } from './node.ts';
import { createMemoryStore } from './store/index.ts';
import { createJournal } from './store/journal.ts';

const clock = systemClock;
const subjects = createSubjects('fake');
const { manifest, a, b } = createFakeNetwork();

async function start(
  roles: readonly Role[],
  signal: AbortSignal,
  more: { port?: number; source?: Partial<ChainSource>; part?: readonly (typeof a)[] } = {},
) {
  const bus = createMemoryBus({ broker: createMemoryBroker({ clock }), clock, subjects });
  const chains = (more.part ?? [a, b]).map((chain): NodeChain => ({
    name: chain.name,
    source: { ...chain.source(), ...more.source },
    lightClient: chain.lightClient,
    derive: chain.derive,
    target: chain.target,
    accounts: [chain.account('0xaa')],
    finality: 'at once',
    pollMs: 5,
  }));
  const store = createMemoryStore();
  return startNode(
    {
      manifest,
      chains,
      bus,
      subjects,
      store,
      journal: createJournal(store),
      clock,
      log: silentLogger,
      telemetry: silentTelemetry,
      signer: undefined,
    },
    {
      name: `a-node-with-a-name-that-is-far-too-long-for-a-durable-${'x'.repeat(40)}`,
      version: '0.0.0',
      roles: new Set(roles),
      tuning: DEFAULT_TUNING,
      api: { host: '127.0.0.1', port: more.port ?? 0 },
    },
    signal,
  );
}

describe('a node', () => {
  it('ends every role and its API when the signal fires', async () => {
    const stop = new AbortController();
    const node = await start(['verify', 'plan', 'submit', 'api'], stop.signal);
    expect((await fetch(`${node.api?.url}/livez`)).status).toBe(200);
    stop.abort();
    await node.ended;
    await expect(fetch(`${node.api?.url}/livez`)).rejects.toThrow();
  });

  it('ends whole, with the reason, when one role cannot go on', async () => {
    const source = { pullUpdate: async () => Promise.reject(new TypeError('a bug of ours')) };
    const node = await start(['verify', 'plan', 'submit', 'api'], new AbortController().signal, { source });
    await expect(node.ended).rejects.toMatchObject({ code: 'BUG', shortMessage: 'Unexpected: a bug of ours' });
    await expect(fetch(`${node.api?.url}/livez`)).rejects.toThrow();
  });

  it('plans and submits for a part of the chains, and verifies none without both ends of its lanes', async () => {
    const stop = new AbortController();
    const node = await start(['plan', 'submit'], stop.signal, { part: [b] });
    stop.abort();
    await node.ended;
    const starting = start(['verify', 'plan'], new AbortController().signal, { part: [b] });
    await expect(starting).rejects.toMatchObject({ code: 'BUG' });
  });

  it('leaves nothing running when its start fails', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const signals: AbortSignal[] = [];
    const watch = (_: unknown, signal: AbortSignal): void => void signals.push(signal);
    const starting = start(['verify', 'plan', 'submit', 'api'], new AbortController().signal, {
      port,
      source: { watch },
    });
    await expect(starting).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    await new Promise((resolve) => taken.close(resolve));
  });
});
