/**
 * SS58: accounts of Substrate chains as people write them: the chain's prefix, 32 bytes and a checksum in base58. Decoding is
 * total, and says what is wrong.
 * Source: the SS58 registry's format for prefixes of one byte (0 to 63) and two bytes (64 to 16383).
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { base58 } from '@scure/base';
import { concatBytes, equalBytes, utf8 } from '../core/bytes.ts';

export type Ss58 =
  | { readonly kind: 'valid'; readonly prefix: number; readonly bytes: Uint8Array }
  | { readonly kind: 'invalid'; readonly reason: string };

export const SS58_PREFIX_MAX = 16_383;
const ACCOUNT_BYTES = 32;
const CHECKSUM_BYTES = 2;
/** Characters of 36 bytes in base58, and some. */
const CHARACTERS_MAX = 60;

export function decodeSs58(text: string): Ss58 {
  if (text.length > CHARACTERS_MAX || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return invalid('it is no base58 text');
  const all = base58.decode(text);
  const prefixBytes = (all[0] ?? 0) < 64 ? 1 : 2;
  if (all.length !== prefixBytes + ACCOUNT_BYTES + CHECKSUM_BYTES) return invalid('it does not hold 32 bytes');
  const body = all.subarray(0, -CHECKSUM_BYTES);
  if (!equalBytes(checksum(body), all.subarray(-CHECKSUM_BYTES))) {
    return invalid('the checksum is wrong: a character is mistyped');
  }
  const prefix = readPrefix(all);
  if (prefix === undefined) return invalid('its prefix is none');
  return { kind: 'valid', prefix, bytes: all.slice(prefixBytes, prefixBytes + ACCOUNT_BYTES) };
}

/** `bytes`: 32. */
export function encodeSs58(prefix: number, bytes: Uint8Array): string {
  const body = concatBytes(writePrefix(prefix), bytes);
  return base58.encode(concatBytes(body, checksum(body)));
}

function checksum(body: Uint8Array): Uint8Array {
  return blake2b(concatBytes(utf8('SS58PRE'), body)).subarray(0, CHECKSUM_BYTES);
}

function readPrefix([first = 0, second = 0]: Uint8Array): number | undefined {
  if (first < 64) return first;
  if (first > 127) return undefined;
  const lower = ((first << 2) & 0xff) | (second >> 6);
  const prefix = lower | ((second & 0x3f) << 8);
  // One spelling only: what fits into one byte is not written in two.
  return prefix < 64 ? undefined : prefix;
}

function writePrefix(prefix: number): Uint8Array {
  if (prefix < 64) return Uint8Array.of(prefix);
  return Uint8Array.of(((prefix & 0xfc) >> 2) | 0x40, (prefix >> 8) | ((prefix & 0x03) << 6));
}

function invalid(reason: string): Ss58 {
  return { kind: 'invalid', reason };
}
