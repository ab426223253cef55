/** What every store promises. An implementation's test hands in a factory; `reopen` shows what a crash leaves. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../relayer/core/bytes.ts';
import { del, type Operation, put, type Range, rangeOf, type Store, storeKey } from '../../relayer/store/index.ts';

export interface StoreHarness {
  readonly store: Store;
  /** Ends the store as a crash does and opens what is left. */
  readonly reopen: () => Promise<StoreHarness>;
  readonly dispose: () => Promise<void>;
}

export function storeSuite(name: string, create: () => Promise<StoreHarness>): void {
  describe(`store conformance: ${name}`, () => {
    const harnesses: StoreHarness[] = [];
    const open = async (): Promise<StoreHarness> => {
      const harness = await create();
      harnesses.push(harness);
      return harness;
    };
    afterEach(async () => {
      for (const harness of harnesses.splice(0)) await harness.dispose();
    });

    it('returns what was written, and undefined for what was not', async () => {
      const { store } = await open();
      await store.write([put('a', utf8('1')), put('empty', new Uint8Array())], { sync: true });
      expect(await store.get('a')).toEqual(utf8('1'));
      expect(await store.get('empty')).toEqual(new Uint8Array());
      expect(await store.get('b')).toBeUndefined();
      expect(await store.getMany(['b', 'a'])).toEqual([undefined, utf8('1')]);
    });

    it('applies a batch in order and as a whole: the last operation on a key wins', async () => {
      const { store } = await open();
      await store.write([put('a', utf8('1')), del('a'), put('b', utf8('2')), put('b', utf8('3'))], { sync: false });
      expect(await all(store, {})).toEqual(['b=3']);
    });

    it('never shows half of a batch, whatever runs beside it', async () => {
      const { store } = await open();
      const writes = Array.from({ length: 50 }, async (_, round) =>
        store.write([put('left', utf8(`${round}`)), put('right', utf8(`${round}`))], { sync: round % 10 === 0 }),
      );
      const reads = Array.from({ length: 50 }, async () => all(store, {}));
      for (const seen of await Promise.all(reads)) {
        expect(new Set(seen.map((entry) => entry.split('=')[1])).size).toBeLessThanOrEqual(1);
      }
      await Promise.all(writes);
      expect(await all(store, {})).toEqual(['left=49', 'right=49']);
    });

    it('does not keep a reference to the bytes it was given or gave', async () => {
      const { store } = await open();
      const value = utf8('kept');
      const written = store.write([put('a', value)], { sync: false });
      await written;
      value.fill(0);
      (await store.get('a'))?.fill(1);
      expect(await store.get('a')).toEqual(utf8('kept'));
    });

    it('agrees with a sorted map on every range', async () => {
      const { store } = await open();
      const key = fc.integer({ min: 0, max: 40 }).map((n) => storeKey('lane', BigInt(n * 7)));
      const keys = Array.from({ length: 30 }, (_, n) => storeKey('lane', BigInt(n * 9)));
      await store.write(
        keys.map((k) => put(k, utf8(k.slice(-2)))),
        { sync: false },
      );
      const bounds = fc.record(
        { gte: key, gt: key, lt: key, lte: key, reverse: fc.boolean(), limit: fc.integer({ min: 0, max: 40 }) },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(bounds, async (range: Range) => {
          const inside = keys.filter(
            (k) =>
              (range.gte === undefined || k >= range.gte) &&
              (range.gt === undefined || k > range.gt) &&
              (range.lt === undefined || k < range.lt) &&
              (range.lte === undefined || k <= range.lte),
          );
          if (range.reverse === true) inside.reverse();
          const expected = inside.slice(0, range.limit ?? Infinity).map((k) => `${k}=${k.slice(-2)}`);
          expect(await all(store, range)).toEqual(expected);
          const visited: string[] = [];
          await store.visit(range, (key, value) => {
            visited.push(`${key}=${new TextDecoder().decode(value)}`);
            return visited.length === 3 ? 'stop' : undefined;
          });
          expect(visited).toEqual(expected.slice(0, 3));
        }),
        { numRuns: 100 },
      );
    });

    it('keeps prefixes apart', async () => {
      const { store } = await open();
      const keys = ['frame/a/1', 'frame/a/2', 'frame/ab/1', 'frame/a', 'frame/a0'];
      await store.write(
        keys.map((k) => put(k, utf8('x'))),
        { sync: false },
      );
      expect(await all(store, rangeOf('frame', 'a'))).toEqual(['frame/a/1=x', 'frame/a/2=x']);
    });

    it('iterates over a snapshot', async () => {
      const { store } = await open();
      await store.write([put('a', utf8('1')), put('b', utf8('1')), put('c', utf8('1'))], { sync: false });
      const seen: string[] = [];
      for await (const { key } of store.range({})) {
        seen.push(key);
        await store.write([del('c'), put('bb', utf8('2'))], { sync: false });
      }
      expect(seen).toEqual(['a', 'b', 'c']);
    });

    it('coalesces concurrent writes into few commits and keeps their order', async () => {
      const { store } = await open();
      const done: number[] = [];
      await Promise.all(
        Array.from({ length: 200 }, async (_, n) => {
          await store.write([put('last', utf8(`${n}`)), put(storeKey('n', BigInt(n)), utf8(`${n}`))], { sync: true });
          done.push(n);
        }),
      );
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(await store.get('last')).toEqual(utf8('199'));
      const { writes, commits, syncedCommits } = store.stats();
      expect(writes).toBe(200);
      expect(commits).toBeLessThan(20);
      expect(syncedCommits).toBe(commits);
    });

    it('tells watchers after the commit, in order, only what matches', async () => {
      const { store } = await open();
      const heard: string[] = [];
      const unwatch = store.watch('frame/', (operations) => {
        heard.push(operations.map(describeOperation).join(' '));
      });
      const first = store.write([put('frame/a', utf8('1')), put('other', utf8('1'))], { sync: true });
      expect(heard).toEqual([]);
      await first;
      await store.write([put('other', utf8('2'))], { sync: false });
      await store.write([del('frame/a')], { sync: false });
      unwatch();
      await store.write([put('frame/b', utf8('3'))], { sync: false });
      expect(heard).toEqual(['+frame/a', '-frame/a']);
    });

    it('lets a watcher read what it is told of', async () => {
      const { store } = await open();
      const read = new Promise<Uint8Array | undefined>((resolve, reject) => {
        store.watch('a', () => {
          store.get('a').then(resolve, reject);
        });
      });
      await store.write([put('a', utf8('1'))], { sync: false });
      expect(await read).toEqual(utf8('1'));
    });

    it('has every synced write after a crash between write and publish', async () => {
      const { store, reopen } = await open();
      await store.write([put('intent', utf8('unsynced before'))], { sync: false });
      await store.write([put('signed', utf8('slot 7'))], { sync: true });
      const again = await reopen();
      harnesses.push(again);
      expect(await again.store.get('signed')).toEqual(utf8('slot 7'));
      expect(await again.store.get('intent')).toEqual(utf8('unsynced before'));
    });

    it('refuses keys outside printable ASCII, and empty writes', async () => {
      const { store } = await open();
      for (const key of ['', 'ä', 'a b', 'x'.repeat(257)]) {
        await expect(store.write([put(key, utf8('1'))], { sync: false })).rejects.toMatchObject({ code: 'BUG' });
      }
      await expect(store.write([], { sync: false })).rejects.toMatchObject({ code: 'BUG' });
    });

    it('finishes running writes on close and refuses later ones', async () => {
      const { store } = await open();
      const written = store.write([put('a', utf8('1'))], { sync: true });
      await store.close();
      await written;
      await expect(store.write([put('b', utf8('1'))], { sync: true })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
}

async function all(store: Store, range: Range): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, value } of store.range(range)) found.push(`${key}=${new TextDecoder().decode(value)}`);
  return found;
}

function describeOperation(operation: Operation): string {
  return `${operation.kind === 'put' ? '+' : '-'}${operation.key}`;
}
