/** Accounts: SS58 text to the 32 account bytes and back. */
import { decodeAddress, encodeAddress } from '@polkadot/util-crypto';
import { assert } from '../../relayer/core/errors.ts';

export const ACCOUNT_BYTES = 32;
/** Characters of SS58 of 32 bytes are 46 to 50. */
const ADDRESS_CHARACTERS_MAX = 64;

/** Total: the 32 account bytes, or undefined for a wrong checksum, prefix or length. */
export function parseAccount(text: string, ss58Prefix: number): Uint8Array | undefined {
  if (text.length > ADDRESS_CHARACTERS_MAX || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return undefined;
  try {
    const bytes = decodeAddress(text, false, ss58Prefix);
    return bytes.length === ACCOUNT_BYTES ? new Uint8Array(bytes) : undefined;
  } catch {
    return undefined;
  }
}

export function formatAccount(bytes: Uint8Array, ss58Prefix: number): string {
  assert(bytes.length === ACCOUNT_BYTES, 'an account of 32 bytes');
  return encodeAddress(bytes, ss58Prefix);
}
