/**
 * A private key from a mnemonic (BIP 39) and a derivation path (BIP 32). The paths of all families whose keys lie on secp256k1
 * go through here: the derivation is the same, and the client library that has it is this folder's.
 */
import { english, mnemonicToAccount } from 'viem/accounts';
import { ViaductError } from '../../relayer/core/errors.ts';

const WORDS = new Set(english);
const COUNTS = [12, 15, 18, 21, 24];

/** `path` such as `m/44'/118'/0'/0/0`. Throws `USAGE`, without a word of it, for what is no English mnemonic. */
export function keyFromMnemonic(mnemonic: string, path: string): Uint8Array {
  const words = mnemonic.trim().split(/\s+/);
  const strange = words.findIndex((word) => !WORDS.has(word));
  if (!COUNTS.includes(words.length) || strange !== -1) {
    throw new ViaductError({
      code: 'USAGE',
      shortMessage: 'That is no mnemonic of BIP 39.',
      metaMessages: [
        strange === -1 ? `It has ${words.length} words.` : `Word ${strange + 1} is not in the English list of words.`,
      ],
    });
  }
  // The library types the path as an Ethereum one; it derives any.
  const account = mnemonicToAccount(words.join(' '), { path: path as `m/44'/60'/${string}` });
  const key = account.getHdKey().privateKey;
  if (!key) throw new ViaductError({ code: 'BUG', shortMessage: 'A derivation without a private key.' });
  return Uint8Array.from(key);
}
