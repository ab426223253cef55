import { describe, expect, it } from 'vitest';
import { LANE, TARGET } from '../../test/sim/statements.ts';
import { ViaductError } from '../core/errors.ts';
import { createMemoryStore, put, storeKey } from './index.ts';
import { createIntents, type Intent } from './intents.ts';

const call = Uint8Array.of(1, 2, 3);
const intent: Intent = {
  slot: 7n,
  chunk: { lane: LANE, firstSequence: 16n, chunkIndex: 2 },
  call,
  attempts: [0, 1].map((attempt) => ({ slot: 7n, attempt, call, raw: Uint8Array.of(attempt), hash: `0x${attempt}` })),
  signedAtMs: 123,
};
const blank: Intent = { ...intent, slot: 16n, chunk: undefined, attempts: [] };

describe('intents', () => {
  it('are on disk when put resolves, and come back in slot order after a power failure', async () => {
    const store = createMemoryStore();
    const intents = createIntents(store, TARGET, '0xaa');
    await intents.put(blank);
    await intents.put(intent);
    expect(await createIntents(store.crash(), TARGET, '0xaa').load()).toEqual([intent, blank]);
  });

  it('belong to one account of one chain, and end', async () => {
    const store = createMemoryStore();
    const intents = createIntents(store, TARGET, '0xaa');
    await intents.put(intent);
    expect(await createIntents(store, TARGET, '0xab').load()).toEqual([]);
    await intents.remove(7n);
    expect(await intents.load()).toEqual([]);
  });

  it.each(['', '{}', 'null', '{"slot":"7","chunk":null,"call":"zz","attempts":[]}'])(
    'are damaged: %j',
    async (text) => {
      const store = createMemoryStore();
      await store.write([put(storeKey('intent', TARGET, '0xaa', 7n), Buffer.from(text))], { sync: true });
      const loading = createIntents(store, TARGET, '0xaa').load();
      await expect(loading).rejects.toSatisfy((e) => e instanceof ViaductError && e.code === 'STORE_CORRUPT');
    },
  );
});
