/**
 * Endpoints that are slow, or that limit the rate, through each family's own client and its ring as the program makes it: they
 * lose work, and get it back once they are better. Time is what the nodes say it took.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createCometEndpoint } from '../../adapters/cosmos/index.ts';
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { createRpcEndpoint } from '../../adapters/evm/index.ts';
import { createSubstrateEndpoint } from '../../adapters/substrate/index.ts';
import { abortedError, type Clock } from '../../relayer/core/clock.ts';
import { RPC_TIMEOUT_MS } from '../../relayer/core/limits.ts';

const { signal } = new AbortController();
const GENESIS = `0x${'ab'.repeat(32)}`;

interface Node {
  readonly url: string;
  latencyMs: number;
  /** Answers that are HTTP 429 with this many seconds to wait; none when undefined. */
  retryAfterSeconds: number | undefined;
  /** Requests since the last look. */
  taken(): number;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A clock that nodes move by answering; waits are over at once, but for time-outs, which nothing here reaches. */
function createNodeClock(): Clock & { pass(ms: number): void } {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: async (ms, until) =>
      new Promise((resolve, reject) => {
        if (ms < RPC_TIMEOUT_MS) {
          now += ms;
          resolve();
        } else until?.addEventListener('abort', () => reject(abortedError(until)), { once: true });
      }),
  };
}

/** What a node of any family says to the few questions asked here. */
function answerOf(method: string): unknown {
  switch (method) {
    case 'eth_chainId':
      return '0x7a69';
    case 'status':
      return { node_info: { network: 'local-1' }, sync_info: { latest_block_height: '7' } };
    case 'chain_getBlockHash':
      return GENESIS;
    default:
      return '0x7';
  }
}

async function startNode(clock: { pass(ms: number): void }): Promise<Node> {
  let requests = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      requests++;
      clock.pass(node.latencyMs);
      if (node.retryAfterSeconds !== undefined) {
        response.writeHead(429, { 'retry-after': String(node.retryAfterSeconds) });
        response.end('{}');
        return;
      }
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: answerOf(method) }));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node: Node = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    latencyMs: 20,
    retryAfterSeconds: undefined,
    taken: () => {
      const taken = requests;
      requests = 0;
      return taken;
    },
  };
  return node;
}

/** What each family's adapter puts into its ring, and a question for it. */
const families = {
  evm: (deps: { clock: Clock }, url: string) => {
    const endpoint = createRpcEndpoint(deps, { url, chainId: 31337 });
    return { health: endpoint.health, ask: async () => endpoint.result('eth_blockNumber', [], signal) };
  },
  cosmos: (deps: { clock: Clock }, url: string) => {
    const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url }), { chainId: 'local-1' });
    return { health: endpoint.health, ask: async () => endpoint.result('status', {}, signal) };
  },
  substrate: (deps: { clock: Clock }, url: string) => {
    const endpoint = createSubstrateEndpoint(createHttpEndpoint(deps, { url }), { genesisHash: GENESIS });
    return { health: endpoint.health, ask: async () => endpoint.result('system_chain', [], signal) };
  },
} as const;

describe.each(Object.entries(families))('endpoints of a chain: %s', (_, toEndpoint) => {
  async function setUp() {
    const clock = createNodeClock();
    const nodes = [await startNode(clock), await startNode(clock)] as const;
    const ring = createEndpointRing(nodes.map(({ url }) => toEndpoint({ clock }, url)));
    const ask = async (times: number): Promise<number[]> => {
      for (let i = 0; i < times; i++) await ring.ask(async (endpoint) => endpoint.ask(), signal);
      return nodes.map((node) => node.taken());
    };
    return { clock, nodes, ask };
  }

  it('a slow one loses its work to a fast one, and gets it back when that one becomes slow', async () => {
    const { clock, nodes, ask } = await setUp();
    const [first, second] = nodes;
    first.latencyMs = 4_000;
    await ask(3);
    const slow = await ask(20);
    expect(slow[0]).toBe(0);
    expect(slow[1]).toBeGreaterThanOrEqual(20);
    // Half of a bad name is forgotten every five minutes.
    first.latencyMs = 20;
    second.latencyMs = 4_000;
    clock.pass(30 * 60_000);
    await ask(20);
    const back = await ask(20);
    expect(back[0]).toBeGreaterThanOrEqual(20);
    expect(back[1]).toBe(0);
  });

  it('one that limits the rate is left alone as long as it says, and asked again after that', async () => {
    const { clock, nodes, ask } = await setUp();
    const [first, second] = nodes;
    await ask(5);
    expect(nodes.map((node) => node.taken())).toEqual([0, 0]);
    first.retryAfterSeconds = 30;
    const limited = await ask(10);
    // One refusal taught it.
    expect(limited[0]).toBe(1);
    expect(limited[1]).toBeGreaterThanOrEqual(10);
    first.retryAfterSeconds = undefined;
    expect((await ask(5))[0]).toBe(0);
    // The other one is gone: whoever was limited is asked, and then keeps within what it took.
    clock.pass(31_000);
    second.retryAfterSeconds = 30;
    const back = await ask(10);
    expect(back[0]).toBeGreaterThanOrEqual(10);
    expect(back[1]).toBe(1);
  });
});
