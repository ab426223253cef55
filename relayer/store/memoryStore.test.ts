import { describe, expect, it } from 'vitest';
import { type StoreHarness, storeSuite } from '../../test/conformance/storeSuite.ts';
import { utf8 } from '../core/bytes.ts';
import { createMemoryStore, type MemoryStore } from './memoryStore.ts';
import { put } from './port.ts';

function harness(store: MemoryStore): StoreHarness {
  return {
    store,
    reopen: async () => harness(store.crash()),
    dispose: async () => store.close(),
  };
}

storeSuite('memory', async () => harness(createMemoryStore()));

describe('memory store', () => {
  it('forgets what was not synced when it crashes', async () => {
    const store = createMemoryStore();
    await store.write([put('a', utf8('1'))], { sync: true });
    await store.write([put('b', utf8('1'))], { sync: false });
    const after = store.crash();
    expect(await after.get('a')).toEqual(utf8('1'));
    expect(await after.get('b')).toBeUndefined();
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('refuses every write after the disk failed once', async () => {
    const store = createMemoryStore();
    store.breakDisk();
    await expect(store.write([put('a', utf8('1'))], { sync: true })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(store.write([put('b', utf8('1'))], { sync: true })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});
