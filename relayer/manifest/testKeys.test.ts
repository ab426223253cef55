import { describe, expect, it } from 'vitest';
import { devAccounts } from '../../test/devnet/anvil.ts';
import { fromHex, word } from '../core/bytes.ts';
import { addressOf } from '../core/secp256k1.ts';
import { isPublishedKey } from './testKeys.ts';

describe('isPublishedKey', () => {
  it("knows the accounts of anvil's mnemonic", () => {
    for (const { address } of devAccounts(20)) expect(isPublishedKey(fromHex(address))).toBe(true);
    expect(isPublishedKey(fromHex(devAccounts(21)[20]!.address))).toBe(false);
  });

  it('knows the smallest keys', () => {
    for (let key = 1; key <= 8; key++) expect(isPublishedKey(addressOf(word(key)))).toBe(true);
    expect(isPublishedKey(addressOf(word(123_456_789)))).toBe(false);
  });
});
