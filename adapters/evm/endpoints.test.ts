/** The adapter before endpoints that lie, limit, break, or show another chain: proxies in front of a real node. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConfirmationsClient } from '../../light-clients/confirmations/index.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { createEvmSource, createHeaderUpdates, createRpcEndpoint, deposit, depositBatch } from './index.ts';

import {
  advance,
  CONFIRMATIONS,
  deps,
  emptied,
  follow,
  now,
  type Side,
  signal,
  sourceOf,
  startProxy,
  startTwoChains,
  toHex32,
  type TwoChains,
} from './twoChains.fixture.ts';

let chains: TwoChains;
let a: Side;
let b: Side;

beforeAll(async () => {
  chains = await startTwoChains();
  ({ a, b } = chains);
  const receiver = new Uint8Array(20).fill(0xab);
  await deposit(a.owner, { ...chains.terms(), amount: 5n * 10n ** 18n, receiver }, signal);
  const transfers = [1n, 2n, 3n].map((n) => ({ amount: n * 10n ** 18n, receiver }));
  await depositBatch(a.owner, { ...chains.terms(), transfers }, signal);
});

afterAll(async () => chains?.close());

describe('the EVM adapter and its endpoints', () => {
  it('follows the chain by a quorum of endpoints, one of them dead', async () => {
    const dead = createRpcEndpoint(deps, { url: 'http://127.0.0.1:9', chainId: a.chainId });
    const { startHeight, blockHash } = a.deployed;
    const client = createConfirmationsClient({
      trusted: { height: startHeight, hash: blockHash },
      confirmations: CONFIRMATIONS,
      quorum: 2,
      endpoints: 3,
      driftSecondsMax: 3600,
    });
    const pull = createHeaderUpdates({
      endpoints: [a.endpoint, dead, a.endpoint],
      confirmations: CONFIRMATIONS,
      quorum: 2,
    });
    const started = client.start();
    if (started.kind !== 'valid') throw new Error(started.kind);
    const update = await pull(started.value.state, signal);
    expect(client.update(started.value.state, update!, now()).kind).toBe('valid');
    const tooFew = createHeaderUpdates({
      endpoints: [a.endpoint, dead, dead],
      confirmations: CONFIRMATIONS,
      quorum: 2,
    });
    await expect(tooFew(started.value.state, signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
  });

  it('sees a lying, broken or foreign endpoint for what it is', async () => {
    const { head, before } = await advance(a);
    const lies: [name: string, change: (method: string, result: unknown) => unknown][] = [
      [
        'omits the last log',
        (method, result) => (method === 'eth_getLogs' ? (result as unknown[]).slice(0, -1) : result),
      ],
      ['omits all logs', (method, result) => (method === 'eth_getLogs' ? [] : result)],
      [
        'changes an amount',
        (method, result) =>
          method === 'eth_getLogs'
            ? (JSON.parse(JSON.stringify(result).replace('4c4b40', '4c4b41')) as unknown)
            : result,
      ],
      ['proves another block', (method, result) => (method === 'eth_getProof' ? emptied(result) : result)],
    ];
    for (const [name, change] of lies) {
      const liar = await startProxy(a.anvil.url, change);
      try {
        // Endpoints that do not say how they fare are asked in the order of the list.
        const both = [createRpcEndpoint(deps, { url: liar.url, chainId: a.chainId }), a.endpoint];
        const source = sourceOf(
          a,
          both.map((endpoint) => ({ ...endpoint, health: undefined })),
        );
        const forged = await source.pullEvidence({ head, cursor: before }, signal);
        expect(a.derive({ head, cursor: before }, forged).kind, name).toBe('invalid');
        // The next endpoint is asked after a refusal.
        source.reject(name);
        const honest = await source.pullEvidence({ head, cursor: before }, signal);
        expect(a.derive({ head, cursor: before }, honest).kind, name).toBe('valid');
      } finally {
        await liar.close();
      }
    }
    let asked = 0;
    const gap = await startProxy(a.anvil.url, (method, result) => {
      if (method !== 'eth_getLogs') return result;
      asked++;
      return (result as unknown[]).slice(1);
    });
    const only = sourceOf(a, [createRpcEndpoint(deps, { url: gap.url, chainId: a.chainId })]);
    await expect(only.pullEvidence({ head, cursor: before }, signal)).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
    });
    // What is wrong is not asked for in smaller parts.
    expect(asked).toBe(1);
    await gap.close();
    const foreign = sourceOf(a, [createRpcEndpoint(deps, { url: b.anvil.url, chainId: a.chainId })]);
    await expect(foreign.pullEvidence({ head, cursor: before }, signal)).rejects.toMatchObject({
      code: 'ENDPOINT_WRONG_CHAIN',
    });
  });

  it('halves the range of blocks when an endpoint finds it too wide', async () => {
    const { head, before } = await advance(a);
    let asked = 0;
    const narrow = await startProxy(a.anvil.url, (method, result, params) => {
      if (method !== 'eth_getLogs') return result;
      asked++;
      const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
      if (BigInt(toBlock) - BigInt(fromBlock) > 3n) throw new Error('query exceeds max block range 4');
      return result;
    });
    const source = sourceOf(a, [createRpcEndpoint(deps, { url: narrow.url, chainId: a.chainId })]);
    const evidence = await source.pullEvidence({ head, cursor: before }, signal);
    expect(a.derive({ head, cursor: before }, evidence).kind).toBe('valid');
    expect(asked).toBeGreaterThan(3);
    await narrow.close();
  });

  it('reads a block by its receipts when its logs are too much for one answer', async () => {
    const { head, before } = await advance(a);
    const refused: string[] = [];
    const small = await startProxy(a.anvil.url, (method, result) => {
      if (method !== 'eth_getLogs') return result;
      refused.push(method);
      throw new Error('query returned more than 10000 results');
    });
    const source = sourceOf(a, [createRpcEndpoint(deps, { url: small.url, chainId: a.chainId })]);
    const evidence = await source.pullEvidence({ head, cursor: before }, signal);
    const whole = await sourceOf(a, [a.endpoint]).pullEvidence({ head, cursor: before }, signal);
    expect(toHex(evidence)).toBe(toHex(whole));
    expect(a.derive({ head, cursor: before }, evidence).kind).toBe('valid');
    expect(refused.length).toBeGreaterThan(1);
    await small.close();
  });

  it('wakes on new blocks, by subscription as well', async () => {
    const stop = new AbortController();
    const source = createEvmSource(deps, {
      endpoints: [a.endpoint],
      gateway: a.gateway,
      pullUpdate: async () => Promise.resolve(undefined),
      wsUrl: a.anvil.wsUrl,
      pollMs: 3_600_000,
    });
    let wakes = 0;
    const second = new Promise<void>((resolve) => {
      source.watch(() => {
        wakes++;
        if (wakes >= 2) resolve();
      }, stop.signal);
    });
    const mining = (async (): Promise<void> => {
      while (wakes < 2) {
        await a.anvil.rpc('evm_mine');
      }
    })();
    await second;
    await mining;
    stop.abort();
    await source.close();
  });

  it('freezes when the chain takes back a block that was verified', async () => {
    const { step } = await follow(a);
    await a.anvil.rpc('anvil_rollback', [CONFIRMATIONS + 2]);
    // Another chain from there: the time of the blocks differs.
    await a.anvil.rpc('evm_increaseTime', [5]);
    await a.anvil.rpc('anvil_mine', [toHex32(BigInt(CONFIRMATIONS + 6))]);
    const update = await a.source.pullUpdate(step.state, signal);
    expect(a.client.update(step.state, update!, now()).kind).toBe('conflict');
  });
});
