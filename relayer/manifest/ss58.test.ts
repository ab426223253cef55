import { encodeAddress } from '@polkadot/util-crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../core/bytes.ts';
import { decodeSs58, encodeSs58, SS58_PREFIX_MAX } from './ss58.ts';

const ALICE = fromHex('d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d');

describe('SS58', () => {
  it('reads the well-known accounts, each under its prefix', () => {
    expect(encodeSs58(42, ALICE)).toBe('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
    expect(encodeSs58(0, ALICE)).toBe('15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5');
    expect(encodeSs58(2, ALICE)).toBe('HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F');
  });

  it('writes as polkadot.js does, and reads back what it wrote, under every prefix', () => {
    const account = fc.uint8Array({ minLength: 32, maxLength: 32 });
    // 46 and 47 are reserved.
    const prefix = fc.integer({ min: 0, max: SS58_PREFIX_MAX }).filter((one) => one !== 46 && one !== 47);
    fc.assert(
      fc.property(prefix, account, (one, bytes) => {
        const text = encodeSs58(one, bytes);
        expect(text).toBe(encodeAddress(bytes, one));
        expect(decodeSs58(text)).toEqual({ kind: 'valid', prefix: one, bytes });
      }),
    );
  });

  it.each([
    ['', 'base58'],
    ['5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ0', 'base58'],
    ['5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ', 'checksum'],
    ['0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d', 'base58'],
    ['5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnh', '32 bytes'],
  ])('says what is wrong with %j', (text, why) => {
    expect(decodeSs58(text)).toEqual({ kind: 'invalid', reason: expect.stringContaining(why) });
  });
});
