import { spawn } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type StoreHarness, storeSuite } from '../../test/conformance/storeSuite.ts';
import { utf8 } from '../core/bytes.ts';
import { storeKey } from './keys.ts';
import { createLevelStore } from './levelStore.ts';
import { del, put, type Store } from './port.ts';

const folders: string[] = [];

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'viaduct-store-'));
  folders.push(path);
  return path;
}

afterEach(async () => {
  for (const path of folders.splice(0)) await rm(path, { recursive: true, force: true });
});

/** A copy of a live store's folder is what a crash of its process leaves. */
async function harness(path: string): Promise<StoreHarness> {
  const store = await createLevelStore({ path });
  return {
    store,
    async reopen() {
      const copy = await folder();
      await cp(path, copy, { recursive: true });
      return harness(copy);
    },
    dispose: async () => store.close(),
  };
}

storeSuite('level', async () => harness(await folder()));

/** A closed store with entries in its tables and in its log. */
async function filled(): Promise<string> {
  const path = await folder();
  const first = await createLevelStore({ path });
  await writeNumbers(first, 0, 500);
  await first.close();
  // Opening again moves the log into a table.
  const second = await createLevelStore({ path });
  await writeNumbers(second, 500, 1_000);
  await second.close();
  return path;
}

async function writeNumbers(store: Store, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 50) {
    await store.write(
      Array.from({ length: 50 }, (_, i) => put(storeKey('n', BigInt(n + i)), utf8(`value ${n + i}`.repeat(4)))),
      { sync: true },
    );
  }
}

async function fileOf(path: string, pattern: RegExp): Promise<string> {
  return join(path, (await readdir(path)).filter((name) => pattern.test(name)).sort()[0] as string);
}

async function flip(file: string, position: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[Math.floor((bytes.length - 1) * position)]! ^= 0x10;
  await writeFile(file, bytes);
}

