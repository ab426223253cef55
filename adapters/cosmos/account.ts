/** Accounts: bech32 text to native bytes and back. */
import { fromBech32, toBech32 } from '@cosmjs/encoding';
import { ACCOUNT_BYTES_MAX } from '../../relayer/core/limits.ts';

/** Characters of bech32 of 32 bytes with the longest prefix that is known. No further reason. */
const ADDRESS_CHARACTERS_MAX = 128;

/**
 * Total: the 1 to 32 account bytes, or undefined for a wrong checksum, prefix or length. All upper case is bech32 too, and
 * chains take it.
 */
export function parseAccount(text: string, prefix: string): Uint8Array | undefined {
  if (text.length > ADDRESS_CHARACTERS_MAX) return undefined;
  try {
    const { prefix: found, data } = fromBech32(text, ADDRESS_CHARACTERS_MAX);
    return found === prefix && data.length >= 1 && data.length <= ACCOUNT_BYTES_MAX ? data : undefined;
  } catch {
    return undefined;
  }
}

export function formatAccount(bytes: Uint8Array, prefix: string): string {
  return toBech32(prefix, bytes);
}
