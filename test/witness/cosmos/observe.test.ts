/** How two chains are compared, and how a node is made to lie. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LIES } from './lies.ts';
import { startLyingProxy } from './lyingProxy.ts';
import { differencesOf, observationDifferences, plainText, shapeOf } from './observe.ts';
import { rawCall, rawPost } from './rawRpc.ts';

describe('observations', () => {
  it('leave out what differs from chain to chain', () => {
    expect(plainText('please verify account number (17), sequence (3)')).toBe(
      'please verify account number (<n>), sequence (3)',
    );
    expect(plainText('funds [cosmos/cosmos-sdk@v0.53.4/x/bank/keeper/send.go:298] with')).toBe('funds with');
    expect(plainText(`tx (${'0A'.repeat(32)}) not found`)).toBe('tx (<hash>) not found');
  });

  it('have a shape in which spelling counts, and the number of elements does not', () => {
    const shape = shapeOf({ height: '5', hash: 'AB'.repeat(20), list: [{ a: 1 }, { a: 2 }], none: null, empty: '' });
    expect(shape).toEqual({
      height: 'digits',
      hash: 'HEX',
      list: [{ a: 'number' }],
      none: 'null',
      empty: 'empty text',
    });
    expect(shapeOf('ab'.repeat(20))).toBe('hex');
    expect(shapeOf('2026-11-21T03:17:36.381424115Z')).toBe('time');
  });

  it('differ leaf by leaf, and lists of another length as a whole', () => {
    const differences = differencesOf('s', { a: { b: 1, c: [1] }, d: 2 }, { a: { b: 2, c: [1, 2] }, e: 2 });
    expect(differences.map(({ path }) => path)).toEqual(['a.b', 'a.c', 'd', 'e']);
    expect(differencesOf('s', [1], { 0: 1 })).toHaveLength(1);
    expect(differencesOf('s', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([]);
  });

  it('have gas within a tolerance of the real one', () => {
    const gas = (real: number | undefined, local: number | undefined): number =>
      observationDifferences({ name: 's', value: 0, gas: real }, { name: 's', value: 0, gas: local }, 0.05).length;
    expect([gas(100, 105), gas(100, 95), gas(undefined, undefined)]).toEqual([0, 0, 0]);
    expect([gas(100, 106), gas(100, 94), gas(100, undefined), gas(undefined, 1)]).toEqual([1, 1, 1, 1]);
  });
});

describe('a lying proxy', () => {
  it('changes answers of single calls, batches and GET, and passes on errors', async () => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const answer = (id: unknown): object =>
          id === 'bad' ? { id, error: { code: 1 } } : { id, result: { height: '1', id } };
        const calls: unknown = body === '' ? { id: -1 } : JSON.parse(body);
        const told = Array.isArray(calls)
          ? calls.toReversed().map(({ id }) => answer(id))
          : answer((calls as { id: unknown }).id);
        response.end(JSON.stringify(told));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const proxy = await startLyingProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const call = async (): Promise<unknown> => rawCall(proxy.url, 'block', { height: '5' });
    expect(await call()).toEqual({ kind: 'result', result: { height: '1', id: 7 } });
    proxy.lie(({ method, params }, result) => ({ ...(result as object), method, asked: params?.['height'] }));
    expect(await call()).toMatchObject({ result: { method: 'block', asked: '5', id: 7 } });
    const batch = await fetch(proxy.url, {
      method: 'POST',
      body: JSON.stringify([
        { id: 1, method: 'a', params: {} },
        { id: 2, method: 'b', params: {} },
      ]),
    });
    expect(await batch.json()).toMatchObject([{ result: { id: 2, method: 'b' } }, { result: { id: 1, method: 'a' } }]);
    const got = await fetch(`${proxy.url}/commit?height="9"`);
    expect(await got.json()).toMatchObject({ result: { method: 'commit', asked: '9' } });
    expect(await rawPost(proxy.url, { id: 'bad', method: 'a' })).toMatchObject({ kind: 'error', error: { code: 1 } });
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  it('has lies that all change something, at their height only', () => {
    const vote = (n: number): object => ({
      block_id_flag: 2,
      validator_address: `${n}`.repeat(40),
      timestamp: '2026-01-01T00:00:00.5Z',
      signature: Buffer.alloc(64, n).toString('base64'),
    });
    const header = Object.fromEntries(
      ['app_hash', 'last_results_hash', 'data_hash', 'next_validators_hash', 'proposer_address', 'chain_id'].map(
        (key) => [key, '0A'],
      ),
    );
    const commit = { height: '3', block_id: { hash: '0A' }, signatures: [1, 2, 3, 4].map(vote) };
    const answers: Readonly<Record<string, unknown>> = {
      commit: { signed_header: { header: { ...header, time: '2026-01-01T00:00:00.5Z' }, commit } },
      validators: {
        validators: [1, 2, 3].map((n) => ({ address: `${n}`, pub_key: { value: `${n}` }, voting_power: '1' })),
      },
    };
    for (const lie of LIES) {
      const told = (height: string): string[] =>
        Object.entries(answers).map(([method, answer]) =>
          JSON.stringify(lie.tell({ method, params: { height } }, answer, 3n)),
        );
      const truth = Object.values(answers).map((answer) => JSON.stringify(answer));
      expect(told('4'), lie.name).toEqual(truth);
      expect(told('3'), lie.name).not.toEqual(truth);
    }
  });
});
