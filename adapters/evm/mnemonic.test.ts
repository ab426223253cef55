import { DirectSecp256k1HdWallet, DirectSecp256k1Wallet } from '@cosmjs/proto-signing';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../relayer/core/bytes.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { DEV_MNEMONIC } from '../../test/devnet/anvil.ts';
import { keyFromMnemonic } from './mnemonic.ts';

const TEST = DEV_MNEMONIC;

describe('keyFromMnemonic', () => {
  it('gives the first account that Ethereum wallets show', () => {
    expect(toHex(addressOf(keyFromMnemonic(TEST, "m/44'/60'/0'/0/0")))).toBe(
      '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
    );
  });

  it('gives the first account that Cosmos wallets show', async () => {
    const [expected] = await (await DirectSecp256k1HdWallet.fromMnemonic(TEST)).getAccounts();
    const key = keyFromMnemonic(` ${TEST.replace(' ', '\n')}`, "m/44'/118'/0'/0/0");
    const [found] = await (await DirectSecp256k1Wallet.fromKey(key)).getAccounts();
    expect(found).toEqual(expected);
  });

  it('says what is wrong without showing a word', () => {
    expect(() => keyFromMnemonic('test test junk', "m/44'/60'/0'/0/0")).toThrow(/It has 3 words/);
    expect(() => keyFromMnemonic(TEST.replace('junk', 'jnuk'), "m/44'/60'/0'/0/0")).toThrow(/Word 12 is not/);
    expect(() => keyFromMnemonic(TEST.replace('junk', 'jnuk'), "m/44'/60'/0'/0/0")).not.toThrow(/jnuk/);
  });
});
