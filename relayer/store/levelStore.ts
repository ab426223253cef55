/**
 * The store on disk: LevelDB in a folder of its own, locked by one process, and large values in files beside it
 * (`valueLog.ts`).
 *
 * It trusts the disk to keep what fsync confirmed. It does not trust the files' content: LevelDB's files are checked
 * when the store is opened, and every value carries a checksum bound to its key that is checked on each read, so
 * damage is an error and never a wrong or missing value. It does not prove that the folder is the newest one.
 *
 * | stored under a key                                                                    |
 * |---------------------------------------------------------------------------------------|
 * | crc32(key ‖ value), value                                                             |
 * | crc32(`>` ‖ key ‖ place), place: segment, offset, length, crc32(key ‖ value) as u32   |
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Level } from 'level';
import { readU32, writeU32 } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { storeProblem } from './fileCheck.ts';
import { createGroupCommit } from './groupCommit.ts';
import { assertKey } from './keys.ts';
import type { Operation, Range, Store } from './port.ts';
import { openValueLog, type Place } from './valueLog.ts';
import { createWatchers } from './watchers.ts';

export interface LevelStoreOptions {
  /** The folder; made when it is missing. */
  readonly path: string;
  /** Of the files with large values. Default 16 MiB. */
  readonly segmentBytes?: number;
}

/** Bytes of the checksum in front of each value. */
const CHECKSUM_BYTES = 4;
const PLACE_BYTES = 16;
/** LevelDB's memory table: half a minute of places and small records at 100,000 transfers a second. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
/** Blocks kept in memory. No further reason. */
const CACHE_BYTES = 8 * 1024 * 1024;
/** Smaller values are no trouble to LevelDB, and a place costs 20 bytes and a call. */
const LARGE_BYTES_MIN = 4_096;
/** Larger ones would leave much of a file empty. */
const LARGE_PART_MAX = 4;
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Moved out of a nearly dead file with one commit: little beside what a busy commit holds. */
const MOVED_BYTES_MAX = 1024 * 1024;

