/**
 * Reading untrusted JSON that is already parsed: every step asserts a shape and throws `Malformed`, which `decoding` turns
 * into a verdict. Integers are taken as decimal strings, as chains write 64-bit ones, or as safe numbers.
 */
import { Malformed, plainBytes } from './protobuf.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${what}: not an object`);
  return value as JsonObject;
}

export function asList(value: unknown, what: string, max: number): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new Malformed(`${what}: not a list`);
  if (value.length > max) throw new Malformed(`${what}: more than ${max} entries`);
  return value as unknown[];
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Malformed(`${what}: not a string`);
  return value;
}

/** A 64-bit signed integer; absent is zero, as protobuf JSON leaves zeros out. */
export function asInt64(value: unknown, what: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'string' || !/^(0|-?[1-9][0-9]{0,18})$/.test(value))
    throw new Malformed(`${what}: not an integer`);
  const integer = BigInt(value);
  if (BigInt.asIntN(64, integer) !== integer) throw new Malformed(`${what}: exceeds 64 bits`);
  return integer;
}

/** An unsigned 64-bit integer; absent is zero. */
export function asUint64(value: unknown, what: string): bigint {
  if (typeof value === 'string' && /^[1-9][0-9]{18,19}$/.test(value)) {
    const integer = BigInt(value);
    if (BigInt.asUintN(64, integer) !== integer) throw new Malformed(`${what}: exceeds 64 bits`);
    return integer;
  }
  const integer = asInt64(value, what);
  if (integer < 0n) throw new Malformed(`${what}: negative`);
  return integer;
}

/** An integer that fits a number, within bounds. */
export function asSmall(value: unknown, what: string, min: number, max: number): number {
  const integer = asInt64(value, what);
  if (integer < BigInt(min) || integer > BigInt(max)) throw new Malformed(`${what}: out of range`);
  return Number(integer);
}

/** Hex of either case; null and absent are empty. */
export function asHex(value: unknown, what: string): Uint8Array {
  if (value === undefined || value === null) return new Uint8Array(0);
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) {
    throw new Malformed(`${what}: not hex`);
  }
  return plainBytes(Buffer.from(value, 'hex'));
}

/** Padded standard base64; null and absent are empty. */
export function asBase64(value: unknown, what: string): Uint8Array {
  if (value === undefined || value === null) return new Uint8Array(0);
  if (typeof value !== 'string' || value.length % 4 !== 0) throw new Malformed(`${what}: not base64`);
  const bytes = Buffer.from(value, 'base64');
  // Node skips what is not base64 without a word; only what is written the same way back is taken.
  if (bytes.toString('base64') !== value) throw new Malformed(`${what}: not base64`);
  return plainBytes(bytes);
}
