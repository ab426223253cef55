/**
 * Keys that sort as their parts do: parts joined by `/`, numbers as 16 hex digits. A part is `[A-Za-z0-9_.:-]+`, so no
 * part can reach into another one, and everything below a prefix lies between `prefix/` and `prefix0` (`0` is the
 * character after `/`).
 */
import { assert } from '../core/errors.ts';
import type { Range } from './port.ts';

/** Longest key: a name, two hashes and two numbers fit. */
export const KEY_LENGTH_MAX = 256;

const PART = /^[A-Za-z0-9_.:-]+$/;
const KEY = /^[\x21-\x7e]+$/;

export type KeyPart = string | bigint;

/** `storeKey('frame', lane, 480n)` is `frame/<lane>/00000000000001e0`. */
export function storeKey(...parts: readonly KeyPart[]): string {
  assert(parts.length > 0, 'a key has at least one part');
  return parts.map((part) => (typeof part === 'bigint' ? sequenceDigits(part) : checkedPart(part))).join('/');
}

/** Sixteen lower-case hex digits, so that text order is number order. */
export function sequenceDigits(value: bigint): string {
  assert(value >= 0n && value < 1n << 64n, 'a key number is a u64');
  return value.toString(16).padStart(16, '0');
}

/** The number in the last part of a key. */
export function lastNumber(key: string): bigint {
  const digits = key.slice(key.lastIndexOf('/') + 1);
  assert(/^[0-9a-f]{16}$/.test(digits), 'the last part of the key is a number');
  return BigInt(`0x${digits}`);
}

/** The parts of a key, as text. */
export function keyParts(key: string): readonly string[] {
  return key.split('/');
}

/** Every key below the prefix. */
export function rangeOf(...parts: readonly KeyPart[]): { readonly gte: string; readonly lt: string } {
  const prefix = storeKey(...parts);
  return { gte: `${prefix}/`, lt: `${prefix}0` };
}

/** The entry with the greatest number not above `value` below the prefix: what holds it in a run of packed values. */
export function lastAtOrBelow(value: bigint, ...prefix: readonly KeyPart[]): Range {
  return { gte: rangeOf(...prefix).gte, lte: storeKey(...prefix, value), reverse: true, limit: 1 };
}

/** Asserts what every store requires of a key. */
export function assertKey(key: string): void {
  assert(key.length <= KEY_LENGTH_MAX && KEY.test(key), 'a store key is 1 to 256 printable ASCII characters');
}

function checkedPart(part: string): string {
  assert(PART.test(part), 'a key part is [A-Za-z0-9_.:-]+');
  return part;
}
