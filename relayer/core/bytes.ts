/**
 * Byte helpers on flat `Uint8Array`s. Hex in this project is lower case; the `0x` prefix is written and accepted only
 * where a chain, a file or a person expects it.
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { assert, DecodeError } from './errors.ts';

export type Hex = `0x${string}`;

export { bytesToHex, concatBytes };

/** `0x`-prefixed lower-case hex. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** Decodes hex with or without `0x`; `length`, when given, is the exact number of bytes expected. */
export function fromHex(hex: string, length?: number): Uint8Array {
  const digits = hex.startsWith('0x') ? hex.slice(2) : hex;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new DecodeError({ shortMessage: 'Not a hex string: an even number of hex digits was expected.' });
  }
  if (length !== undefined && digits.length !== length * 2) {
    throw new DecodeError({ shortMessage: `Hex string of ${length} bytes expected, got ${digits.length / 2}.` });
  }
  return hexToBytes(digits);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic order: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Read byte by byte: a DataView made for each field costs more than the field (5.7 us per transfer were seen). */
export function readU32(bytes: Uint8Array, offset: number): number {
  assert(offset >= 0 && offset + 4 <= bytes.length, 'a u32 within the bytes');
  const [a, b] = [bytes[offset] as number, bytes[offset + 1] as number];
  const [c, d] = [bytes[offset + 2] as number, bytes[offset + 3] as number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

export function readU64(bytes: Uint8Array, offset: number): bigint {
  const high = readU32(bytes, offset);
  const low = readU32(bytes, offset + 4);
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws on a value that is no u64: DataView would wrap it silently. */
export function writeU64(bytes: Uint8Array, offset: number, value: bigint): void {
  assert(value >= 0n && value < 1n << 64n, 'a u64');
  viewOf(bytes).setBigUint64(offset, value);
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  viewOf(bytes).setUint32(offset, value);
}

/** A big-endian word of 32 bytes, as the EVM lays out an unsigned integer. */
export function word(value: bigint | number): Uint8Array {
  assert(value >= 0 && BigInt(value) < 1n << 256n, 'a u256');
  const bytes = new Uint8Array(32);
  let rest = BigInt(value);
  for (let i = 31; rest > 0n && i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** A copy of [from, to): `slice` on a Buffer, which is a Uint8Array too, would share its memory. */
export function copyBytes(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to));
}

/** Left-pads to a word of 32 bytes (an EVM address, say). */
export function padWord(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(32);
  padded.set(bytes, 32 - bytes.length);
  return padded;
}

/** An unsigned big-endian integer of any width. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
