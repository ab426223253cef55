/**
 * An intent as flat bytes: a chunk's transaction is as long as its packets, and spelled as hex in JSON it cost 9 us a
 * transfer. A signed transaction carries nearly all of its call, so of its raw bytes only what differs is kept: that is
 * half of what a submitter syncs to disk. Integers are big-endian.
 *
 * | size | field                                              |
 * |------|----------------------------------------------------|
 * | 4    | magic `VDI1`                                       |
 * | 8    | slot                                               |
 * | 8    | when the newest attempt was signed, ms             |
 * | 1    | 1 when a chunk follows, else 0                     |
 * | 44   | lane id, first sequence (u64), chunk index (u32)   |
 * | 4, n | call                                               |
 * | 2    | number of attempts; of each:                       |
 * | 4    | attempt                                            |
 * | 4, n | hash, as text                                      |
 * | 4, n | raw bytes up to where the call's end is in them    |
 * | 4    | how many of the call's last bytes follow           |
 * | 4, n | raw bytes after them                               |
 */
import { Buffer } from 'node:buffer';
import { concatBytes, copyBytes, readU32, readU64, utf8, writeU32, writeU64 } from '../core/bytes.ts';
import { assert, DecodeError } from '../core/errors.ts';
import { idBytes, type LaneId, laneId } from '../core/ids.ts';
import type { SignedTransaction } from '../core/ports.ts';

export interface Intent {
  readonly slot: bigint;
  /** Undefined for a blank transaction that only fills a slot. */
  readonly chunk: ChunkId | undefined;
  /** What the transaction calls, to sign again with a higher fee. */
  readonly call: Uint8Array;
  /** Oldest first; any of them may be the one that is included. */
  readonly attempts: readonly SignedTransaction[];
  /** When the newest attempt was signed. */
  readonly signedAtMs: number;
}

export interface ChunkId {
  readonly lane: LaneId;
  /** First sequence of the chunk's checkpoint. */
  readonly firstSequence: bigint;
  readonly chunkIndex: number;
}

const MAGIC = 0x56444931;
const HEAD_BYTES = 21;
const CHUNK_BYTES = 44;
const ATTEMPTS_MAX = 0xffff;
/** Bytes of the call's end that are searched for in a transaction. */
const NEEDLE_BYTES = 32;

export function encodeIntent(intent: Intent): Uint8Array {
  const { slot, chunk, call, attempts, signedAtMs } = intent;
  assert(attempts.length <= ATTEMPTS_MAX, 'attempts fit into two bytes');
  const signed = attempts.map(({ attempt, hash, raw }) => ({ attempt, hash: utf8(hash), ...withoutCall(raw, call) }));
  const chunkBytes = chunk === undefined ? 0 : CHUNK_BYTES;
  let size = HEAD_BYTES + chunkBytes + 4 + call.length + 2;
  for (const { hash, before, after } of signed) size += 20 + hash.length + before.length + after.length;
  const bytes = new Uint8Array(size);
  writeU32(bytes, 0, MAGIC);
  writeU64(bytes, 4, slot);
  writeU64(bytes, 12, BigInt(signedAtMs));
  bytes[20] = chunk === undefined ? 0 : 1;
  let at = HEAD_BYTES;
  if (chunk !== undefined) {
    bytes.set(idBytes(chunk.lane), at);
    writeU64(bytes, at + 32, chunk.firstSequence);
    writeU32(bytes, at + 40, chunk.chunkIndex);
    at += CHUNK_BYTES;
  }
  const write = (part: Uint8Array): void => {
    writeU32(bytes, at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  };
  write(call);
  bytes[at] = attempts.length >>> 8;
  bytes[at + 1] = attempts.length & 0xff;
  at += 2;
  for (const { attempt, hash, before, shared, after } of signed) {
    writeU32(bytes, at, attempt);
    at += 4;
    write(hash);
    write(before);
    writeU32(bytes, at, shared);
    at += 4;
    write(after);
  }
  return bytes;
}

/** Throws `DecodeError`. */
export function decodeIntent(bytes: Uint8Array): Intent {
  let at = 0;
  const take = (length: number): number => {
    if (at + length > bytes.length) throw malformed(`${bytes.length} bytes are too few`);
    at += length;
    return at - length;
  };
  const takePart = (): Uint8Array => {
    const from = take(readU32(bytes, take(4)));
    return copyBytes(bytes, from, at);
  };
  if (readU32(bytes, take(4)) !== MAGIC) throw malformed('unknown magic');
  const slot = readU64(bytes, take(8));
  const signedAtMs = Number(readU64(bytes, take(8)));
  const hasChunk = bytes[take(1)] as number;
  if (hasChunk > 1) throw malformed(`chunk mark ${hasChunk}`);
  const chunk = hasChunk === 1 ? readChunk(bytes, take(CHUNK_BYTES)) : undefined;
  const call = takePart();
  const countAt = take(2);
  const count = ((bytes[countAt] as number) << 8) | (bytes[countAt + 1] as number);
  const attempts: SignedTransaction[] = [];
  for (let i = 0; i < count; i++) {
    const attempt = readU32(bytes, take(4));
    const hash = new TextDecoder('utf-8', { fatal: true }).decode(takePart());
    const before = takePart();
    const shared = readU32(bytes, take(4));
    if (shared > call.length) throw malformed(`${shared} bytes of a call of ${call.length}`);
    const raw = concatBytes(before, call.subarray(call.length - shared), takePart());
    attempts.push({ slot, attempt, call, raw, hash });
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} trailing bytes`);
  return { slot, chunk, call, attempts, signedAtMs };
}

interface WithoutCall {
  readonly before: Uint8Array;
  /** How many of the call's last bytes are between the two. */
  readonly shared: number;
  readonly after: Uint8Array;
}

function withoutCall(raw: Uint8Array, call: Uint8Array): WithoutCall {
  const whole: WithoutCall = { before: raw, shared: 0, after: new Uint8Array(0) };
  if (call.length < NEEDLE_BYTES || raw.length < NEEDLE_BYTES) return whole;
  const haystack = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const found = haystack.lastIndexOf(call.subarray(call.length - NEEDLE_BYTES));
  if (found < 0) return whole;
  const end = found + NEEDLE_BYTES;
  const isSharedBy = (length: number): boolean =>
    haystack.compare(call, call.length - length, call.length, end - length, end) === 0;
  // The longest tail of the call that ends here, mostly all of it: comparing halves costs a few passes of memcmp.
  let shared = isSharedBy(Math.min(end, call.length)) ? Math.min(end, call.length) : NEEDLE_BYTES;
  for (let most = Math.min(end, call.length); shared < most;) {
    const middle = Math.ceil((shared + most) / 2);
    if (isSharedBy(middle)) shared = middle;
    else most = middle - 1;
  }
  return { before: raw.subarray(0, end - shared), shared, after: raw.subarray(end) };
}

function readChunk(bytes: Uint8Array, at: number): ChunkId {
  return {
    lane: laneId(bytes.subarray(at, at + 32)),
    firstSequence: readU64(bytes, at + 32),
    chunkIndex: readU32(bytes, at + 40),
  };
}

function malformed(why: string): DecodeError {
  return new DecodeError({ shortMessage: `Malformed intent: ${why}.` });
}
