/** Strict readers of what JSON-RPC answers, or undefined. Total. */

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A height: a positive 63-bit integer in decimal, as CometBFT writes it. */
export function parseHeight(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !/^[1-9]\d{0,18}$/.test(value)) return undefined;
  const height = BigInt(value);
  return height < 1n << 63n ? height : undefined;
}
