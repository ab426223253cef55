/** Shapes that nodes answer in. Total: undefined for anything else. */
import { Buffer } from 'node:buffer';
import { compactBytes, joinBytes } from '../../light-clients/scale.ts';

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** `0x` and hex digits, of exactly `length` bytes where that is given. */
export function asBytes(value: unknown, length?: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^0x[0-9a-fA-F]*$/.test(value)) return undefined;
  if (length !== undefined && value.length !== 2 + 2 * length) return undefined;
  // The host's decoder, many times as fast as one in JavaScript, and no judge of digits. Its small results share memory.
  return new Uint8Array(Buffer.from(value.slice(2), 'hex'));
}

export function asBytesList(value: unknown): readonly Uint8Array[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item) => asBytes(item));
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** Block numbers come in hex. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^0x[0-9a-fA-F]{1,8}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : undefined;
}

export interface JsonHeader {
  readonly number: number;
  /** As it is hashed. */
  readonly encoded: Uint8Array;
}

/** `chain_getHeader`, and the header in `chain_getBlock`. */
export function asHeader(value: unknown): JsonHeader | undefined {
  const header = asRecord(value);
  const number = asNumber(header?.['number']);
  const parentHash = asBytes(header?.['parentHash'], 32);
  const stateRoot = asBytes(header?.['stateRoot'], 32);
  const extrinsicsRoot = asBytes(header?.['extrinsicsRoot'], 32);
  const logs = asBytesList(asRecord(header?.['digest'])?.['logs']);
  if (number === undefined || parentHash === undefined || stateRoot === undefined) return undefined;
  if (extrinsicsRoot === undefined || logs === undefined) return undefined;
  const digest = [compactBytes(logs.length), ...logs];
  return { number, encoded: joinBytes([parentHash, compactBytes(number), stateRoot, extrinsicsRoot, ...digest]) };
}
