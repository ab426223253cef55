/**
 * Did two thirds of this BEEFY set sign the commitment?
 *
 * Trusted: the set id and its members' keys. Proven when valid: members beyond two thirds (the threshold of GRANDPA, one vote
 * each) signed it, so its MMR root is that of a finalized block. Every signature given must be its member's; a voter has one
 * place, so none counts twice. A commitment of another set is refused before a signature is looked at.
 *
 * Which of (r, s) and (r, -s) is given does not matter: the signature is no identity here.
 */
import secp256k1 from 'secp256k1';
import { judge, must, Refusal } from '../refusal.ts';
import { sameBytes } from '../scale.ts';
import type { Verdict } from '../verdict.ts';
import { type Commitment, decodeSignedCommitment, hashCommitment } from './commitment.ts';

export interface BeefySet {
  readonly setId: bigint;
  /** Compressed secp256k1 keys of 33 bytes, in the set's order. */
  readonly keys: readonly Uint8Array[];
}

export function verifySignedCommitment(bytes: Uint8Array, set: BeefySet): Verdict<Commitment> {
  return judge(() => {
    const { commitment, signatures } = decodeSignedCommitment(bytes);
    must(commitment.setId === set.setId, `signed commitment: of set ${commitment.setId}, not ${set.setId}`);
    must(signatures.length === set.keys.length, 'signed commitment: another number of members');
    const votes = signatures.filter((signature) => signature !== undefined).length;
    const threshold = set.keys.length - Math.floor((set.keys.length - 1) / 3);
    must(votes >= threshold, `signed commitment: ${votes} signatures are under the threshold ${threshold}`);
    const hash = hashCommitment(commitment);
    signatures.forEach((signature, member) => {
      if (signature === undefined) return;
      const signer = recoverSigner(signature, hash);
      if (signer === undefined || !sameBytes(signer, set.keys[member] as Uint8Array)) {
        throw new Refusal(`signed commitment: the signature of member ${member} is not valid`);
      }
    });
    return commitment;
  });
}

/** The compressed key that signed `hash`, from 65 bytes of signature; recovery ids 0 to 3 or 27 and 28. */
export function recoverSigner(signature: Uint8Array, hash: Uint8Array): Uint8Array | undefined {
  const last = signature[64];
  if (signature.length !== 65 || last === undefined) return undefined;
  const recovery = last >= 27 ? last - 27 : last;
  if (recovery > 3) return undefined;
  try {
    return secp256k1.ecdsaRecover(signature.subarray(0, 64), recovery, hash, true);
  } catch {
    // Numbers out of range, or a point that is none.
    return undefined;
  }
}