/** Throws `STORE_LOCKED`, `STORE_CORRUPT` or `STORE_UNAVAILABLE`. */
export async function createLevelStore({ path, segmentBytes = SEGMENT_BYTES }: LevelStoreOptions): Promise<Store> {
  const level = await open(path);
  const watchers = createWatchers();
  const values = await reading(path, async () => openValueLog({ path: join(path, 'values'), segmentBytes })).catch(
    async (error: unknown) => {
      await level.close();
      throw error;
    },
  );
  /** Where the large values are, by key, as the last commit left them. */
  const places = new Map<string, Place>();
  let moving: { readonly segment: number; readonly keys: string[] } | undefined;
  const group = createGroupCommit(
    async (operations, sync) => reading(path, async () => commit(operations, sync)),
    watchers,
  );

  async function commit(operations: readonly Operation[], sync: boolean): Promise<void> {
    const moved = await toMove(new Set(operations.map(({ key }) => key)));
    const all = moved.length === 0 ? operations : [...operations, ...moved];
    const large = all.flatMap((operation) => (isLarge(operation) ? [operation.value] : []));
    const fresh = large.length === 0 ? [] : await values.append(large);
    let next = 0;
    const placed = all.map((operation) => (isLarge(operation) ? fresh[next++] : undefined));
    await level.batch(
      all.map((operation, index) => levelOperation(operation, placed[index])),
      { sync },
    );
    for (const [index, { key }] of all.entries()) {
      const before = places.get(key);
      const place = placed[index];
      if (place !== undefined) places.set(key, place);
      else if (before !== undefined) places.delete(key);
      if (before !== undefined) values.drop(before);
    }
  }

  function isLarge(operation: Operation): operation is Operation & { readonly kind: 'put' } {
    if (operation.kind !== 'put') return false;
    const { length } = operation.value;
    return length >= LARGE_BYTES_MIN && length <= segmentBytes / LARGE_PART_MAX;
  }

  /** Some of what is alive in a nearly dead file, to be written once more; nothing that this commit writes itself. */
  async function toMove(written: ReadonlySet<string>): Promise<Operation[]> {
    const segment = values.sparse();
    if (segment === undefined) return [];
    if (moving?.segment !== segment || moving.keys.length === 0) {
      moving = { segment, keys: [...places].flatMap(([key, place]) => (place.segment === segment ? [key] : [])) };
    }
    const moved: Operation[] = [];
    for (let bytes = 0; bytes < MOVED_BYTES_MAX && moving.keys.length > 0;) {
      const key = moving.keys.pop() as string;
      const place = places.get(key);
      if (place?.segment !== segment || written.has(key)) continue;
      bytes += place.length;
      const value = unwrap(key, await level.get(key));
      moved.push({ kind: 'put', key, value: (await resolved(key, value)) as Uint8Array });
    }
    return moved;
  }

  /** The value, or the place where it is. */
  function unwrap(key: string, stored: Uint8Array | undefined): Uint8Array | LargeValue | undefined {
    if (stored === undefined) return undefined;
    if (stored.length >= CHECKSUM_BYTES) {
      // LevelDB hands out Buffers, whose `slice` does not copy: what leaves here is a plain Uint8Array.
      const value = new Uint8Array(stored.buffer, stored.byteOffset + CHECKSUM_BYTES, stored.length - CHECKSUM_BYTES);
      if (readU32(stored, 0) === checksum(key, value)) return value;
      const place = placeIn(key, stored);
      if (place !== undefined) return place;
    }
    throw damaged(key);
  }

  async function resolved(key: string, found: Uint8Array | LargeValue | undefined): Promise<Uint8Array | undefined> {
    if (found === undefined || found instanceof Uint8Array) return found;
    const value = await values.read(found);
    if (value === undefined || checksum(key, value) !== found.checksum) throw damaged(key);
    return value;
  }

  function inPlace(key: string, found: Uint8Array | LargeValue | undefined): Uint8Array | undefined {
    if (found === undefined || found instanceof Uint8Array) return found;
    const value = values.view(found);
    if (value !== undefined && checksum(key, value) !== found.checksum) throw damaged(key);
    return value;
  }

  function damaged(key: string): ViaductError {
    return corrupt(path, `The value of ${key} does not match its checksum.`);
  }

  /** Holds the files of large values while it reads. */
  async function held<T>(read: () => Promise<T>): Promise<T> {
    const release = values.hold();
    try {
      return await reading(path, read);
    } finally {
      release();
    }
  }

  /** What the last run left: where its large values are, and files that nothing needs. */
  async function findPlaces(): Promise<void> {
    for await (const [key, stored] of level.iterator()) {
      const place = stored.length === CHECKSUM_BYTES + PLACE_BYTES ? unwrap(key, stored) : undefined;
      if (place === undefined || place instanceof Uint8Array) continue;
      if (!values.keep(place)) throw corrupt(path, `The file with the value of ${key} is missing or too short.`);
      places.set(key, place);
    }
    values.sweep();
  }

  async function closeAll(): Promise<void> {
    await values.close();
    await level.close();
  }

  try {
    await reading(path, findPlaces);
  } catch (error) {
    await closeAll();
    throw error;
  }
  return {
    async get(key) {
      assertKey(key);
      return held(async () => resolved(key, unwrap(key, await level.get(key))));
    },
    async getMany(keys) {
      keys.forEach(assertKey);
      return held(async () => {
        const stored = await level.getMany([...keys]);
        return Promise.all(keys.map(async (key, index) => resolved(key, unwrap(key, stored[index]))));
      });
    },
    async *range(range) {
      const release = values.hold();
      const iterator = level.iterator(levelRange(range));
      try {
        for (;;) {
          const entries = await reading(path, async () => iterator.nextv(RANGE_STEP));
          if (entries.length === 0) return;
          for (const [key, stored] of entries) {
            const found = unwrap(key, stored);
            const value = found instanceof Uint8Array ? found : await reading(path, async () => resolved(key, found));
            yield { key, value: value as Uint8Array };
          }
        }
      } finally {
        release();
        await iterator.close();
      }
    },
    async visit(range, see) {
      const release = values.hold();
      const iterator = level.iterator(levelRange(range));
      try {
        for (;;) {
          const entries = await reading(path, async () => iterator.nextv(RANGE_STEP));
          if (entries.length === 0) return;
          for (const [key, stored] of entries) {
            const found = unwrap(key, stored);
            const value = inPlace(key, found) ?? (await reading(path, async () => resolved(key, found)));
            if (see(key, value as Uint8Array) === 'stop') return;
          }
        }
      } finally {
        release();
        await iterator.close();
      }
    },
    write: async (batch, options) => group.write(batch, options),
    watch: (prefix, listener) => watchers.add(prefix, listener),
    stats: () => group.stats(),
    async close() {
      await group.close();
      watchers.clear();
      await closeAll();
    },
  };
}

interface LargeValue extends Place {
  readonly checksum: number;
}

/** Entries fetched at once: a call into LevelDB costs more than an entry. */
const RANGE_STEP = 64;

type ByteLevel = Level<string, Uint8Array>;

