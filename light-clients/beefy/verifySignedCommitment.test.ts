import fc from 'fast-check';
import secp256k1 from 'secp256k1';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../keccak.ts';
import { judge } from '../refusal.ts';
import { verifyAuthority } from './authorityProof.ts';
import { type Commitment, decodeSignedCommitment, encodeSignedCommitment, hashCommitment } from './commitment.ts';
import { verifySignedCommitment } from './verifySignedCommitment.ts';

const commitment: Commitment = {
  payload: [{ id: 'mh', data: new Uint8Array(32).fill(9) }],
  blockNumber: 1_000,
  setId: 7n,
};
const secrets = Array.from({ length: 10 }, (_, i) => keccak256(Buffer.from(`member ${i}`)));
const set = { setId: 7n, keys: secrets.map((secret) => secp256k1.publicKeyCreate(secret)) };

function signBy(members: readonly number[], of = commitment): Uint8Array {
  const signatures = secrets.map((secret, member) => {
    if (!members.includes(member)) return undefined;
    const { signature, recid } = secp256k1.ecdsaSign(hashCommitment(of), secret);
    return Uint8Array.from([...signature, recid]);
  });
  return encodeSignedCommitment({ commitment: of, signatures });
}

const seven = [0, 1, 2, 3, 5, 8, 9];
const show = (bytes: Uint8Array, of = set): string => {
  const verdict = verifySignedCommitment(bytes, of);
  return verdict.kind === 'valid' ? `valid: ${verdict.value.blockNumber}` : `${verdict.kind}: ${verdict.reason}`;
};

describe('verifySignedCommitment', () => {
  it('accepts two thirds and more', () => {
    expect(show(signBy(seven))).toBe('valid: 1000');
    expect(show(signBy([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))).toBe('valid: 1000');
  });

  it('refuses too few, another set, another number of members, strangers', () => {
    expect(show(signBy(seven.slice(1)))).toBe('invalid: signed commitment: 6 signatures are under the threshold 7');
    expect(show(signBy(seven), { ...set, setId: 8n })).toBe('invalid: signed commitment: of set 7, not 8');
    expect(show(signBy(seven), { ...set, keys: set.keys.slice(1) })).toMatch('another number of members');
    const swapped = { ...set, keys: [set.keys[1]!, set.keys[0]!, ...set.keys.slice(2)] };
    expect(show(signBy(seven), swapped)).toBe('invalid: signed commitment: the signature of member 0 is not valid');
  });

  it('refuses bits and signatures that do not agree', () => {
    const bytes = signBy(seven);
    // 1 version, 1 + 2 + 1 + 32 payload, 4 number, 8 set, 1 length of the bitfield.
    const bits = 50;
    const withBits = (first: number, second: number): string => {
      const changed = bytes.slice();
      changed[bits] = first;
      changed[bits + 1] = second;
      return show(changed);
    };
    expect(withBits(bytes[bits]!, bytes[bits + 1]!)).toBe('valid: 1000');
    expect(withBits(0xff, 0xc0)).toMatch('more bits than signatures');
    expect(withBits(0xf0, 0xc0)).toMatch('more signatures than bits');
    expect(withBits(bytes[bits]!, 0xe0)).toMatch('signed commitment: ');
    expect(withBits(bytes[bits]! ^ 0x88, bytes[bits + 1]!)).toMatch('signed commitment: ');
  });

  it('refuses every change but the last bits that secp256k1 leaves free', () => {
    const bytes = signBy(seven);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(show(changed), `byte ${at}`).not.toMatch('valid: 1');
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(verifySignedCommitment(bytes.subarray(0, length), set).kind).toBe('invalid');
    }
    expect(show(Uint8Array.from([...bytes, 0]))).toMatch('trailing');
  });

  it('takes the bitfield of a set that fills whole bytes, as the encoder pads it', () => {
    const signatures = Array.from({ length: 16 }, () => undefined);
    const decoded = decodeSignedCommitment(encodeSignedCommitment({ commitment, signatures }));
    expect(decoded.signatures).toHaveLength(16);
  });

  it('takes hostile bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
        expect(verifySignedCommitment(Uint8Array.from([1, ...noise]), set).kind).toBe('invalid');
        expect(judge(() => decodeSignedCommitment(noise)).kind).toBe('invalid');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('verifyAuthority', () => {
  const addressOf = (index: number): Uint8Array => keccak256(Uint8Array.of(index)).subarray(12);

  /** Levels of the tree: pairs hashed, an odd last one moved up. */
  function levelsOf(size: number): Uint8Array[][] {
    const levels = [Array.from({ length: size }, (_, i) => keccak256(addressOf(i)))];
    for (let level = levels[0]!; level.length > 1; levels.push(level)) {
      const below = level;
      level = Array.from({ length: Math.ceil(below.length / 2) }, (_, i) => {
        const right = below[2 * i + 1];
        return right === undefined ? below[2 * i]! : keccak256(below[2 * i]!, right);
      });
    }
    return levels;
  }

  it('accepts members at their place alone, for every size', () => {
    for (let size = 1; size <= 20; size++) {
      const levels = levelsOf(size);
      const root = levels.at(-1)![0]!;
      for (let index = 0; index < size; index++) {
        const siblings = levels.slice(0, -1).flatMap((level, height) => level[(index >> height) ^ 1] ?? []);
        const verdict = (at: number, list: readonly Uint8Array[], member = addressOf(index)): string =>
          verifyAuthority({ root, size }, at, member, list).kind;
        expect(verdict(index, siblings)).toBe('valid');
        for (let other = 0; other <= size; other++)
          if (other !== index) expect(verdict(other, siblings)).toBe('invalid');
        expect(verdict(index, [...siblings, root])).toBe('invalid');
        if (siblings.length > 0) expect(verdict(index, siblings.slice(1))).toBe('invalid');
        expect(verdict(index, siblings, addressOf(99))).toBe('invalid');
        expect(verdict(index, siblings, root)).toBe('invalid');
      }
    }
    expect(verifyAuthority({ root: new Uint8Array(32), size: 0 }, 0, addressOf(0), []).kind).toBe('invalid');
  });
});
