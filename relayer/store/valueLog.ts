/**
 * Large values beside LevelDB, appended to files of their own (*segments*). LevelDB copies a value from its log to a table
 * and from table to table, the dead ones too: 1,260 bytes were written for 281 of a transfer, and at 100,000 a second
 * writers stood still until it had merged. Here a value is written once, and goes when everything in its file is dead.
 *
 * A value is on the disk before LevelDB hears of its place, so a place never points at nothing, whatever crashes when. A
 * start always begins a new segment: the torn end of an old one is never built upon. What no place points into is removed.
 *
 * It does not prove that a value is the one that was written: `levelStore.ts` keeps its checksum with the place.
 */
import { Buffer } from 'node:buffer';
import { constants, type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../core/errors.ts';

export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

export interface ValueLog {
  /** On the disk when it resolves; in the order of the values. One call at a time. */
  append(values: readonly Uint8Array[]): Promise<Place[]>;
  /** The value in place when it is in memory; good until anything else runs. */
  view(place: Place): Uint8Array | undefined;
  /** A copy; undefined when the file does not hold so much. Within a `hold`. */
  read(place: Place): Promise<Uint8Array | undefined>;
  /** A place known from before this start. False when there is no such file, or it is too short. */
  keep(place: Place): boolean;
  /** Nothing points at the place any more. */
  drop(place: Place): void;
  /** No file that is there now goes before the returned function is called. */
  hold(): () => void;
  /** A segment with so little alive that its values should move to a new one. */
  sparse(): number | undefined;
  /** Removes what nothing points into; after the last `keep`. */
  sweep(): void;
  close(): Promise<void>;
}

export interface ValueLogOptions {
  readonly path: string;
  readonly segmentBytes: number;
}

interface Segment {
  readonly number: number;
  size: number;
  /** Bytes that something points at. */
  live: number;
}

/** Fewer files than these may be as empty as they like. */
const SEGMENTS_FREE = 8;
/** Below one part in so many alive, values move together. */
const LIVE_PART = 4;

/** Files kept open to be read: opening and closing one costs more than reading a value. */
const OPEN_FILES_MAX = 64;

interface OpenFile {
  readonly handle: FileHandle;
  /** Reads under way. */
  users: number;
}

/**
 * A new file whose writes end when they are on the disk: write and sync are one turn of the thread pool and of the event loop in
 * place of two. Elsewhere than on Linux a sync may do more than such a write does.
 */
const { O_CREAT, O_EXCL, O_RDWR, O_DSYNC } = constants;
const WRITE_THROUGH = process.platform === 'linux' ? O_CREAT | O_EXCL | O_RDWR | O_DSYNC : undefined;

const NAME = /^(\d{10})\.values$/;

export async function openValueLog({ path, segmentBytes }: ValueLogOptions): Promise<ValueLog> {
  await mkdir(path, { recursive: true });
  const segments = new Map<number, Segment>();
  for (const name of await readdir(path)) {
    const number = Number(NAME.exec(name)?.[1] ?? -1);
    if (number < 0) continue;
    segments.set(number, { number, size: (await stat(join(path, name))).size, live: 0 });
  }
  let nextNumber = Math.max(-1, ...segments.keys()) + 1;
  let current: { readonly segment: Segment; readonly handle: FileHandle; written: number } | undefined;
  /** The bytes of the current segment and of the one before: what was just written is what is read. */
  let [memory, olderMemory] = [new Uint8Array(0), new Uint8Array(0)];
  /** By segment, in the order of opening. */
  const files = new Map<number, OpenFile>();
  const readers = new Set<number>();
  let readersSeen = 0;
  const retired: { readonly number: number; readonly after: number }[] = [];
  const removals = new Set<Promise<void>>();

  async function roll(): Promise<void> {
    await flush();
    const full = current;
    const segment: Segment = { number: nextNumber++, size: 0, live: 0 };
    const handle = await open(fileOf(segment.number), WRITE_THROUGH ?? 'wx+');
    files.set(segment.number, { handle, users: 0 });
    current = { segment, handle, written: 0 };
    segments.set(segment.number, segment);
    [memory, olderMemory] = [olderMemory.length === 0 ? new Uint8Array(segmentBytes) : olderMemory, memory];
    await syncFolder(path);
    closeSome();
    if (full?.segment.live === 0) retire(full.segment);
  }

  async function flush(): Promise<void> {
    if (current === undefined || current.written === current.segment.size) return;
    const { handle, segment } = current;
    while (current.written < segment.size) {
      const left = segment.size - current.written;
      current.written += (await handle.write(memory, current.written, left, current.written)).bytesWritten;
    }
    if (WRITE_THROUGH === undefined) await handle.datasync();
  }

  function view({ segment, offset, length }: Place): Uint8Array | undefined {
    const newest = current?.segment.number ?? -1;
    const source = segment === newest ? memory : segment === newest - 1 ? olderMemory : undefined;
    // The segment before this start's first was never in memory.
    return source === undefined || source.length === 0 ? undefined : source.subarray(offset, offset + length);
  }

  function retire(segment: Segment): void {
    segments.delete(segment.number);
    retired.push({ number: segment.number, after: readersSeen });
    removeRetired();
  }

  /** A reader that began before may still know a place in it. */
  function removeRetired(): void {
    const [oldest = readersSeen] = readers;
    while (retired[0] !== undefined && retired[0].after <= oldest) {
      const { number } = retired.shift() as { number: number };
      // What cannot be removed now is removed at the next start.
      inBackground(remove(number));
    }
  }

  async function remove(number: number): Promise<void> {
    const file = files.get(number);
    files.delete(number);
    await file?.handle.close();
    await unlink(fileOf(number));
  }

  function closeSome(): void {
    for (const [number, { handle, users }] of files) {
      if (files.size <= OPEN_FILES_MAX) return;
      if (users > 0 || number === current?.segment.number) continue;
      files.delete(number);
      inBackground(handle.close());
    }
  }

  function inBackground(work: Promise<void>): void {
    const ended = work.catch(() => undefined);
    removals.add(ended);
    ended.finally(() => removals.delete(ended)).catch(() => undefined);
  }

  /** The open file, counted as used; undefined when there is none. */
  async function borrow(number: number): Promise<OpenFile | undefined> {
    for (;;) {
      const file = files.get(number);
      if (file !== undefined) {
        file.users += 1;
        return file;
      }
      const handle = await openOld(number);
      if (handle === undefined) return undefined;
      // Somebody else may have opened it meanwhile.
      if (files.has(number)) inBackground(handle.close());
      else files.set(number, { handle, users: 0 });
    }
  }

  async function openOld(number: number): Promise<FileHandle | undefined> {
    try {
      return await open(fileOf(number), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  function fileOf(number: number): string {
    return join(path, `${String(number).padStart(10, '0')}.values`);
  }

  return {
    async append(values) {
      const places: Place[] = [];
      for (const value of values) {
        assert(value.length <= segmentBytes, 'a value fits into a segment');
        if (current === undefined || current.segment.size + value.length > segmentBytes) await roll();
        const { segment } = current as NonNullable<typeof current>;
        memory.set(value, segment.size);
        places.push({ segment: segment.number, offset: segment.size, length: value.length });
        segment.size += value.length;
        segment.live += value.length;
      }
      await flush();
      return places;
    },
    view,
    async read(place) {
      const inMemory = view(place);
      if (inMemory !== undefined) return copyOf(inMemory);
      const { segment, offset, length } = place;
      const file = await borrow(segment);
      if (file === undefined) return undefined;
      try {
        const bytes = Buffer.allocUnsafeSlow(length);
        const { bytesRead } = await file.handle.read(bytes, 0, length, offset);
        return bytesRead < length ? undefined : new Uint8Array(bytes.buffer);
      } finally {
        file.users -= 1;
        closeSome();
      }
    },
    keep({ segment, offset, length }) {
      const known = segments.get(segment);
      if (known === undefined || offset + length > known.size) return false;
      known.live += length;
      return true;
    },
    drop({ segment, length }) {
      const known = segments.get(segment);
      assert(known !== undefined && known.live >= length, 'a place that is known');
      known.live -= length;
      if (known.live === 0 && known !== current?.segment) retire(known);
    },
    hold() {
      const reader = readersSeen++;
      readers.add(reader);
      return () => {
        readers.delete(reader);
        removeRetired();
      };
    },
    sparse() {
      if (segments.size <= SEGMENTS_FREE) return undefined;
      let live = 0;
      let least: Segment | undefined;
      for (const segment of segments.values()) {
        live += segment.live;
        if (segment !== current?.segment && (least === undefined || segment.live < least.live)) least = segment;
      }
      return live * LIVE_PART < segments.size * segmentBytes ? least?.number : undefined;
    },
    sweep() {
      for (const segment of [...segments.values()]) {
        if (segment.live === 0 && segment !== current?.segment) retire(segment);
      }
    },
    async close() {
      await Promise.all(removals);
      await Promise.all([...files.values()].map(async ({ handle }) => handle.close()));
    },
  };
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return new Uint8Array(copy.buffer);
}

/** A new file is there after a power failure only when its folder was synced; Windows knows no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
