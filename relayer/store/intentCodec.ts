/**
 * An intent as flat bytes: a chunk's transaction is as long as its packets, and spelled as hex in JSON it cost 9 us a
 * transfer. Integers are big-endian.
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
 * | 4, n | raw bytes                                          |
 */
import { copyBytes, readU32, readU64, utf8, writeU32, writeU64 } from '../core/bytes.ts';
import { assert, DecodeError } from '../core/errors.ts';
import { idBytes, laneId } from '../core/ids.ts';
import type { SignedTransaction } from '../core/ports.ts';
import type { ChunkId, Intent } from './intents.ts';

const MAGIC = 0x56444931;
const HEAD_BYTES = 21;
const CHUNK_BYTES = 44;
const ATTEMPTS_MAX = 0xffff;

export function encodeIntent(intent: Intent): Uint8Array {
  const { slot, chunk, call, attempts, signedAtMs } = intent;
  assert(attempts.length <= ATTEMPTS_MAX, 'attempts fit into two bytes');
  const hashes = attempts.map(({ hash }) => utf8(hash));
  const chunkBytes = chunk === undefined ? 0 : CHUNK_BYTES;
  let size = HEAD_BYTES + chunkBytes + 4 + call.length + 2;
  attempts.forEach(({ raw }, index) => (size += 12 + (hashes[index] as Uint8Array).length + raw.length));
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
  for (const [index, { attempt, raw }] of attempts.entries()) {
    writeU32(bytes, at, attempt);
    at += 4;
    write(hashes[index] as Uint8Array);
    write(raw);
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
    attempts.push({ slot, attempt, call, raw: takePart(), hash });
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} trailing bytes`);
  return { slot, chunk, call, attempts, signedAtMs };
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
