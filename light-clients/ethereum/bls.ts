/**
 * BLS signatures as Ethereum uses them (public keys in G1, signatures in G2, proof-of-possession scheme), behind one
 * seam with two implementations: `blst` (native) and `noble` (JavaScript), which takes over where the native one does
 * not load. Both answer a known vector before they are used, so a broken build is never asked.
 *
 * Keys have two forms: compressed (48 bytes, as on the wire) and expanded (96 bytes, both coordinates). Expanding does
 * the square root and the group check once per committee; 512 expanded keys load in 1 ms instead of 32 ms.
 */
import { createRequire } from 'node:module';
import type * as Blst from '@chainsafe/blst';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { hexToBytes } from '@noble/hashes/utils.js';

export const COMPRESSED_KEY_BYTES = 48;
export const EXPANDED_KEY_BYTES = 96;

export interface Bls {
  readonly name: 'blst' | 'noble';
  /** KeyValidate, then both coordinates; undefined for infinity, off the curve, outside the group, not canonical. */
  expandPublicKey(compressed: Uint8Array): Uint8Array | undefined;
  /** FastAggregateVerify over keys that `expandPublicKey` made. Total: malformed input is false. */
  fastAggregateVerify(keys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean;
}

/** The native implementation where it loads and passes its self-test, else the JavaScript one. */
export function selectBls(): Bls {
  for (const create of [createBlst, createNobleBls]) {
    const bls = create();
    if (bls !== undefined && passesSelfTest(bls)) return bls;
  }
  throw new Error('No BLS implementation passes its self-test.');
}

export function createBlst(): Bls | undefined {
  const blst = loadBlst();
  if (blst === undefined) return undefined;
  return {
    name: 'blst',
    expandPublicKey(compressed) {
      if (compressed.length !== COMPRESSED_KEY_BYTES) return undefined;
      return orUndefined(() => blst.PublicKey.fromBytes(compressed, true).toBytes(false));
    },
    fastAggregateVerify(keys, message, signature) {
      if (keys.length === 0) return false;
      const verified = orUndefined(() => {
        const publicKeys = keys.map((key) => blst.PublicKey.fromBytes(key));
        return blst.fastAggregateVerify(message, publicKeys, blst.Signature.fromBytes(signature, true, true), false);
      });
      return verified === true;
    },
  };
}

/** The ciphersuite of the consensus layer: BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_. */
const DOMAIN = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';

export function createNobleBls(): Bls {
  const { G1, longSignatures } = bls12_381;
  return {
    name: 'noble',
    expandPublicKey(compressed) {
      if (compressed.length !== COMPRESSED_KEY_BYTES) return undefined;
      return orUndefined(() => {
        const point = G1.Point.fromBytes(compressed);
        // On the curve and in the subgroup; infinity passes that check and is asked for by itself.
        point.assertValidity();
        return point.is0() ? undefined : point.toBytes(false);
      });
    },
    fastAggregateVerify(keys, message, signature) {
      if (keys.length === 0) return false;
      const verified = orUndefined(() => {
        let sum = G1.Point.ZERO;
        // From coordinates, not from bytes: `fromBytes` would repeat the group check, 1 ms a key.
        for (const key of keys) sum = sum.add(G1.Point.fromAffine(coordinates(key)));
        if (sum.is0()) return false;
        const signaturePoint = longSignatures.Signature.fromBytes(signature);
        signaturePoint.assertValidity();
        return longSignatures.verify(signaturePoint, longSignatures.hash(message, DOMAIN), sum);
      });
      return verified === true;
    },
  };
}

/** Three keys of the consensus tests, one message, their aggregate signature; and what must be refused. */
const VECTOR = {
  keys: [
    'a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20fd6e10c1b77654d067c0618f6e5a7f79a',
    'b301803f8b5ac4a1133581fc676dfedc60d891dd5fa99028805e5ea5b08d3491af75d0707adab3b70c6a6a580217bf81',
    'b53d21a4cfd562c469cc81514d4ce5a6b577d8403d32a394dc265dd190b47fa9f829fdd7963afdf972e5e77854051f6f',
  ],
  message: 'ab'.repeat(32),
  signature:
    '9712c3edd73a209c742b8250759db12549b3eaf43b5ca61376d9f30e2747dbcf842d8b2ac0901d2a093713e20284a767' +
    '0fcf6954e9ab93de991bb9b313e664785a075fc285806fa5224c82bde146561b446ccfc706a64b8579513cfc4ff1d930',
  infinity: `c0${'00'.repeat(47)}`,
  outsideGroup: `80${'00'.repeat(46)}04`,
};

export function passesSelfTest(bls: Bls): boolean {
  const message = hexToBytes(VECTOR.message);
  const signature = hexToBytes(VECTOR.signature);
  const keys = VECTOR.keys.flatMap((key) => bls.expandPublicKey(hexToBytes(key)) ?? []);
  return (
    keys.length === VECTOR.keys.length &&
    bls.fastAggregateVerify(keys, message, signature) &&
    !bls.fastAggregateVerify(keys.slice(1), message, signature) &&
    !bls.fastAggregateVerify(keys, hexToBytes('ac'.repeat(32)), signature) &&
    bls.expandPublicKey(hexToBytes(VECTOR.infinity)) === undefined &&
    bls.expandPublicKey(hexToBytes(VECTOR.outsideGroup)) === undefined
  );
}

/** A native addon: absent on a platform without a binary, so it is asked for at run time. */
function loadBlst(): typeof Blst | undefined {
  const load = createRequire(import.meta.url);
  return orUndefined(() => load('@chainsafe/blst') as typeof Blst);
}

function coordinates(key: Uint8Array): { readonly x: bigint; readonly y: bigint } {
  const { Fp } = bls12_381.fields;
  return { x: Fp.fromBytes(key.subarray(0, 48)), y: Fp.fromBytes(key.subarray(48, EXPANDED_KEY_BYTES)) };
}

/** Both libraries say by an exception that bytes are no key or no signature. */
function orUndefined<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}