describe('level store', () => {
  it('says which folder is locked and what to do', async () => {
    const path = await folder();
    const store = await createLevelStore({ path });
    const error: unknown = await createLevelStore({ path }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_LOCKED' });
    expect(String((error as Error).message).replace(path, '<folder>')).toMatchInlineSnapshot(`
      "The store is in use by another process.
      Folder: <folder>.
      Stop the other process, or give this one another data directory. Two processes must never share one."
    `);
    await store.close();
    await (await createLevelStore({ path })).close();
  });

  for (const { name, pattern } of [
    { name: 'the log', pattern: /\.log$/ },
    { name: 'a table', pattern: /\.ldb$/ },
    { name: 'the manifest', pattern: /^MANIFEST/ },
  ]) {
    it(`refuses one flipped bit anywhere in ${name}`, async () => {
      const path = await filled();
      const file = await fileOf(path, pattern);
      const intact = await readFile(file);
      for (let step = 0; step <= 20; step++) {
        await flip(file, step / 20);
        await expect(createLevelStore({ path }), `${step}/20`).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
        await writeFile(file, intact);
      }
      const store = await createLevelStore({ path });
      expect(await store.get(storeKey('n', 0n))).toEqual(utf8('value 0'.repeat(4)));
      await store.close();
    });
  }

  it('refuses a missing CURRENT, manifest or table instead of starting anew', async () => {
    for (const pattern of [/^CURRENT$/, /^MANIFEST/, /\.ldb$/]) {
      const path = await filled();
      const file = await fileOf(path, pattern);
      await rename(file, `${file}.away`);
      await expect(createLevelStore({ path })).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      await rename(`${file}.away`, file);
      const store = await createLevelStore({ path });
      expect(await store.get(storeKey('n', 999n))).toEqual(utf8('value 999'.repeat(4)));
      await store.close();
    }
  });

  it('refuses a truncated table and names the remedy', async () => {
    const path = await filled();
    const file = await fileOf(path, /\.ldb$/);
    await truncate(file, (await readFile(file)).length - 100);
    const error: unknown = await createLevelStore({ path }).catch((thrown: unknown) => thrown);
    expect((error as Error).message.replaceAll(path, '<folder>')).toMatchInlineSnapshot(`
      "The store is damaged.
      Folder: <folder>.
      000005.ldb: not a table.
      A journal of frames and progress can be rebuilt from the chains: move the folder away and start again.
      A signing journal must be restored from its newest backup, or its key retired: without it this signer could sign two contents for one slot."
    `);
  });

  it('opens a log whose last record was cut off by a power failure, without that record', async () => {
    const path = await filled();
    const file = await fileOf(path, /\.log$/);
    await truncate(file, (await readFile(file)).length - 10);
    const store = await createLevelStore({ path });
    expect(await store.get(storeKey('n', 949n))).toBeDefined();
    expect(await store.get(storeKey('n', 999n))).toBeUndefined();
    await store.close();
  });

  it('says STORE_UNAVAILABLE for a folder that it cannot use', async () => {
    const path = await folder();
    await writeFile(join(path, 'file'), 'not a folder');
    await expect(createLevelStore({ path: join(path, 'file') })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await chmod(path, 0o700);
  });

  it('says STORE_UNAVAILABLE when the disk takes no more, and keeps every key that was said to be written', async () => {
    const path = await folder();
    // Blocks of 512 bytes: no file of the process may grow beyond 100 kB, as on a full disk.
    const child = spawn(
      '/bin/sh',
      ['-c', 'ulimit -f 200; exec "$0" "$@"', process.execPath, ...writerArguments(path)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const said: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    const printed: bigint[] = [];
    for await (const line of createInterface({ input: child.stdout })) printed.push(BigInt(line));
    expect(said.join('\n')).toContain("code: 'STORE_UNAVAILABLE'");
    expect(printed.length).toBeGreaterThan(100);
    await expectPrinted(path, printed);
  });

  it('has every key that a killed process said was written', async () => {
    const path = await folder();
    const child = spawn(process.execPath, writerArguments(path), { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise<NodeJS.Signals | null>((resolve) => {
      child.once('exit', (_, signal) => resolve(signal));
    });
    const printed: bigint[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      printed.push(BigInt(line));
      if (printed.length === 200) child.kill('SIGKILL');
    }
    expect(await exited).toBe('SIGKILL');
    expect(printed.length).toBeGreaterThanOrEqual(200);

    await expectPrinted(path, printed);
  });
});

const SEGMENT_BYTES = 64 * 1024;
const LARGE = 8_000;

/** Differs in every byte from that of the next number. */
function large(number: number): Uint8Array {
  return Uint8Array.from({ length: LARGE }, (_, i) => (i + number) & 0xff);
}

async function openLarge(path: string): Promise<Store> {
  return createLevelStore({ path, segmentBytes: SEGMENT_BYTES });
}

async function valueFiles(path: string): Promise<string[]> {
  return (await readdir(join(path, 'values'))).sort();
}

const key = (number: number): string => storeKey('n', BigInt(number));

describe('large values', () => {
  it('come back as they were from memory, from older files and after a start, beside small ones', async () => {
    const path = await folder();
    let store = await openLarge(path);
    for (let n = 0; n < 40; n++) {
      await store.write([put(key(n), large(n)), put(storeKey('small', BigInt(n)), utf8(`${n}`))], {
        sync: n % 2 === 0,
      });
    }
    expect((await valueFiles(path)).length).toBeGreaterThan(4);
    for (const restart of [false, true]) {
      if (restart) {
        await store.close();
        store = await openLarge(path);
      }
      for (let n = 0; n < 40; n++) expect(await store.get(key(n))).toEqual(large(n));
      expect(await store.getMany([key(3), key(99), storeKey('small', 7n)])).toEqual([large(3), undefined, utf8('7')]);
      let next = 0;
      for await (const { value } of store.range({ gte: 'n/', lt: 'n0' })) expect(value).toEqual(large(next++));
      expect(next).toBe(40);
      await store.visit({ gte: 'n/', lt: 'n0' }, (_, value) => {
        expect(value).toEqual(large(next++ - 40));
        return undefined;
      });
      expect(next).toBe(80);
    }
    await store.close();
  });

  it('leave the disk with the last of their file, and not while somebody reads what was there', async () => {
    const path = await folder();
    const store = await openLarge(path);
    for (let n = 0; n < 40; n++) await store.write([put(key(n), large(n))], { sync: false });
    const snapshot = store.range({ gte: 'n/', lt: 'n0' })[Symbol.asyncIterator]();
    expect((await snapshot.next()).value).toEqual({ key: key(0), value: large(0) });
    await store.write(
      Array.from({ length: 40 }, (_, n) => del(key(n))),
      { sync: false },
    );
    for (let n = 1; n < 40; n++) expect((await snapshot.next()).value).toEqual({ key: key(n), value: large(n) });
    expect((await snapshot.next()).done).toBe(true);
    await store.close();
    expect((await valueFiles(path)).length).toBe(1);
    const again = await openLarge(path);
    await again.close();
    expect(await valueFiles(path)).toEqual([]);
  });

  it('move together where few are left, so that dead ones do not fill the disk', async () => {
    const path = await folder();
    const store = await openLarge(path);
    // One of each file is kept for ever.
    for (let n = 0; n < 200; n++) {
      const gone = n > 0 && (n - 1) % 8 !== 0 ? [del(key(n - 1))] : [];
      await store.write([put(key(n), large(n)), ...gone], { sync: false });
    }
    for (let n = 0; n < 40; n++) await store.write([put('tick', Uint8Array.of(n))], { sync: false });
    expect((await valueFiles(path)).length).toBeLessThan(16);
    for (const reopened of [store, undefined]) {
      if (reopened === undefined) await store.close();
      const at = reopened ?? (await openLarge(path));
      for (let n = 0; n < 199; n++) expect(await at.get(key(n))).toEqual(n % 8 === 0 ? large(n) : undefined);
      if (reopened === undefined) await at.close();
    }
  });

  it('are damage when a bit differs, and when their file is short or gone', async () => {
    const path = await folder();
    const first = await openLarge(path);
    await first.write([put(key(1), large(1))], { sync: true });
    await first.close();
    const file = join(path, 'values', (await valueFiles(path))[0] as string);
    const intact = await readFile(file);
    for (const position of [0, 0.5, 1]) {
      await flip(file, position);
      const store = await openLarge(path);
      await expect(store.get(key(1))).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      await store.close();
      await writeFile(file, intact);
    }
    await truncate(file, LARGE - 1);
    await expect(openLarge(path)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await rm(file);
    await expect(openLarge(path)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await writeFile(file, intact);
    const store = await openLarge(path);
    expect(await store.get(key(1))).toEqual(large(1));
    await store.close();
  });

  it('behave as small ones do under any order of writes, deletions and starts', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), at: fc.nat(9), value: fc.nat(255) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('del' as const), at: fc.nat(9), value: fc.nat(255) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('start' as const), at: fc.nat(9), value: fc.nat(255) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const path = await folder();
        const expected = new Map<string, Uint8Array>();
        let store = await createLevelStore({ path, segmentBytes: 20_000 });
        for (const { kind, at, value } of steps) {
          if (kind === 'start') {
            await store.close();
            store = await createLevelStore({ path, segmentBytes: 20_000 });
          } else if (kind === 'put') {
            const bytes = new Uint8Array(value % 5 === 0 ? 10 : 4_096 + value).fill(value);
            expected.set(key(at), bytes);
            await store.write([put(key(at), new Uint8Array(5_000)), put(key(at), bytes)], { sync: value % 2 === 0 });
          } else {
            expected.delete(key(at));
            await store.write([del(key(at))], { sync: false });
          }
          expect(await store.get(key(at))).toEqual(expected.get(key(at)));
        }
        for (let at = 0; at < 10; at++) expect(await store.get(key(at))).toEqual(expected.get(key(at)));
        await store.close();
      }),
      { numRuns: 10 },
    );
  });
});

function writerArguments(path: string): string[] {
  return ['--import', 'tsx', join(import.meta.dirname, '../../test/conformance/storeWriter.ts'), path];
}

async function expectPrinted(path: string, printed: readonly bigint[]): Promise<void> {
  const store = await createLevelStore({ path });
  for (const number of printed) {
    const [left, right] = await store.getMany([storeKey('left', number), storeKey('right', number)]);
    expect(left, `${number}`).toEqual(utf8(`${number}`));
    expect(right, `${number}`).toEqual(utf8(`${number}`));
  }
  await store.close();
}
