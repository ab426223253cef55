/**
 * The trusted state of the `confirmations` client: the block that the next verification starts from.
 *
 *   u8 version ‖ u64 height ‖ 32-byte hash ‖ u64 time in Unix seconds
 */

const VERSION = 1;
const BYTES = 1 + 8 + 32 + 8;

export interface TrustedBlock {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly timeSeconds: bigint;
}

export function encodeTrustedBlock(block: TrustedBlock): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setBigUint64(1, block.height);
  bytes.set(block.hash, 9);
  view.setBigUint64(41, block.timeSeconds);
  return bytes;
}

/** Total: undefined when the bytes are not a trusted state of this version. */
export function decodeTrustedBlock(bytes: Uint8Array): TrustedBlock | undefined {
  if (bytes.length !== BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { height: view.getBigUint64(1), hash: bytes.slice(9, 41), timeSeconds: view.getBigUint64(41) };
}
