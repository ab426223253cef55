import { describe, expect, it } from 'vitest';
import { abortedError, type Clock } from '../../../relayer/core/clock.ts';
import { startLocalCosmos } from './index.ts';

/** Time that passes only when it is told to. */
function handClock(): { clock: Clock; tick: () => void; waiting: () => Promise<number> } {
  let wake: (() => void) | undefined;
  let waits: ((ms: number) => void) | undefined;
  let asked: number | undefined;
  const clock: Clock = {
    now: () => 0,
    sleep: async (ms, signal) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        asked = ms;
        waits?.(ms);
        signal?.addEventListener('abort', () => {
          reject(abortedError(signal));
        });
      }),
  };
  return {
    clock,
    tick: () => {
      asked = undefined;
      wake?.();
    },
    waiting: async () => (asked === undefined ? new Promise((resolve) => (waits = resolve)) : Promise.resolve(asked)),
  };
}

describe('the local chain as a whole', () => {
  it('makes a block each time its interval is over, at the times of the chain, not of the host', async () => {
    const { clock, tick, waiting } = handClock();
    let chainNow = 10n ** 18n;
    const local = await startLocalCosmos(
      { clock },
      {
        chainId: 'paced-1',
        seed: 'p',
        holders: [],
        genesisNanos: chainNow,
        chainNow: () => (chainNow += 10n ** 12n),
        blockMs: 250,
      },
    );
    for (let height = 2n; height <= 4n; height++) {
      expect(await waiting()).toBe(250);
      tick();
      await waiting();
      expect(local.chain.height()).toBe(height);
    }
    // A thousand seconds a block, whatever the host does; the median of four votes is the second.
    const times = [2n, 3n, 4n].map((height) => local.chain.block(height)!.header.timeNanos / 10n ** 9n);
    expect(times.map((time) => time - times[0]!)).toEqual([0n, 1000n, 2000n]);
    await local.stop();
  });

  it('answers GET as a node does, in as many nodes as are wanted, and stops', async () => {
    const local = await startLocalCosmos(
      { clock: handClock().clock },
      { chainId: 'get-1', seed: 'p', holders: [], nodes: 3 },
    );
    const heights = await Promise.all(
      local.nodes.map(async ({ url }) => {
        const response = await fetch(`${url}/block?height="1"`);
        const { result } = (await response.json()) as { result: { block: { header: { height: string } } } };
        return result.block.header.height;
      }),
    );
    expect(heights).toEqual(['1', '1', '1']);
    const unknown = (await (await fetch(`${local.nodes[0]!.url}/nothing`)).json()) as { error: { code: number } };
    expect(unknown.error.code).toBe(-32601);
    const large = await fetch(local.nodes[0]!.url, { method: 'POST', body: 'x'.repeat(1_000_001) });
    expect(large.status).toBe(500);
    await local.stop();
    await expect(fetch(`${local.nodes[0]!.url}/status`)).rejects.toThrow();
  });
});
