import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { toBigInt, toHex, utf8 } from '../../relayer/core/bytes.ts';
import { makeDevMultisig } from '../../test/devnet/cosmos/accounts.ts';
import { formatAccount } from './account.ts';
import { memberKey, memberPublicKeys } from './memberKeys.ts';
import { makeShard } from './shards.ts';

const secret = new Uint8Array(32).fill(1);

describe('keys of a member', () => {
  it('are derived as another implementation of HKDF has it', () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const derived = hkdf(sha256, secret, utf8('viaduct cosmos vault member v1'), utf8('chain-1/3'), 48);
    expect(toBigInt(memberKey(secret, 'chain-1', 3).privateKey)).toBe((toBigInt(derived) % (order - 1n)) + 1n);
  });

  it('are pinned: a release must not lose its accounts', () => {
    expect(memberPublicKeys(secret, 'chain-1', 2).map(toHex)).toMatchInlineSnapshot(`
      [
        "0x034d187b6eb4a0f4833aee87b9d1763ba3e21b0d53a1af5e32c46977e117916376",
        "0x03ee0f826f9de948dadadb7ae7c922b29fe2bb06ace05372fc0594501408156d42",
      ]
    `);
  });

  it('differ by secret, chain and shard', () => {
    const keys = [
      memberKey(secret, 'chain-1', 0),
      memberKey(secret, 'chain-1', 1),
      memberKey(secret, 'chain-2', 0),
      memberKey(new Uint8Array(32).fill(2), 'chain-1', 0),
    ];
    expect(new Set(keys.map(({ publicKey }) => toHex(publicKey))).size).toBe(4);
  });
});

describe('a shard', () => {
  it('has the address that cosmjs gives the multisig', async () => {
    for (const [threshold, count] of [
      [1, 1],
      [2, 3],
      [5, 7],
    ] as const) {
      const multisig = await makeDevMultisig('k', 'shard', threshold, count);
      const keys = multisig.publicKey.value.pubkeys.map(({ value }) => Uint8Array.from(Buffer.from(value, 'base64')));
      expect(formatAccount(makeShard(keys, threshold).account, 'cosmos')).toBe(multisig.address);
    }
  });

  it('keeps its members in the order of the manifest', () => {
    const [one, two] = memberPublicKeys(secret, 'chain-1', 2) as [Uint8Array, Uint8Array];
    expect(makeShard([one, two], 1).account).not.toEqual(makeShard([two, one], 1).account);
  });

  it.each([
    [0, 0],
    [1, 0],
    [1, 2],
    [8, 5],
  ])('is not made of %i keys with the threshold %i', (count, threshold) => {
    expect(() => makeShard(memberPublicKeys(secret, 'chain-1', count), threshold)).toThrow(/needs distinct/);
  });

  it('is not made of the same key twice, nor of what is none', () => {
    const [key] = memberPublicKeys(secret, 'chain-1', 1) as [Uint8Array];
    expect(() => makeShard([key, key], 1)).toThrow(/needs distinct/);
    expect(() => makeShard([key.slice(1)], 1)).toThrow(/needs distinct/);
    expect(() => makeShard([Uint8Array.of(4, ...key.slice(1))], 1)).toThrow(/needs distinct/);
  });
});
