/**
 * Substrate block headers (`generic::Header<u32, BlakeTwo256>`), the ones of the relay chain and of its parachains.
 *
 * A header proves nothing by itself; it is bound by its hash. Decoding is strict, so the hash of the bytes is the hash of
 * the block. Digest item kinds 2 and 7 (change tries, removed from Substrate in 2021) are refused.
 *
 *   parent hash ‖ compact number ‖ state root ‖ extrinsics root ‖ Vec<DigestItem>
 */
import { blake2b256 } from '../blake2b.ts';
import { Refusal } from '../refusal.ts';
import { compactBytes, createScaleReader, joinBytes, type ScaleReader, sizedBytes } from '../scale.ts';
import { DIGEST_ITEMS_MAX, HEADER_BYTES_MAX } from './limits.ts';

export interface Header {
  readonly parentHash: Uint8Array;
  readonly number: number;
  readonly stateRoot: Uint8Array;
  readonly extrinsicsRoot: Uint8Array;
  readonly digest: readonly DigestItem[];
}

/** `engine` is the four-byte engine id as text, such as `FRNK`, `BABE`, `aura`. */
export type DigestItem =
  | { readonly kind: 'other'; readonly data: Uint8Array }
  | { readonly kind: 'consensus'; readonly engine: string; readonly data: Uint8Array }
  | { readonly kind: 'seal'; readonly engine: string; readonly data: Uint8Array }
  | { readonly kind: 'preRuntime'; readonly engine: string; readonly data: Uint8Array }
  | { readonly kind: 'runtimeEnvironmentUpdated' };

/** Decodes exactly one header. Throws `Refusal`. */
export function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.length > HEADER_BYTES_MAX) throw new Refusal(`header: ${bytes.length} bytes are over ${HEADER_BYTES_MAX}`);
  const reader = createScaleReader(bytes, 'header');
  const header = readHeader(reader);
  reader.end();
  return header;
}

/** Reads the next header of a sequence. Throws `Refusal`. */
export function readHeader(reader: ScaleReader): Header {
  const parentHash = reader.bytes(32);
  const number = reader.length(0xffffffff);
  const stateRoot = reader.bytes(32);
  const extrinsicsRoot = reader.bytes(32);
  const digest: DigestItem[] = [];
  for (let left = reader.length(DIGEST_ITEMS_MAX); left > 0; left--) digest.push(readDigestItem(reader));
  return { parentHash, number, stateRoot, extrinsicsRoot, digest };
}

export function encodeHeader(header: Header): Uint8Array {
  return joinBytes([
    header.parentHash,
    compactBytes(header.number),
    header.stateRoot,
    header.extrinsicsRoot,
    compactBytes(header.digest.length),
    ...header.digest.map(encodeDigestItem),
  ]);
}

/** The block hash: Blake2b-256 over the encoded header. */
export function hashHeader(bytes: Uint8Array): Uint8Array {
  return blake2b256(bytes);
}

/**
 * The slot that the block was made in, from its BABE or Aura pre-digest; undefined for a block without one (genesis).
 * BABE: variants 1 to 3 all begin with authority index u32 and slot u64. Aura: the slot alone.
 */
export function slotOf(header: Header): bigint | undefined {
  for (const item of header.digest) {
    if (item.kind !== 'preRuntime') continue;
    const { data, engine } = item;
    const variant = data[0] ?? 0;
    if (engine === 'BABE' && data.length >= 13 && variant >= 1 && variant <= 3) return slotAt(data, 5);
    if (engine === 'aura' && data.length === 8) return slotAt(data, 0);
  }
  return undefined;
}

function slotAt(data: Uint8Array, offset: number): bigint {
  return createScaleReader(data.subarray(offset, offset + 8), 'slot').u64();
}

function readDigestItem(reader: ScaleReader): DigestItem {
  const index = reader.u8();
  switch (index) {
    case 0:
      return { kind: 'other', data: reader.sized(HEADER_BYTES_MAX) };
    case 4:
      return { kind: 'consensus', engine: engineText(reader.bytes(4)), data: reader.sized(HEADER_BYTES_MAX) };
    case 5:
      return { kind: 'seal', engine: engineText(reader.bytes(4)), data: reader.sized(HEADER_BYTES_MAX) };
    case 6:
      return { kind: 'preRuntime', engine: engineText(reader.bytes(4)), data: reader.sized(HEADER_BYTES_MAX) };
    case 8:
      return { kind: 'runtimeEnvironmentUpdated' };
    default:
      throw new Refusal(`header: digest item of unknown kind ${index}`);
  }
}

function encodeDigestItem(item: DigestItem): Uint8Array {
  switch (item.kind) {
    case 'other':
      return joinBytes([Uint8Array.of(0), sizedBytes(item.data)]);
    case 'consensus':
      return joinBytes([Uint8Array.of(4), engineBytes(item.engine), sizedBytes(item.data)]);
    case 'seal':
      return joinBytes([Uint8Array.of(5), engineBytes(item.engine), sizedBytes(item.data)]);
    case 'preRuntime':
      return joinBytes([Uint8Array.of(6), engineBytes(item.engine), sizedBytes(item.data)]);
    case 'runtimeEnvironmentUpdated':
      return Uint8Array.of(8);
  }
}

// Latin-1, so that any four bytes survive the way there and back.
function engineText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function engineBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
