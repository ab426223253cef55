import { describe, expect, it } from 'vitest';
import { ViaductError } from '../../relayer/core/errors.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { nodeMeaning } from './errors.ts';
import { type CometEndpoint, createCometEndpoint, type HttpPort } from './rpc.ts';

const { signal } = new AbortController();
interface Asked {
  readonly id: number;
  readonly method: string;
}

/** Answers by method; a function sees the whole request. */
function node(answer: (asked: Asked[]) => unknown, network = 'chain-1'): { port: HttpPort; asked: string[][] } {
  const asked: string[][] = [];
  const port: HttpPort = {
    name: 'https://node.example',
    clean: (words) => words.slice(0, 40),
    failed: (what, ...metaMessages) =>
      new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `https://node.example ${what}.`, metaMessages }),
    request: async (body = '') => {
      const parsed = JSON.parse(body) as Asked | Asked[];
      const list = Array.isArray(parsed) ? parsed : [parsed];
      asked.push(list.map(({ method }) => method));
      if (list[0]?.method === 'status') return Promise.resolve({ id: 0, result: { node_info: { network } } });
      return Promise.resolve(answer(list));
    },
  };
  return { port, asked };
}

const calls = (count: number): { method: string; params: Record<string, string> }[] =>
  Array.from({ length: count }, (_, i) => ({ method: 'block', params: { height: `${i}` } }));

describe('JSON-RPC of a CometBFT node', () => {
  it('asks for the chain once, then ten calls in one request, answers in any order', async () => {
    const { port, asked } = node((list) => list.map(({ id }) => ({ id, result: `r${id}` })).reverse());
    const endpoint = createCometEndpoint(port, { chainId: 'chain-1' });
    const results = await endpoint.results(calls(23), signal);
    expect(results).toHaveLength(23);
    expect(results.slice(9, 12)).toEqual(['r9', 'r0', 'r1']);
    expect(asked.map(({ length }) => length)).toEqual([1, 10, 10, 3]);
  });

  it('asks one by one where batches are not taken', async () => {
    const { port, asked } = node((list) =>
      list.length > 1 ? { id: null, error: { code: -32600 } } : { id: 0, result: 1 },
    );
    expect(await createCometEndpoint(port, { chainId: 'chain-1' }).results(calls(3), signal)).toEqual([1, 1, 1]);
    expect(asked.map(({ length }) => length)).toEqual([1, 3, 1, 1, 1]);
  });

  it('says what a node says, as a value or as its failure', async () => {
    const words = {
      code: -32603,
      message: 'Internal error',
      data: 'height 9 must be less than or equal to the current',
    };
    const { port } = node(() => ({ id: 0, error: words }));
    const endpoint = createCometEndpoint(port, { chainId: 'chain-1' });
    expect(await endpoint.call({ method: 'block', params: {} }, signal)).toEqual({
      kind: 'error',
      code: -32603,
      message: 'Internal error: height 9 must be less th',
    });
    await expect(endpoint.result('block', {}, signal)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [ViaductError: https://node.example refused block.
      It says: Internal error: height 9 must be less th (-32603).]
    `);
  });

  it.each<[string, (asked: Asked[]) => unknown]>([
    ['nothing', () => null],
    ['a text', () => 'hello'],
    ['too few answers', (list) => list.slice(1).map(({ id }) => ({ id, result: 1 }))],
    ['one answer twice', (list) => list.map(() => ({ id: 0, result: 1 }))],
    ['ids that were not asked for', (list) => list.map(({ id }) => ({ id: id + 7, result: 1 }))],
    ['no result', (list) => list.map(({ id }) => ({ id }))],
  ])('fails on %s', async (_, answer) => {
    const endpoint = createCometEndpoint(node(answer).port, { chainId: 'chain-1' });
    await expect(endpoint.results(calls(2), signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
  });

  it('refuses another chain, and a node that does not say', async () => {
    const other = createCometEndpoint(node(() => null, 'chain-2').port, { chainId: 'chain-1' });
    await expect(other.result('block', {}, signal)).rejects.toMatchObject({ code: 'ENDPOINT_WRONG_CHAIN' });
    const silent = node(() => null);
    const port = { ...silent.port, request: async () => Promise.resolve({ id: 0, result: {} }) };
    const endpoint = createCometEndpoint(port, { chainId: 'chain-1' });
    await expect(endpoint.result('block', {}, signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
  });

  it('does nothing after a stop', async () => {
    const stopped = AbortSignal.abort();
    const { port, asked } = node(() => null);
    await expect(createCometEndpoint(port, { chainId: 'c' }).result('block', {}, stopped)).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(asked).toEqual([]);
  });
});

describe('several endpoints', () => {
  const named = (name: string, failing: boolean): CometEndpoint => ({
    ...createCometEndpoint(node(() => null).port, { chainId: 'c' }),
    name,
    result: async () => {
      if (failing) throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `${name} is away.` });
      return Promise.resolve(name);
    },
  });
  const ask = async (endpoint: CometEndpoint): Promise<unknown> => endpoint.result('status', {}, signal);

  it('are asked in turn, the one that answered first again', async () => {
    const ring = createEndpointRing([named('a', true), named('b', false), named('c', false)]);
    expect(await ring.ask(ask, signal)).toBe('b');
    expect(await ring.ask(ask, signal)).toBe('b');
    ring.reject();
    expect(await ring.ask(ask, signal)).toBe('c');
  });

  it('fail together when none answers', async () => {
    const ring = createEndpointRing([named('a', true), named('b', true)]);
    await expect(ring.ask(ask, signal)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [ViaductError: None of 2 endpoints answered usefully.
      a is away.
      b is away.]
    `);
  });
});

describe("a node's words", () => {
  it.each([
    ['Internal error: height 12 must be less than or equal to the current blockchain height 11', 'notYet'],
    ['height 1 is not available, lowest height is 500', 'pruned'],
    ['node is not persisting finalize block responses', 'noResults'],
    ['node is not persisting abci responses', 'noResults'],
    ['could not find results for height #7', 'noResults'],
    ['Internal error: tx already exists in cache', 'known'],
    ['something else', 'other'],
  ])('%j means %s', (words, meaning) => {
    expect(nodeMeaning(words)).toBe(meaning);
  });
});
