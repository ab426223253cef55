/**
 * Keys that sign extrinsics: sr25519, from a seed of 32 bytes, with junctions for the accounts of one operator. The same seed
 * and path always make the same account.
 */
import { cryptoWaitReady, keyExtractPath, keyFromPath, sr25519PairFromSeed, sr25519Sign } from '@polkadot/util-crypto';
import { assert } from '../../relayer/core/errors.ts';

export interface SigningKey {
  /** 32 bytes. */
  readonly account: Uint8Array;
  /** `MultiSignature`: the kind of key and 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

await cryptoWaitReady();

/** The kind `Sr25519` of a `MultiSignature`. */
const SR25519 = 0x01;

/** `path`: junctions such as `//opener`; empty for the seed's own account. */
export function keyFromSeed(seed: Uint8Array, path = ''): SigningKey {
  assert(seed.length === 32, 'a seed of 32 bytes');
  const pair = keyFromPath(sr25519PairFromSeed(seed), keyExtractPath(path).path, 'sr25519');
  return {
    account: new Uint8Array(pair.publicKey),
    sign: (message) => Uint8Array.of(SR25519, ...sr25519Sign(message, pair)),
  };
}
