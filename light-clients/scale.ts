/**
 * SCALE, the codec of Substrate: a strict, bounded reader over untrusted bytes and the few writers that the light
 * clients need. Strict means: a compact integer has one spelling, nothing may trail, every length is checked against what
 * is left before anything is made from it. So two different byte strings never decode to the same value, and hashing the
 * bytes is the same as hashing the value. Whatever does not decode throws a `Refusal`.
 *
 * Source: https://docs.polkadot.com/polkadot-protocol/parachain-basics/data-encoding/
 */
import { Refusal } from './refusal.ts';

export interface ScaleReader {
  /** Bytes read so far. */
  readonly offset: number;
  /** Bytes left. */
  readonly remaining: number;
  u8(): number;
  u16(): number;
  u32(): number;
  u64(): bigint;
  /** A compact integer of at most 64 bits. */
  compact(): bigint;
  /** A compact length, refused above `max`. */
  length(max: number): number;
  /** A view of the next bytes, not a copy. */
  bytes(count: number): Uint8Array;
  /** `Vec<u8>` of at most `max` bytes, as a view. */
  sized(max: number): Uint8Array;
  /** A view of what was read since `offset`. */
  since(offset: number): Uint8Array;
  /** Refuses trailing bytes. */
  end(): void;
}

/** Reads `bytes`; `what` names them in refusals. Made for each value that is read, so it makes no function that it does not return. */
export function createScaleReader(bytes: Uint8Array, what: string): ScaleReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  function take(count: number): number {
    if (count > bytes.length - offset) throw new Refusal(`${what}: ends in the middle of a field`);
    const start = offset;
    offset += count;
    return start;
  }

  const reader: ScaleReader = {
    get offset() {
      return offset;
    },
    get remaining() {
      return bytes.length - offset;
    },
    u8() {
      return view.getUint8(take(1));
    },
    u16() {
      return view.getUint16(take(2), true);
    },
    u32() {
      return view.getUint32(take(4), true);
    },
    u64() {
      return view.getBigUint64(take(8), true);
    },
    compact() {
      const first = view.getUint8(take(1));
      const rest = first >>> 2;
      if ((first & 3) === 0) return BigInt(rest);
      if ((first & 3) === 1) {
        const value = rest | (view.getUint8(take(1)) << 6);
        if (value < 1 << 6) throw notShortest(what);
        return BigInt(value);
      }
      if ((first & 3) === 2) {
        // The mode's two bits sit in the byte just read, which is the lowest of the four.
        const value = view.getUint32(take(3) - 1, true) >>> 2;
        if (value < 1 << 14) throw notShortest(what);
        return BigInt(value);
      }
      const count = rest + 4;
      if (count > 8) throw new Refusal(`${what}: compact integer is wider than 64 bits`);
      const start = take(count);
      let value = 0n;
      for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(start + i));
      if (view.getUint8(start + count - 1) === 0 || value < 1n << 30n) throw notShortest(what);
      return value;
    },
    length(max) {
      const value = reader.compact();
      if (value > BigInt(max)) throw new Refusal(`${what}: length ${value} is over ${max}`);
      return Number(value);
    },
    bytes(count) {
      const start = take(count);
      return bytes.subarray(start, start + count);
    },
    sized(max) {
      return reader.bytes(reader.length(max));
    },
    since(start) {
      return bytes.subarray(start, offset);
    },
    end() {
      if (offset !== bytes.length) throw new Refusal(`${what}: ${bytes.length - offset} trailing bytes`);
    },
  };
  return reader;
}

function notShortest(what: string): Refusal {
  return new Refusal(`${what}: compact integer is not in its shortest form`);
}

/** A compact integer of at most 64 bits in its shortest form. */
export function compactBytes(value: bigint | number): Uint8Array {
  const wide = BigInt(value);
  if (wide < 1n << 6n) return littleEndian(wide << 2n, 1);
  if (wide < 1n << 14n) return littleEndian((wide << 2n) | 1n, 2);
  if (wide < 1n << 30n) return littleEndian((wide << 2n) | 2n, 4);
  let count = 4;
  while (wide >> BigInt(8 * count) !== 0n) count++;
  return joinBytes([Uint8Array.of(((count - 4) << 2) | 3), littleEndian(wide, count)]);
}

/** `Vec<u8>`. */
export function sizedBytes(bytes: Uint8Array): Uint8Array {
  return joinBytes([compactBytes(bytes.length), bytes]);
}

export function u32Bytes(value: number): Uint8Array {
  return littleEndian(BigInt(value), 4);
}

export function u64Bytes(value: bigint): Uint8Array {
  return littleEndian(value, 8);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function littleEndian(value: bigint, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  if (count <= 4) {
    for (let i = 0, rest = Number(value); i < count; i++, rest >>>= 8) bytes[i] = rest & 0xff;
    return bytes;
  }
  for (let i = 0, rest = value; i < count; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
