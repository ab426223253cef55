/**
 * A GRANDPA authority set: who may vote, with what weight, under which set id.
 *
 * DIFF FROM SPEC: a list with one key twice is refused, where the node merges the weights. The session pallet lets one
 * key belong to one validator only, so no live chain makes such a list.
 */
import { Refusal } from '../refusal.ts';
import { compactBytes, hexOf, joinBytes, type ScaleReader, u64Bytes } from '../scale.ts';
import { AUTHORITIES_MAX } from './limits.ts';

export interface Authority {
  /** ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** Votes; 1 on Polkadot and Kusama. */
  readonly weight: bigint;
}

export interface AuthoritySet {
  /** Grows by one with every enacted change. */
  readonly setId: bigint;
  readonly authorities: readonly Authority[];
}

/** Reads `AuthorityList`: Vec<(ed25519 key, u64 weight)>. Throws `Refusal` for a list that no set can be. */
export function readAuthorities(reader: ScaleReader): readonly Authority[] {
  const authorities: Authority[] = [];
  for (let left = reader.length(AUTHORITIES_MAX); left > 0; left--) {
    authorities.push({ key: reader.bytes(32), weight: reader.u64() });
  }
  weighAuthorities(authorities);
  return authorities;
}

export function encodeAuthorities(authorities: readonly Authority[]): Uint8Array {
  return joinBytes([
    compactBytes(authorities.length),
    ...authorities.flatMap((authority) => [authority.key, u64Bytes(authority.weight)]),
  ]);
}

/** The total weight. Refuses an empty list, a weight of 0 (both as the node does), a key twice, a total over u64. */
export function weighAuthorities(authorities: readonly Authority[]): bigint {
  if (authorities.length === 0) throw new Refusal('authority set: empty');
  if (authorities.length > AUTHORITIES_MAX) throw new Refusal(`authority set: more than ${AUTHORITIES_MAX} members`);
  const keys = new Set<string>();
  let total = 0n;
  for (const { key, weight } of authorities) {
    if (key.length !== 32) throw new Refusal('authority set: a key is not 32 bytes long');
    if (weight <= 0n) throw new Refusal('authority set: a weight is not positive');
    keys.add(hexOf(key));
    total += weight;
  }
  if (keys.size !== authorities.length) throw new Refusal('authority set: one key twice');
  if (total >= 1n << 64n) throw new Refusal('authority set: the total weight exceeds 64 bits');
  return total;
}

/** The least weight that finalizes: total - f, where f = (total - 1) / 3 may be faulty. (finality-grandpa `threshold`) */
export function finalityThreshold(total: bigint): bigint {
  return total - (total - 1n) / 3n;
}
