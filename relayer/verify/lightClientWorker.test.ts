import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type EthereumParameters, MINIMAL_PRESET } from '../../light-clients/ethereum/index.ts';
import { encodeLightBlock, headerHash } from '../../light-clients/tendermint/index.ts';
import { makeBlock, makeSigners, RULES } from '../../light-clients/tendermint/chain.fixture.ts';
import { createChainClock } from './chainClock.ts';
import { createLightClientWorker } from './lightClientWorker.ts';

const parameters: EthereumParameters = {
  preset: MINIMAL_PRESET,
  forks: [{ name: 'fulu', epoch: 0n, version: Uint8Array.of(6, 0, 0, 1) }],
  genesisValidatorsRoot: new Uint8Array(32).fill(1),
  genesisTime: 1_700_000_000n,
  secondsPerSlot: 12n,
  trustedBlockRoot: new Uint8Array(32).fill(2),
  maxAgeSeconds: 1_000_000n,
};

const block = makeBlock({ height: 1n, signers: makeSigners('v', 4) });
const rivals = makeSigners('w', 4);

describe('light clients on their thread', () => {
  it('answer with verdicts, each client for its own chain', async () => {
    const worker = createLightClientWorker();
    const first = worker.open({ kind: 'ethereum', parameters });
    expect(first).toMatchObject({ kind: 'ethereum', assurance: 'light client' });
    expect(await first.start(Uint8Array.of(1, 2, 3))).toEqual({
      kind: 'invalid',
      reason: 'the message is shorter than its tag',
    });
    // Opened while the thread runs.
    const second = worker.open({ kind: 'ethereum', parameters: { ...parameters, genesisTime: 0n } });
    const verdicts = await Promise.all([
      first.update(new Uint8Array(9), new Uint8Array(9), 0n),
      second.update(new Uint8Array(9), new Uint8Array(9), 0n),
    ]);
    expect(verdicts.map(({ kind }) => kind)).toEqual(['invalid', 'invalid']);
    const other = worker.open({
      kind: 'tendermint',
      parameters: { rules: RULES, checkpoint: { height: 1n, hash: headerHash(block.header) } },
    });
    expect(await other.start(encodeLightBlock(block))).toMatchObject({
      kind: 'valid',
      value: { head: { height: 1n } },
    });
    expect((await other.start(encodeLightBlock(makeBlock({ height: 1n, signers: rivals })))).kind).toBe('invalid');
    await worker.close();
    await worker.close();
    await expect(first.start(new Uint8Array(0))).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('a crash fails the calls under way, and the next call starts the thread again', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-worker-'));
    const entry = join(dir, 'entry.mjs');
    writeFileSync(
      entry,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', (call) => {
         if (call.kind === 'open') return;
         if (call.kind === 'start') throw new Error('out of memory, say');
         if (call.nowSeconds === 7n) parentPort.postMessage({ kind: 'thrown', id: call.id, message: 'a bug' });
         else parentPort.postMessage({ kind: 'verdict', id: call.id, verdict: { kind: 'needsMore', reason: 'alive' } });
       });`,
    );
    const worker = createLightClientWorker(pathToFileURL(entry));
    const client = worker.open({ kind: 'ethereum', parameters });
    const bytes = new Uint8Array(1);
    expect(await client.update(bytes, bytes, 0n)).toEqual({ kind: 'needsMore', reason: 'alive' });
    await expect(client.start(bytes)).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      metaMessages: ['out of memory, say'],
    });
    expect(await client.update(bytes, bytes, 0n)).toEqual({ kind: 'needsMore', reason: 'alive' });
    await expect(client.update(bytes, bytes, 7n)).rejects.toMatchObject({ code: 'BUG' });
    await worker.close();
    rmSync(dir, { recursive: true });
  });
});

describe('the clock of a chain', () => {
  it('runs from its anchor at its speed', () => {
    const host = { now: () => 10_500, sleep: async () => Promise.resolve() };
    const clock = createChainClock(host, { hostMs: 10_000n, chainSeconds: 1_000n, speed: 5 });
    expect(clock.now()).toBe(1_002_500);
  });
});
