/**
 * Checks LevelDB's own files before they are opened. LevelDB skips damaged records of its write-ahead log without a
 * word and makes a new, empty database when the file CURRENT is gone: both would silently forget signatures that this
 * process gave away. So what LevelDB forgives is refused here.
 *
 * Format (doc/log_format.md of LevelDB): blocks of 32 KiB; a record is crc32c (masked, of type and data), length u16,
 * type (1 full, 2 first, 3 middle, 4 last), data; a block's last bytes are zeros when no record header fits.
 *
 * A record cut off by the end of the file is what a power failure leaves of a write that nobody was told of, so it is
 * accepted. Not proven here: that no whole records are missing at the end, nor that the folder is not an old copy.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';

const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
const RECORD_TYPES = [1, 2, 3, 4];

/** What is wrong with the folder, or undefined. An empty folder is a new store. */
export async function storeProblem(path: string): Promise<string | undefined> {
  const names = await readdir(path);
  const logs = names.filter((name) => /^\d+\.log$/.test(name));
  const manifests = names.filter((name) => /^MANIFEST-\d+$/.test(name));
  const tables = names.filter((name) => /^\d+\.(ldb|sst)$/.test(name));
  if (!names.includes('CURRENT')) {
    const left = [...logs, ...manifests, ...tables];
    return left.length === 0 ? undefined : `CURRENT is missing beside ${left.length} files of a store.`;
  }
  const current = (await readFile(join(path, 'CURRENT'), 'latin1')).trimEnd();
  if (!manifests.includes(current)) return `CURRENT names a manifest that is not there.`;
  for (const name of [current, ...logs]) {
    const problem = logProblem(await readFile(join(path, name)));
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  for (const name of tables) {
    const problem = tableProblem(await readFile(join(path, name)));
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  return undefined;
}

export function logProblem(file: Uint8Array): string | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let offset = 0;
  while (offset < file.length) {
    const blockLeft = BLOCK_BYTES - (offset % BLOCK_BYTES);
    if (blockLeft < HEADER_BYTES) {
      offset += blockLeft;
      continue;
    }
    if (offset + HEADER_BYTES > file.length) return undefined;
    const length = view.getUint16(offset + 4, true);
    const type = view.getUint8(offset + 6);
    if (type === 0 && length === 0 && view.getUint32(offset, true) === 0) {
      // Space that was reserved and never written: zeros to the end.
      return file.subarray(offset).every((byte) => byte === 0) ? undefined : `damaged at byte ${offset}.`;
    }
    if (!RECORD_TYPES.includes(type) || HEADER_BYTES + length > blockLeft) return `damaged at byte ${offset}.`;
    const end = offset + HEADER_BYTES + length;
    if (end > file.length) return undefined;
    if (unmask(view.getUint32(offset, true)) !== crc32c(file.subarray(offset + 6, end)))
      return `damaged at byte ${offset}.`;
    offset = end;
  }
  return undefined;
}

/**
 * Table files (doc/table_format.md): every block is followed by a type byte and a masked crc32c; the footer of 48 bytes
 * points to the index block, whose entries point to the data blocks. Written without compression, so it reads as it is.
 */
export function tableProblem(file: Uint8Array): string | undefined {
  const footerStart = file.length - FOOTER_BYTES;
  if (footerStart < 0 || !TABLE_MAGIC.every((byte, index) => file[file.length - 8 + index] === byte))
    return 'not a table.';
  const footer: Cursor = { bytes: file, offset: footerStart };
  const metaIndex = readHandle(footer);
  const index = readHandle(footer);
  if (metaIndex === undefined || index === undefined) return 'damaged footer.';
  const broken = blockProblem(file, metaIndex) ?? blockProblem(file, index);
  if (broken !== undefined) return broken;
  const block = file.subarray(index.offset, index.offset + index.size);
  const restarts =
    block.length < 4 ? undefined : new DataView(block.buffer, block.byteOffset).getUint32(block.length - 4, true);
  if (restarts === undefined || (restarts + 1) * 4 > block.length) return 'damaged index.';
  const entries: Cursor = { bytes: block.subarray(0, block.length - (restarts + 1) * 4), offset: 0 };
  while (entries.offset < entries.bytes.length) {
    const [shared, unshared, valueLength] = [readVarint(entries), readVarint(entries), readVarint(entries)];
    if (shared === undefined || unshared === undefined || valueLength === undefined) return 'damaged index.';
    const valueStart = entries.offset + unshared;
    const handle = readHandle({ bytes: entries.bytes, offset: valueStart });
    if (handle === undefined) return 'damaged index.';
    const problem = blockProblem(file, handle);
    if (problem !== undefined) return problem;
    entries.offset = valueStart + valueLength;
  }
  return undefined;
}

const FOOTER_BYTES = 48;
const TABLE_MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const TRAILER_BYTES = 5;

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

function blockProblem(file: Uint8Array, { offset, size }: BlockHandle): string | undefined {
  const end = offset + size + TRAILER_BYTES;
  if (end > file.length - FOOTER_BYTES) return `block at byte ${offset} lies outside the file.`;
  const stored = new DataView(file.buffer, file.byteOffset).getUint32(end - 4, true);
  return unmask(stored) === crc32c(file.subarray(offset, end - 4)) ? undefined : `damaged block at byte ${offset}.`;
}

function readHandle(cursor: Cursor): BlockHandle | undefined {
  const offset = readVarint(cursor);
  const size = readVarint(cursor);
  return offset === undefined || size === undefined ? undefined : { offset, size };
}

/** Little-endian groups of seven bits, at most 49 bits here: more is no offset in a real file. */
function readVarint(cursor: Cursor): number | undefined {
  let value = 0;
  for (let scale = 1; scale < 2 ** 49; scale *= 128) {
    const byte = cursor.bytes[cursor.offset];
    if (byte === undefined) return undefined;
    cursor.offset += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  return undefined;
}

/** LevelDB stores checksums rotated and shifted, because a checksum of data that holds checksums is weak. */
function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
