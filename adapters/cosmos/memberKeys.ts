/**
 * A member's keys: one for each shard of each chain, all from one secret of 32 bytes by HKDF-SHA256 (RFC 5869). Shards with
 * the same keys would have the same address, and one that leaks on a chain says nothing about the others.
 */
import { hkdfSync } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { toBigInt, utf8, word } from '../../relayer/core/bytes.ts';
import { assert } from '../../relayer/core/errors.ts';

export interface MemberKey {
  /** 32 bytes. Never shown. */
  readonly privateKey: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
}

const DOMAIN = 'viaduct cosmos vault member v1';
/** 128 bits more than a key has: reduced by the order of the curve, no key is likelier than another. */
const DERIVED_BYTES = 48;
const { n: ORDER } = secp256k1.Point.CURVE();

/** `secret`: 32 bytes. The public keys go into the manifest, in the same order of members for every shard. */
export function memberKey(secret: Uint8Array, chainId: string, shard: number): MemberKey {
  assert(secret.length === 32, 'a secret of 32 bytes');
  assert(Number.isInteger(shard) && shard >= 0, 'the number of a shard');
  const info = utf8(`${chainId}/${shard}`);
  const derived = new Uint8Array(hkdfSync('sha256', secret, utf8(DOMAIN), info, DERIVED_BYTES));
  const privateKey = word((toBigInt(derived) % (ORDER - 1n)) + 1n);
  return { privateKey, publicKey: secp256k1.getPublicKey(privateKey, true) };
}

/** The public keys of one member for the first `shards` shards: what the operator prints for the manifest. */
export function memberPublicKeys(secret: Uint8Array, chainId: string, shards: number): readonly Uint8Array[] {
  return Array.from({ length: shards }, (_, shard) => memberKey(secret, chainId, shard).publicKey);
}
