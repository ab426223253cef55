/**
 * The update of the follower: light-client messages to apply in order, and the execution headers below the block that
 * they end at, newest first, the first one being that block's own.
 *
 *   u8 version ‖ u8 message count ‖ per message: u32 length ‖ bytes ‖ u16 header count ‖ per header: u16 length ‖ RLP
 */
import { EXECUTION_HEADER_BYTES_MAX } from './executionHeader.ts';

export interface UpdateBundle {
  readonly messages: readonly Uint8Array[];
  readonly headers: readonly Uint8Array[];
}

const VERSION = 1;

/** Messages of one bundle: eight periods are nine days of mainnet; whoever is further behind asks again. */
export const BUNDLE_MESSAGES_MAX = 9;
/** Bytes of one message: an update of the mainnet preset has 26 kB. */
export const BUNDLE_MESSAGE_BYTES_MAX = 65_536;
/** Headers of one bundle: eight epochs of mainnet, 0.2 MB. */
export const BUNDLE_HEADERS_MAX = 257;

export function encodeUpdateBundle({ messages, headers }: UpdateBundle): Uint8Array {
  const size =
    4 +
    messages.reduce((sum, { length }) => sum + 4 + length, 0) +
    headers.reduce((sum, { length }) => sum + 2 + length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes[1] = messages.length;
  let offset = 2;
  for (const message of messages) {
    view.setUint32(offset, message.length);
    bytes.set(message, offset + 4);
    offset += 4 + message.length;
  }
  view.setUint16(offset, headers.length);
  offset += 2;
  for (const header of headers) {
    view.setUint16(offset, header.length);
    bytes.set(header, offset + 2);
    offset += 2 + header.length;
  }
  return bytes;
}

/** Total: undefined when the bytes are not exactly one bundle within its bounds. */
export function decodeUpdateBundle(bytes: Uint8Array): UpdateBundle | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messageCount = bytes[1] ?? 0;
  if (bytes[0] !== VERSION || messageCount === 0 || messageCount > BUNDLE_MESSAGES_MAX) return undefined;
  let offset = 2;
  const take = (lengthBytes: 2 | 4, lengthMax: number): Uint8Array | undefined => {
    if (offset + lengthBytes > bytes.length) return undefined;
    const length = lengthBytes === 4 ? view.getUint32(offset) : view.getUint16(offset);
    offset += lengthBytes;
    if (length > lengthMax || offset + length > bytes.length) return undefined;
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const messages: Uint8Array[] = [];
  for (let i = 0; i < messageCount; i++) {
    const message = take(4, BUNDLE_MESSAGE_BYTES_MAX);
    if (message === undefined) return undefined;
    messages.push(message);
  }
  if (offset + 2 > bytes.length) return undefined;
  const headerCount = view.getUint16(offset);
  if (headerCount > BUNDLE_HEADERS_MAX) return undefined;
  offset += 2;
  const headers: Uint8Array[] = [];
  for (let i = 0; i < headerCount; i++) {
    const header = take(2, EXECUTION_HEADER_BYTES_MAX);
    if (header === undefined) return undefined;
    headers.push(header);
  }
  return offset === bytes.length ? { messages, headers } : undefined;
}
