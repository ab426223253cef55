/**
 * A small, strict protobuf reader and writer: enough for CometBFT's messages and ICS-23 proofs, which are hashed, signed
 * or verified here. Strict means that one value has one spelling: shortest varints, ascending fields, no unknown field,
 * no singular field twice. The standard encoders of Go and Rust write exactly that.
 *
 * Readers throw `Malformed`; the public functions of the modules catch it with `decoding` and answer with a verdict, so it
 * never leaves this folder.
 */
import type { Verdict } from './verdict.ts';

/** Untrusted bytes or JSON that do not decode. */
export class Malformed extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Malformed';
  }
}

/** Runs a decoder; what it finds malformed becomes an `invalid` verdict. */
export function decoding<T>(what: string, decode: () => T): Verdict<T> {
  try {
    return { kind: 'valid', value: decode() };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'invalid', reason: `${what}: ${error.message}` };
    throw error;
  }
}

export type FieldKind = 'varint' | 'fixed64' | 'bytes' | 'repeatedBytes';
/** Field numbers and their kinds. Strings and messages are `bytes`. */
export type MessageSchema = Readonly<Record<number, FieldKind>>;

const WIRE: Record<FieldKind, number> = { varint: 0, fixed64: 1, bytes: 2, repeatedBytes: 2 };
const EMPTY = new Uint8Array(0);
const UINT64_MAX = (1n << 64n) - 1n;

/** A message cut into its fields. Absent scalars read as zero or empty, as proto3 has it. */
export interface ProtoMessage {
  has(field: number): boolean;
  /** An unsigned 64-bit integer. */
  uint64(field: number): bigint;
  /** A signed 64-bit integer in two's complement. */
  int64(field: number): bigint;
  /** An unsigned integer of at most 32 bits. */
  uint32(field: number): number;
  bool(field: number): boolean;
  bytes(field: number): Uint8Array;
  optionalBytes(field: number): Uint8Array | undefined;
  text(field: number): string;
  repeated(field: number): readonly Uint8Array[];
}

/** Cuts a message into fields. The byte fields are views of the input. */
export function readMessage(bytes: Uint8Array, schema: MessageSchema, name: string): ProtoMessage {
  const message: Parts = Object.create(READERS) as Parts;
  message.name = name;
  message.scalars = NO_SCALARS;
  message.chunks = NO_CHUNKS;
  let last = 0;

  const at = { offset: 0 };
  while (at.offset < bytes.length) {
    const tag = readSize(bytes, at, name);
    if (tag > 0xffffffff) throw new Malformed(`${name}: field number out of range`);
    const field = Math.floor(tag / 8);
    const kind = Object.hasOwn(schema, field) ? schema[field] : undefined;
    if (kind === undefined) throw new Malformed(`${name}: unknown field ${field}`);
    if (tag % 8 !== WIRE[kind]) throw new Malformed(`${name}: wrong wire type of field ${field}`);
    if (field < last || (field === last && kind !== 'repeatedBytes')) {
      throw new Malformed(`${name}: field ${field} is out of order or repeated`);
    }
    last = field;
    if (kind === 'varint') {
      scalarsOf(message).set(field, readVarint(bytes, at, name));
    } else if (kind === 'fixed64') {
      if (at.offset + 8 > bytes.length) throw new Malformed(`${name}: cut short`);
      scalarsOf(message).set(field, new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at.offset, true));
      at.offset += 8;
    } else {
      const length = readSize(bytes, at, name);
      if (length > bytes.length - at.offset) throw new Malformed(`${name}: cut short`);
      const end = at.offset + length;
      const chunk = bytes.subarray(at.offset, end);
      at.offset = end;
      if (message.chunks === NO_CHUNKS) message.chunks = new Map();
      const list = message.chunks.get(field);
      if (list === undefined) message.chunks.set(field, [chunk]);
      else list.push(chunk);
    }
  }

  return message;
}

/** Most messages have fields of one sort only. */
const NO_SCALARS: Map<number, bigint> = new Map();
const NO_CHUNKS: Map<number, Uint8Array[]> = new Map();

