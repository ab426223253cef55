/**
 * XXH64, of which Substrate makes its `twox` storage hashers. Not a cryptographic hash: it only spreads keys. Used a few
 * times per chain, so it is plain BigInt arithmetic.
 *
 * Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint): bigint => wrap(value << bits) | (value >> (64n - bits));
const round = (lane: bigint, word: bigint): bigint => wrap(rotate(wrap(lane + word * P2), 31n) * P1);
const merge = (sum: bigint, lane: bigint): bigint => wrap((sum ^ round(0n, lane)) * P1 + P4);

export function xxhash64(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  let sum: bigint;
  if (bytes.length >= 32) {
    let a = wrap(seed + P1 + P2);
    let b = wrap(seed + P2);
    let c = seed;
    let d = wrap(seed - P1);
    for (; offset + 32 <= bytes.length; offset += 32) {
      a = round(a, view.getBigUint64(offset, true));
      b = round(b, view.getBigUint64(offset + 8, true));
      c = round(c, view.getBigUint64(offset + 16, true));
      d = round(d, view.getBigUint64(offset + 24, true));
    }
    sum = wrap(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of [a, b, c, d]) sum = merge(sum, lane);
  } else {
    sum = wrap(seed + P5);
  }
  sum = wrap(sum + BigInt(bytes.length));

  for (; offset + 8 <= bytes.length; offset += 8) {
    sum = wrap(rotate(sum ^ round(0n, view.getBigUint64(offset, true)), 27n) * P1 + P4);
  }
  if (offset + 4 <= bytes.length) {
    sum = wrap(rotate(sum ^ wrap(BigInt(view.getUint32(offset, true)) * P1), 23n) * P2 + P3);
    offset += 4;
  }
  for (; offset < bytes.length; offset++) {
    sum = wrap(rotate(sum ^ wrap(BigInt(view.getUint8(offset)) * P5), 11n) * P1);
  }

  sum = wrap((sum ^ (sum >> 33n)) * P2);
  sum = wrap((sum ^ (sum >> 29n)) * P3);
  return sum ^ (sum >> 32n);
}
