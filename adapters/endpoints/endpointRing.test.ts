import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../relayer/core/clock.ts';
import { type ErrorCode, ViaductError } from '../../relayer/core/errors.ts';
import { createTestClock } from '../../test/sim/testClock.ts';
import { createEndpointRing } from './endpointRing.ts';
import { createEndpointHealth } from './health.ts';
import { createHttpEndpoint } from './http.ts';

const { signal } = new AbortController();

interface Node {
  readonly name: string;
  fails: ErrorCode | undefined;
  latencyMs: number;
}

/** Endpoints with and without a memory; the log says who was asked. */
function setUp(names: string, learns: boolean) {
  const clock = createTestClock();
  const log: string[] = [];
  const nodes = [...names].map((name) => {
    const node: Node = { name, fails: undefined, latencyMs: 100 };
    return { ...node, health: learns ? createEndpointHealth({ clock }) : undefined };
  });
  const ring = createEndpointRing(nodes, { learns });
  const ask = async (): Promise<string> =>
    ring.ask(async (node) => {
      log.push(node.name);
      node.health?.sent();
      await Promise.resolve();
      if (node.fails !== undefined) {
        node.health?.failed();
        throw new ViaductError({ code: node.fails, shortMessage: `${node.name} fails` });
      }
      node.health?.answered(node.latencyMs);
      return node.name;
    }, signal);
  const asked = (): string => log.splice(0).join('');
  return { clock, nodes, ring, ask, asked };
}

describe.each([false, true])('a ring of endpoints that remember: %s', (learns) => {
  it('asks one after the other until one answers, and that one first the next time', async () => {
    const { nodes, ask, asked, ring } = setUp('abc', learns);
    nodes[0]!.fails = 'ENDPOINT_FAILED';
    expect(await ask()).toBe('b');
    nodes[0]!.fails = undefined;
    if (!learns) expect(ring.current().name).toBe('b');
    expect(asked()).toBe('ab');
  });

  it("throws what is not an endpoint's fault at once", async () => {
    const { nodes, ask, asked } = setUp('ab', learns);
    nodes[0]!.fails = 'DECODE_FAILED';
    await expect(ask()).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    expect(asked()).toBe('a');
  });

  it('stops for a wrong chain only when every endpoint serves one', async () => {
    const { nodes, ask, asked } = setUp('ab', learns);
    nodes[0]!.fails = 'ENDPOINT_WRONG_CHAIN';
    expect(await ask()).toBe('b');
    nodes[1]!.fails = 'ENDPOINT_FAILED';
    await expect(ask()).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
    nodes[1]!.fails = 'ENDPOINT_WRONG_CHAIN';
    await expect(ask()).rejects.toMatchObject({ code: 'ENDPOINT_WRONG_CHAIN' });
    expect(asked().length).toBe(6);
  });

  it('moves on from one whose evidence was refused', async () => {
    const { ring, ask, asked } = setUp('ab', learns);
    const first = await ask();
    ring.reject();
    expect(await ask()).not.toBe(first);
    expect(asked()).toBe('ab');
  });
});

describe('a ring of endpoints that remember', () => {
  it('settles on the fast one, leaves it when it fails, and comes back', async () => {
    const { clock, nodes, ask, asked } = setUp('abc', true);
    for (const node of nodes) node.latencyMs = 2_000;
    nodes[1]!.latencyMs = 10;
    for (let i = 0; i < 6; i++) await ask();
    expect(asked()).toBe('abbbbb');
    nodes[1]!.fails = 'ENDPOINT_FAILED';
    await ask();
    expect(asked()).toBe('bc');
    nodes[1]!.fails = undefined;
    await ask();
    expect(asked()).toBe('c');
    await clock.advance(1_000);
    await ask();
    expect(asked()).toBe('b');
  });

  it('blames the one that was named, whoever answered last', async () => {
    const { nodes, ring, ask, asked } = setUp('ab', true);
    nodes[0]!.latencyMs = 1;
    await ask();
    nodes[0]!.fails = 'ENDPOINT_FAILED';
    await ask();
    nodes[0]!.fails = undefined;
    expect(asked()).toBe('aab');
    ring.reject(nodes[0]);
    expect([nodes[0]!.health!.stats.restUntilMs > nodes[1]!.health!.stats.restUntilMs, await ask()]).toEqual([
      true,
      'b',
    ]);
    // Somebody that is none of its own is nobody: the last one is blamed.
    ring.reject({ ...nodes[0]! });
    expect(nodes[1]!.health!.stats.restUntilMs).toBeGreaterThan(0);
  });

  it('leaves one whose evidence was refused alone for a minute, however fast it is', async () => {
    const { clock, nodes, ring, ask, asked } = setUp('ab', true);
    nodes[0]!.latencyMs = 1;
    for (let i = 0; i < 3; i++) await ask();
    expect(asked()).toBe('aaa');
    ring.reject();
    await ask();
    await clock.advance(59_000);
    await ask();
    expect(asked()).toBe('bb');
    await clock.advance(2_000);
    await ask();
    expect(asked()).toBe('a');
  });
});

describe('an HTTP endpoint that limits the rate', () => {
  it('is asked less often, as long as it said', async () => {
    let status = 429;
    const server = createServer((_, response) => {
      response.writeHead(status, { 'retry-after': '7' });
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const endpoint = createHttpEndpoint({ clock: systemClock }, { url });
      const now = systemClock.now();
      await expect(endpoint.request('{}', signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
      const { restUntilMs, perSecond, failures } = endpoint.health.stats;
      expect(restUntilMs).toBeGreaterThanOrEqual(now + 7_000);
      expect([perSecond, failures]).toEqual([0.7, 0]);
      status = 200;
      const other = createHttpEndpoint({ clock: systemClock }, { url });
      expect(await other.request(undefined, signal)).toEqual({});
      expect(other.health.stats).toMatchObject({ failures: 0, perSecond: undefined });
      status = 500;
      await expect(other.request(undefined, signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
      expect(other.health.stats.failures).toBe(1);
    } finally {
      server.close();
    }
  });
});
