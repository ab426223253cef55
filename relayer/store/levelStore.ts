/**
 * The store on disk: LevelDB in a folder of its own, locked by one process.
 *
 * It trusts the disk to keep what fsync confirmed. It does not trust the files' content: LevelDB's files are checked
 * when the store is opened, and every value carries a checksum bound to its key that is checked on each read, so
 * damage is an error and never a wrong or missing value. It does not prove that the folder is the newest one.
 */
import { mkdir } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Level } from 'level';
import { ViaductError } from '../core/errors.ts';
import { storeProblem } from './fileCheck.ts';
import { createGroupCommit } from './groupCommit.ts';
import { assertKey } from './keys.ts';
import type { Operation, Range, Store } from './port.ts';
import { createWatchers } from './watchers.ts';

export interface LevelStoreOptions {
  /** The folder; made when it is missing. */
  readonly path: string;
}

/** Bytes of the checksum in front of each value. */
const CHECKSUM_BYTES = 4;
/** LevelDB's memory table: a few group commits of frames before it is written to a table file. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
/** Blocks kept in memory: the frames that planning and look-ups read again. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** Throws `STORE_LOCKED`, `STORE_CORRUPT` or `STORE_UNAVAILABLE`. */
export async function createLevelStore({ path }: LevelStoreOptions): Promise<Store> {
  const level = await open(path);
  const watchers = createWatchers();
  const group = createGroupCommit(async (operations, sync) => {
    try {
      await level.batch(operations.map(levelOperation), { sync });
    } catch (error) {
      throw storeError(error, path);
    }
  }, watchers);

  function unwrap(key: string, stored: Uint8Array | undefined): Uint8Array | undefined {
    if (stored === undefined) return undefined;
    if (stored.length >= CHECKSUM_BYTES) {
      // LevelDB hands out Buffers, whose `slice` does not copy: what leaves here is a plain Uint8Array.
      const value = new Uint8Array(stored.buffer, stored.byteOffset + CHECKSUM_BYTES, stored.length - CHECKSUM_BYTES);
      if (readChecksum(stored) === checksum(key, value)) return value;
    }
    throw corrupt(path, `The value of ${key} does not match its checksum.`);
  }

  return {
    async get(key) {
      assertKey(key);
      return unwrap(key, await reading(path, async () => level.get(key)));
    },
    async getMany(keys) {
      keys.forEach(assertKey);
      const stored = await reading(path, async () => level.getMany([...keys]));
      return keys.map((key, index) => unwrap(key, stored[index]));
    },
    async *range(range) {
      const iterator = level.iterator(levelRange(range));
      try {
        for (;;) {
          const entries = await reading(path, async () => iterator.nextv(RANGE_STEP));
          if (entries.length === 0) return;
          for (const [key, stored] of entries) yield { key, value: unwrap(key, stored) as Uint8Array };
        }
      } finally {
        await iterator.close();
      }
    },
    write: async (batch, options) => group.write(batch, options),
    watch: (prefix, listener) => watchers.add(prefix, listener),
    stats: () => group.stats(),
    async close() {
      await group.close();
      watchers.clear();
      await level.close();
    },
  };
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

function levelOperation(operation: Operation): LevelOperation {
  if (operation.kind === 'del') return { type: 'del', key: operation.key };
  const { key, value } = operation;
  const stored = new Uint8Array(CHECKSUM_BYTES + value.length);
  new DataView(stored.buffer).setUint32(0, checksum(key, value));
  stored.set(value, CHECKSUM_BYTES);
  return { type: 'put', key, value: stored };
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

function readChecksum(stored: Uint8Array): number {
  return new DataView(stored.buffer, stored.byteOffset).getUint32(0);
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
