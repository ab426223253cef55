/**
 * Strict RLP decoding of untrusted bytes: a value or undefined, never an exception.
 *
 * The decoder underneath accepts an over-long length in a few corners, so the value is encoded again and must give the
 * very same bytes: one value has exactly one encoding, and a hash over the encoding binds the value.
 */
import { RLP } from '@ethereumjs/rlp';

export type RlpItem = Uint8Array | readonly RlpItem[];

/** Nested lists deeper than this are refused before decoding could exhaust the stack. */
const DEPTH_MAX = 8;

/** Decodes exactly one item that fills `bytes`. */
export function decodeRlp(bytes: Uint8Array, bytesMax: number): RlpItem | undefined {
  if (bytes.length === 0 || bytes.length > bytesMax || nestsTooDeep(bytes)) return undefined;
  try {
    const item = RLP.decode(bytes) as RlpItem;
    const again = encodeRlp(item);
    return sameBytes(again, bytes) ? item : undefined;
  } catch {
    return undefined;
  }
}

export function encodeRlp(item: RlpItem): Uint8Array {
  return RLP.encode(item as Parameters<typeof RLP.encode>[0]);
}

export function isBytes(item: RlpItem | undefined): item is Uint8Array {
  return item instanceof Uint8Array;
}

/** The value of a canonical unsigned integer of at most `bytesMax` bytes, or undefined (leading zero, too long). */
export function rlpInteger(item: RlpItem | undefined, bytesMax: number): bigint | undefined {
  if (!isBytes(item) || item.length > bytesMax || item[0] === 0) return undefined;
  let value = 0n;
  for (const byte of item) value = (value << 8n) | BigInt(byte);
  return value;
}

/** An unsigned integer as RLP carries it: big-endian, no leading zero. */
export function integerBytes(value: bigint | number): Uint8Array {
  const hex = BigInt(value).toString(16);
  if (hex === '0') return new Uint8Array(0);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from(even.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Follows the ends of open lists; only list prefixes (0xc0 and up) nest. Malformed lengths are left to the decoder. */
function nestsTooDeep(bytes: Uint8Array): boolean {
  const ends: number[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    while (ends.length > 0 && offset >= (ends.at(-1) as number)) ends.pop();
    const prefix = bytes[offset] as number;
    if (prefix <= 0x7f) {
      offset += 1;
      continue;
    }
    const isList = prefix >= 0xc0;
    const short = prefix - (isList ? 0xc0 : 0x80);
    let length = short;
    offset += 1;
    if (short > 55) {
      const lengthBytes = short - 55;
      length = 0;
      for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[offset + i] ?? 0);
      offset += lengthBytes;
    }
    if (isList) {
      ends.push(offset + length);
      if (ends.length > DEPTH_MAX) return true;
    } else {
      offset += length;
    }
  }
  return false;
}