function scalarsOf(message: Parts): Map<number, bigint> {
  if (message.scalars === NO_SCALARS) message.scalars = new Map();
  return message.scalars;
}

interface Parts extends ProtoMessage {
  name: string;
  scalars: Map<number, bigint>;
  chunks: Map<number, Uint8Array[]>;
}

const READERS: ThisType<Parts> & ProtoMessage = {
  has(field) {
    return this.scalars.has(field) || this.chunks.has(field);
  },
  uint64(field) {
    return this.scalars.get(field) ?? 0n;
  },
  int64(field) {
    return BigInt.asIntN(64, this.uint64(field));
  },
  uint32(field) {
    const value = this.uint64(field);
    if (value > 0xffffffffn) throw new Malformed(`${this.name}: field ${field} exceeds 32 bits`);
    return Number(value);
  },
  bool(field) {
    const value = this.uint64(field);
    if (value > 1n) throw new Malformed(`${this.name}: field ${field} is not a boolean`);
    return value === 1n;
  },
  bytes(field) {
    return this.chunks.get(field)?.[0] ?? EMPTY;
  },
  optionalBytes(field) {
    return this.chunks.get(field)?.[0];
  },
  text(field) {
    try {
      return UTF8.decode(this.chunks.get(field)?.[0] ?? EMPTY);
    } catch {
      throw new Malformed(`${this.name}: field ${field} is not UTF-8`);
    }
  },
  repeated(field) {
    return this.chunks.get(field) ?? [];
  },
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A tag or a length. One byte is enough for most; more than 2^53 is rounded, and too much for anything. */
function readSize(bytes: Uint8Array, at: { offset: number }, name: string): number {
  const byte = bytes[at.offset];
  if (byte === undefined || byte >= 0x80) return Number(readVarint(bytes, at, name));
  at.offset++;
  return byte;
}

function readVarint(bytes: Uint8Array, at: { offset: number }, name: string): bigint {
  let value = 0n;
  let small = 0;
  for (let count = 0; count < 10; count++) {
    const byte = bytes[at.offset++];
    if (byte === undefined) throw new Malformed(`${name}: cut short`);
    // Four groups of seven bits fit a small integer, which is all that most varints need.
    if (count < 4) small |= (byte & 0x7f) << (7 * count);
    else value |= BigInt(byte & 0x7f) << BigInt(7 * count);
    if (byte < 0x80) {
      if (byte === 0 && count > 0) throw new Malformed(`${name}: varint is not in its shortest form`);
      const whole = value | BigInt(small);
      if (whole > UINT64_MAX) throw new Malformed(`${name}: varint exceeds 64 bits`);
      return whole;
    }
  }
  throw new Malformed(`${name}: varint is too long`);
}

/** An unsigned varint; a negative number is written as its two's complement of 64 bits. */
export function varintBytes(value: bigint | number): Uint8Array {
  if (typeof value === 'number' && value >= 0 && value < 0x80) return Uint8Array.of(value);
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** A varint field, left out when zero. */
export function varintField(field: number, value: bigint | number): Uint8Array {
  return value === 0n || value === 0 ? EMPTY : joinBytes([varintBytes(field << 3), varintBytes(value)]);
}

/** A signed fixed 64-bit field, left out when zero. */
export function fixed64Field(field: number, value: bigint | number): Uint8Array {
  if (value === 0n || value === 0) return EMPTY;
  const out = new Uint8Array(9);
  out[0] = (field << 3) | 1;
  new DataView(out.buffer).setBigInt64(1, BigInt.asIntN(64, BigInt(value)), true);
  return out;
}

/** A bytes or string field, left out when empty. */
export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? EMPTY : messageField(field, value);
}

/** A message field, written even when the message is empty. */
export function messageField(field: number, message: Uint8Array): Uint8Array {
  return joinBytes([varintBytes((field << 3) | 2), varintBytes(message.length), message]);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic order: negative, zero or positive. */
export function orderBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Lower-case hex, for keys of maps and for reasons. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** A plain view of a Node buffer: what leaves this folder is `Uint8Array` only. */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
