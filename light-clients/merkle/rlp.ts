/**
 * Strict RLP decoding of untrusted bytes: a value or undefined, never an exception.
 *
 * One value has exactly one encoding that is accepted (the shortest, as the Yellow Paper's appendix B makes it), so that a
 * hash over the encoding binds the value.
 */
import { RLP } from '@ethereumjs/rlp';

export type RlpItem = Uint8Array | readonly RlpItem[];

/** Longer than any header or trie node: what has as many bytes is a block's packets. */
const VIEW_BYTES_MIN = 65_536;
/** Nested lists deeper than this are refused before decoding could exhaust the stack. */
const DEPTH_MAX = 8;

/**
 * Decodes exactly one item that fills `bytes`. In one pass and by itself: the library's decoder accepts some lengths that
 * are spelled too long; asking it and encoding again to compare takes 8 us for a branch node, this takes 1.1.
 */
export function decodeRlp(bytes: Uint8Array, bytesMax: number): RlpItem | undefined {
  if (bytes.length === 0 || bytes.length > bytesMax) return undefined;
  const cursor: Cursor = { bytes, at: 0 };
  const item = readItem(cursor, bytes.length, 0);
  return cursor.at === bytes.length ? item : undefined;
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

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** One item that ends at `end` or before; undefined when it is malformed, or not the only spelling of its value. */
function readItem(cursor: Cursor, end: number, depth: number): RlpItem | undefined {
  const { bytes } = cursor;
  if (cursor.at >= end) return undefined;
  const prefix = bytes[cursor.at] as number;
  if (prefix < 0x80) return take(cursor, cursor.at + 1);
  const isList = prefix >= 0xc0;
  cursor.at++;
  const length = readLength(cursor, prefix - (isList ? 0xc0 : 0x80), end);
  if (length === undefined || cursor.at + length > end) return undefined;
  const stop = cursor.at + length;
  if (!isList) {
    // A single byte below 0x80 is its own encoding.
    return length === 1 && (bytes[cursor.at] as number) < 0x80 ? undefined : take(cursor, stop);
  }
  if (depth === DEPTH_MAX) return undefined;
  const items: RlpItem[] = [];
  while (cursor.at < stop) {
    const item = readItem(cursor, stop, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

/** `short` is the length itself up to 55, or 55 and the number of bytes that spell it. */
function readLength(cursor: Cursor, short: number, end: number): number | undefined {
  if (short <= 55) return short;
  const spelled = short - 55;
  // Four bytes spell more than any maximum here; a leading zero would be a second spelling.
  if (spelled > 4 || cursor.at + spelled > end || cursor.bytes[cursor.at] === 0) return undefined;
  let length = 0;
  for (let i = 0; i < spelled; i++) length = length * 256 + (cursor.bytes[cursor.at++] as number);
  return length > 55 ? length : undefined;
}

/**
 * A copy, so that nothing small that is kept holds what it came from; a large one is most of it and stays a view, to be read
 * as long as nobody changes those bytes.
 */
function take(cursor: Cursor, stop: number): Uint8Array {
  const view = cursor.bytes.subarray(cursor.at, stop);
  cursor.at = stop;
  return view.length >= VIEW_BYTES_MIN
    ? new Uint8Array(view.buffer, view.byteOffset, view.length)
    : new Uint8Array(view);
}
