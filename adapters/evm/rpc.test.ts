/** TEST KEYS: the credentials in these URLs are made up. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { safeUrl } from '../endpoints/http.ts';
import type { TakeObject } from './listReader.ts';
import { createRpcEndpoint, type RpcOptions } from './rpc.ts';

const signal = new AbortController().signal;

describe('an RPC endpoint', () => {
  it('answers results and errors as values, and batches in the order of the calls', async () => {
    await withServer(
      rpc(({ method }) =>
        method === 'bad' ? { error: { code: 3, message: 'reverted', data: '0x01' } } : { result: method },
      ),
      {},
      async (endpoint) => {
        expect(await endpoint.call('one', [], signal)).toEqual({ kind: 'result', value: 'one' });
        expect(await endpoint.call('bad', [], signal)).toEqual({
          kind: 'error',
          code: 3,
          message: 'reverted',
          data: '0x01',
        });
        const calls = Array.from({ length: 120 }, (_, i) => ({ method: `m${i}`, params: [] }));
        const answers = await endpoint.batch(calls, signal);
        expect(answers.map((answer) => (answer.kind === 'result' ? answer.value : answer.kind))).toEqual(
          calls.map(({ method }) => method),
        );
        await expect(endpoint.result('bad', [], signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
      },
    );
  });

  it.each<[string, RequestListener, RegExp]>([
    ['not JSON', (_, response) => response.end('<html>'), /not JSON/],
    ['truncated JSON', (_, response) => response.end('{"jsonrpc":"2.0","id":0,"resu'), /not JSON/],
    ['nothing', (_, response) => response.end(), /not JSON/],
    ['a number', (_, response) => response.end('5'), /not JSON-RPC/],
    ['null', (_, response) => response.end('null'), /not JSON-RPC/],
    ['no result', (_, response) => response.end('{"jsonrpc":"2.0","id":0}'), /not JSON-RPC/],
    ['a nest of lists', (_, response) => response.end('['.repeat(60_000)), /not JSON/],
    ['429', (_, response) => response.writeHead(429).end('{}'), /limits the rate/],
    ['503', (_, response) => response.writeHead(503).end(), /HTTP 503/],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /HTTP 302/],
    ['a reset', (request) => request.socket.destroy(), /cannot be reached/],
    [
      'a huge body',
      (_, response) => {
        response.write('[');
        for (let i = 0; i < 40; i++) response.write('1,'.repeat(1024));
      },
      /more than 65536 bytes/,
    ],
  ])('that answers %s is a failed endpoint', async (_, listener, words) => {
    await withServer(listener, { responseBytesMax: 65_536 }, async (endpoint) => {
      const failure: unknown = await endpoint.call('eth_blockNumber', [], signal).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'ENDPOINT_FAILED' });
      expect(String(failure)).toMatch(words);
    });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['stays silent', () => undefined],
    ['trickles', (response) => response.write('{')],
  ])('that %s has failed when the time is up', async (_, answer) => {
    // Time is up as soon as the request has arrived.
    let timeUp = (): void => undefined;
    const clock: Clock = {
      now: () => 0,
      sleep: async () =>
        new Promise((resolve) => {
          timeUp = resolve;
        }),
    };
    const listener: RequestListener = (__, response) => {
      answer(response);
      timeUp();
    };
    await withServer(
      listener,
      { timeoutMs: 5 },
      async (endpoint) => {
        const failure = await failureOf(endpoint.call('eth_blockNumber', [], signal));
        expect(failure).toMatchObject({ code: 'ENDPOINT_FAILED' });
        expect(failure.message).toMatch(/did not answer within 5 ms/);
      },
      clock,
    );
  });

  it('with a long list has more time, as long as more of it comes', async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = { now: () => 0, sleep: async () => new Promise((resolve) => timers.push(resolve)) };
    const open: ServerResponse[] = [];
    let asked = 0;
    const listener: RequestListener = (_, response) => {
      if (asked++ === 0) {
        response.end('{"jsonrpc":"2.0","id":0,"result":"0x1"}');
        return;
      }
      open.push(response);
      response.write('{"jsonrpc":"2.0","id":0,"result":[{"a":1},');
    };
    await withServer(
      listener,
      { timeoutMs: 5 },
      async (endpoint) => {
        const taken: unknown[] = [];
        const take: TakeObject = (bytes, start, end) => {
          const one = JSON.parse(bytes.toString('utf8', start, end)) as { readonly a: number };
          taken.push(one);
          timers.at(-1)?.();
          // The second comes after the first time is up, the third never.
          if (one.a === 1) setImmediate(() => open.at(-1)?.write('{"a":2},'));
          else setImmediate(() => timers.at(-1)?.());
          return true;
        };
        const failure = await failureOf(
          endpoint.callList({ method: 'eth_getLogs', params: [] }, 'result', take, signal),
        );
        expect(failure.message).toMatch(/did not answer within 5 ms/);
        expect(taken).toEqual([{ a: 1 }, { a: 2 }]);
      },
      clock,
    );
  });

  it('of another chain stops its user', async () => {
    await withServer(
      rpc(() => ({ result: '0x2' }), '0x2'),
      {},
      async (endpoint) => {
        await expect(endpoint.call('eth_blockNumber', [], signal)).rejects.toMatchObject({
          code: 'ENDPOINT_WRONG_CHAIN',
          disposition: 'halt',
        });
      },
    );
  });

  it('is asked for its chain again after it failed', async () => {
    let chain = '0x1';
    let fail = false;
    const listener = rpc(({ method }) => {
      if (fail) throw new Error('down');
      return { result: method === 'eth_chainId' ? chain : '0x5' };
    });
    await withServer(listener, {}, async (endpoint) => {
      expect(await endpoint.result('eth_blockNumber', [], signal)).toBe('0x5');
      fail = true;
      await expect(endpoint.result('eth_blockNumber', [], signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
      fail = false;
      chain = '0x9';
      await expect(endpoint.result('eth_blockNumber', [], signal)).rejects.toMatchObject({
        code: 'ENDPOINT_WRONG_CHAIN',
      });
    });
  });

  it('that takes no batches is asked one by one', async () => {
    const single = rpc(({ method }) => ({ result: method }));
    let requests = 0;
    const listener: RequestListener = (request, response) => {
      requests++;
      request.once('data', (chunk: Buffer) => {
        if (chunk.toString().startsWith('['))
          response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}');
      });
      single(request, response);
    };
    await withServer(listener, {}, async (endpoint) => {
      const calls = ['a', 'b', 'c'].map((method) => ({ method, params: [] }));
      for (const expected of [1 + 1 + 3, 3]) {
        requests = 0;
        expect(
          (await endpoint.batch(calls, signal)).map((answer) => (answer.kind === 'result' ? answer.value : '')),
        ).toEqual(['a', 'b', 'c']);
        expect(requests).toBe(expected);
      }
    });
  });

  it('stops on request', async () => {
    await withServer(
      () => undefined,
      {},
      async (endpoint) => {
        const stop = new AbortController();
        const call = endpoint.call('eth_blockNumber', [], stop.signal);
        stop.abort();
        await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
        await expect(endpoint.call('eth_blockNumber', [], stop.signal)).rejects.toMatchObject({ code: 'ABORTED' });
      },
    );
  });

  it('keeps its key to itself when a node echoes it', async () => {
    const listener = rpc(({ method }) =>
      method === 'eth_chainId' ? { result: '0x1' } : { error: { code: -1, message: 'bad key sekritkey99\u0007' } },
    );
    await withServer(listener, { path: '/v3/sekritkey99' }, async (endpoint) => {
      const failure = await failureOf(endpoint.result('x', [], signal));
      expect(failure.message).toMatch(/It says: bad key \*\*\*  \(-1\)/);
    });
  });

  it('sends credentials as a header and never shows them', async () => {
    let authorization: string | undefined;
    const server = createServer((request, response) => {
      authorization = request.headers.authorization;
      response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const url = `http://user:hunter2@127.0.0.1:${port}/v3/secretkey?token=alsosecret`;
    const endpoint = createRpcEndpoint({ clock: systemClock }, { url, chainId: 1 });
    const failure = await failureOf(endpoint.call('x', [], signal));
    expect(authorization).toBe(`Basic ${Buffer.from('user:hunter2').toString('base64')}`);
    expect(`${String(failure)} ${JSON.stringify(failure)} ${endpoint.name}`).not.toMatch(/hunter2|secret/);
    await new Promise((resolve) => server.close(resolve));
    const unreachable = createRpcEndpoint({ clock: systemClock }, { url, chainId: 1 });
    const later = await failureOf(unreachable.call('x', [], signal));
    expect(`${String(later)} ${JSON.stringify(later)}`).not.toMatch(/hunter2|secret/);
    expect(safeUrl('wss://a:b@host:1/k?x')).toBe('wss://host:1');
    expect(safeUrl('not a url with secret')).toBe('(malformed URL)');
    expect(() =>
      createRpcEndpoint({ clock: systemClock }, { url: 'ftp://secret@x/', chainId: 1 }),
    ).toThrowErrorMatchingInlineSnapshot(`[ViaductError: An endpoint URL must be http or https: ftp://x.]`);
  });
});

/** A server that answers JSON-RPC, single or batched, with whatever `answer` gives. Batches come back reversed. */
function rpc(answer: (call: { method: string }) => object, chainId = '0x1'): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      type Call = { id: number; method: string };
      const one = (call: Call): object => {
        const isChain = call.method === 'eth_chainId';
        const given = answer(call);
        return {
          jsonrpc: '2.0',
          id: call.id,
          ...(isChain && (given as { result?: string }).result === 'eth_chainId' ? { result: chainId } : given),
        };
      };
      try {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[];
        response.end(JSON.stringify(Array.isArray(body) ? body.map(one).reverse() : one(body)));
      } catch {
        response.writeHead(500).end();
      }
    });
  };
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const failure: unknown = await work.catch((error: unknown) => error);
  if (!(failure instanceof Error)) throw new Error('it did not fail');
  return failure;
}

async function withServer(
  listener: RequestListener,
  { path = '', ...options }: Partial<RpcOptions> & { path?: string },
  work: (endpoint: ReturnType<typeof createRpcEndpoint>) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    await work(createRpcEndpoint({ clock }, { url: `http://127.0.0.1:${port}${path}`, chainId: 1, ...options }));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
