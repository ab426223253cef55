/** Strict readers of what JSON-RPC answers: hex quantities and data, or undefined. Total. */
import { Buffer } from 'node:buffer';

/** A quantity: `0x0`, or `0x` and digits without a leading zero. At most 32 bytes. */
export function parseQuantity(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})$/.test(value) ? BigInt(value) : undefined;
}

/** Data: an even number of hex digits after `0x`; `length`, when given, is the exact number of bytes. */
export function parseData(value: unknown, length?: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !value.startsWith('0x')) return undefined;
  const bytes = Buffer.from(value.slice(2), 'hex');
  // Node stops decoding at the first character that is no hex digit.
  if (bytes.length !== value.length / 2 - 1 || (length !== undefined && bytes.length !== length)) return undefined;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? (value as readonly unknown[]) : undefined;
}

/** A list of data items, such as the nodes of a proof. */
export function parseDataList(value: unknown): Uint8Array[] | undefined {
  const items = asList(value)?.map((item) => parseData(item));
  return items?.every((item) => item !== undefined) === true ? items : undefined;
}

/** Large data as JSON-RPC takes it: `toHex` walks over the bytes, which are 69 kB in a delivery. */
export function dataHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

export function quantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
