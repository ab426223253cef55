/**
 * The update of the `confirmations` client: what each configured endpoint serves as the chain above the trusted block.
 *
 *   u8 version ‖ u8 endpoint count ‖ per endpoint: u16 header count ‖ per header: u16 length ‖ RLP
 *
 * The position says which endpoint served it; an endpoint that served nothing has no headers.
 */
import { EXECUTION_HEADER_BYTES_MAX } from '../ethereum/executionHeader.ts';

const VERSION = 1;

/** Endpoints of one chain: more add load, not trust. No further reason. */
export const ENDPOINTS_MAX = 16;
/** Headers of one endpoint in one update: 0.4 MB, and four minutes of headers at two blocks a second. */
export const UPDATE_HEADERS_MAX = 512;

/** One entry per configured endpoint: its header RLPs, ascending from the trusted height + 1. */
export type EndpointChains = readonly (readonly Uint8Array[])[];

export function encodeConfirmationsUpdate(chains: EndpointChains): Uint8Array {
  const size = chains.flat().reduce((sum, header) => sum + 2 + header.length, 2 + 2 * chains.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, chains.length);
  let offset = 2;
  for (const chain of chains) {
    view.setUint16(offset, chain.length);
    offset += 2;
    for (const header of chain) {
      view.setUint16(offset, header.length);
      bytes.set(header, offset + 2);
      offset += 2 + header.length;
    }
  }
  return bytes;
}

/** Total: undefined when the bytes are not exactly one update within its bounds. */
export function decodeConfirmationsUpdate(bytes: Uint8Array): Uint8Array[][] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 2 || view.getUint8(0) !== VERSION) return undefined;
  const endpoints = view.getUint8(1);
  if (endpoints > ENDPOINTS_MAX) return undefined;
  const chains: Uint8Array[][] = [];
  let offset = 2;
  for (let i = 0; i < endpoints; i++) {
    if (offset + 2 > bytes.length) return undefined;
    const count = view.getUint16(offset);
    if (count > UPDATE_HEADERS_MAX) return undefined;
    offset += 2;
    const chain: Uint8Array[] = [];
    for (let j = 0; j < count; j++) {
      if (offset + 2 > bytes.length) return undefined;
      const length = view.getUint16(offset);
      offset += 2;
      if (length > EXECUTION_HEADER_BYTES_MAX || offset + length > bytes.length) return undefined;
      chain.push(bytes.subarray(offset, offset + length));
      offset += length;
    }
    chains.push(chain);
  }
  return offset === bytes.length ? chains : undefined;
}