async function open(path: string): Promise<ByteLevel> {
  try {
    await mkdir(path, { recursive: true });
    // Asked first, because the files of a running owner change under the check.
    await assertUnlocked(path);
    const problem = await storeProblem(path);
    if (problem !== undefined) throw corrupt(path, problem);
    const level: ByteLevel = new Level(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      // Packets hardly compress, and plain tables can be checked.
      compression: false,
      writeBufferSize: WRITE_BUFFER_BYTES,
      cacheSize: CACHE_BYTES,
    });
    await level.open();
    return level;
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Asks LevelDB for its lock in a way that opens nothing: with these options it gives up right after locking. */
async function assertUnlocked(path: string): Promise<void> {
  const probe = new Level(path, { createIfMissing: false, errorIfExists: true });
  await probe.open().catch((error: unknown) => {
    if (codeOf(error) === 'LEVEL_LOCKED') throw error;
  });
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw storeError(error, path);
  }
}

function levelOperation(operation: Operation, place: Place | undefined): LevelOperation {
  if (operation.kind === 'del') return { type: 'del', key: operation.key };
  const { key, value } = operation;
  const body = place === undefined ? value : new Uint8Array(PLACE_BYTES);
  if (place !== undefined) {
    writeU32(body, 0, place.segment);
    writeU32(body, 4, place.offset);
    writeU32(body, 8, place.length);
    writeU32(body, 12, checksum(key, value));
  }
  const stored = new Uint8Array(CHECKSUM_BYTES + body.length);
  writeU32(stored, 0, place === undefined ? checksum(key, body) : placeChecksum(key, body));
  stored.set(body, CHECKSUM_BYTES);
  return { type: 'put', key, value: stored };
}

function placeIn(key: string, stored: Uint8Array): LargeValue | undefined {
  if (stored.length !== CHECKSUM_BYTES + PLACE_BYTES) return undefined;
  if (readU32(stored, 0) !== placeChecksum(key, stored.subarray(CHECKSUM_BYTES))) return undefined;
  const [segment, offset, length, own] = [4, 8, 12, 16].map((at) => readU32(stored, at)) as [
    number,
    number,
    number,
    number,
  ];
  return { segment, offset, length, checksum: own };
}

type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

/** `level` heeds only one bound on each side, so the tighter one is chosen here. */
function levelRange({ gte, gt, lt, lte, reverse, limit }: Range): LevelRange {
  const lower = gt !== undefined && (gte === undefined || gt >= gte) ? { gt } : gte !== undefined ? { gte } : {};
  const upper = lt !== undefined && (lte === undefined || lt <= lte) ? { lt } : lte !== undefined ? { lte } : {};
  return { ...lower, ...upper, ...(limit === undefined ? {} : { limit }), reverse: reverse === true };
}

interface LevelRange extends Pick<Range, 'gte' | 'gt' | 'lt' | 'lte' | 'limit'> {
  readonly reverse: boolean;
}

/** Bound to the key, so that a value found under a damaged key is damage as well. */
function checksum(key: string, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

/** Of another kind than a value's own, so that neither is taken for the other. */
function placeChecksum(key: string, place: Uint8Array): number {
  return checksum(`>${key}`, place);
}

function storeError(thrown: unknown, path: string): ViaductError {
  if (thrown instanceof ViaductError) return thrown;
  switch (codeOf(thrown)) {
    case 'LEVEL_LOCKED':
      return new ViaductError({
        code: 'STORE_LOCKED',
        shortMessage: 'The store is in use by another process.',
        metaMessages: [
          `Folder: ${path}.`,
          'Stop the other process, or give this one another data directory. Two processes must never share one.',
        ],
        cause: thrown,
      });
    case 'LEVEL_CORRUPTION':
      return corrupt(path, messageOf(thrown), thrown);
    default:
      return new ViaductError({
        code: 'STORE_UNAVAILABLE',
        shortMessage: 'The store is not available.',
        metaMessages: [
          `Folder: ${path}.`,
          messageOf(thrown),
          'Check free space, permissions and the health of the disk.',
        ],
        cause: thrown,
      });
  }
}

function corrupt(path: string, detail: string, cause?: unknown): ViaductError {
  return new ViaductError({
    code: 'STORE_CORRUPT',
    shortMessage: 'The store is damaged.',
    metaMessages: [
      `Folder: ${path}.`,
      detail,
      'A journal of frames and progress can be rebuilt from the chains: move the folder away and start again.',
      'A signing journal must be restored from its newest backup, or its key retired: without it this signer could sign two contents for one slot.',
    ],
    cause,
  });
}

/** The innermost code: LevelDB's own error is the cause of the one that `level` throws. */
function codeOf(thrown: unknown): string | undefined {
  let code: string | undefined;
  for (let error = thrown; error instanceof Error; error = error.cause) {
    code = (error as NodeJS.ErrnoException).code ?? code;
  }
  return code;
}

function messageOf(thrown: unknown): string {
  let message = String(thrown);
  for (let error = thrown; error instanceof Error; error = error.cause) message = error.message;
  return message;
}
