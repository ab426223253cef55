import { describe, expect, it } from 'vitest';
import { KEYS, packetsFrom, RULES, signedBy, statementOver } from '../../test/sim/statements.ts';
import { concatBytes, fromHex, utf8 } from './bytes.ts';
import { domainSeparator } from './checkpoint.ts';
import { caip2, laneId } from './ids.ts';
import { keccak256 } from './keccak.ts';
import { type AttestationRules, certificateProblem, createCertificateCheck, signerOf } from './signatures.ts';

const checkpoint = statementOver(packetsFrom(0n, 10));
const [one, two, three] = KEYS as [Uint8Array, Uint8Array, Uint8Array];
const stranger = keccak256(utf8('stranger'));
const good = signedBy(checkpoint, [one, two]);
const withSigners = (change: Partial<AttestationRules['signers']>): AttestationRules => ({
  ...RULES,
  signers: { ...RULES.signers, ...change },
});
const elsewhere = (chain: string, gateway: string): AttestationRules => ({
  ...RULES,
  domain: domainSeparator(caip2(chain), fromHex(gateway, 20)),
});

describe('certificate', () => {
  it('of a threshold or more is good', () => {
    expect(certificateProblem(good, RULES)).toBeUndefined();
    expect(certificateProblem(signedBy(checkpoint, [one, two, three]), RULES)).toBeUndefined();
  });

  it('may have fewer packets in a chunk than the most where the rules leave a choice', () => {
    const cutInto = (chunkSize: number) => signedBy({ ...checkpoint, chunkSize }, [one, two]);
    const rules = { ...RULES, chunkSize: 8, chunkSizeMin: 4 };
    expect([4, 6, 8].map((size) => certificateProblem(cutInto(size), rules))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([3, 9].map((size) => certificateProblem(cutInto(size), rules))).toEqual([
      'chunk size 3 is not 4 to 8',
      'chunk size 9 is not 4 to 8',
    ]);
  });

  it('that was found good is so again, byte by byte and under the same rules only', () => {
    const check = createCertificateCheck();
    const forged = { ...good, signatures: good.signatures.slice() };
    forged.signatures[40]! ^= 1;
    const others = { ...RULES, manifestHash: new Uint8Array(32) };
    for (let round = 0; round < 2; round++) {
      expect(check.problem(good, RULES)).toBeUndefined();
      expect(check.problem(forged, RULES)).toBe(certificateProblem(forged, RULES));
      expect(check.problem({ ...good, checkpoint: { ...checkpoint, packetCount: 9 } }, RULES)).toMatch(
        /signature|signers/,
      );
      expect(check.problem(good, others)).toBe('another manifest');
    }
    // Far more than are remembered: each is judged right all the same.
    for (let first = 0n; first < 600n; first++) {
      const other = { ...good, checkpoint: { ...checkpoint, firstSequence: first + 1n } };
      expect(check.problem(other, RULES)).toBeDefined();
    }
    expect(check.problem(good, RULES)).toBeUndefined();
  });

  it('ATTACKS 7 Attestation: every other one is refused, saying why', () => {
    const problems = {
      'too few': certificateProblem(signedBy(checkpoint, [one]), RULES),
      'the same signer twice': certificateProblem(signedBy(checkpoint, [one, one]), RULES),
      'a threshold by one signer and his copy': certificateProblem(signedBy(checkpoint, [one, two, two]), RULES),
      unsorted: certificateProblem(signedBy(checkpoint, [two, one]), RULES),
      'a stranger': certificateProblem(signedBy(checkpoint, [one, stranger]), RULES),
      'another epoch': certificateProblem(signedBy({ ...checkpoint, signerEpoch: 2n }, [one, two]), RULES),
      'a retired set': certificateProblem(good, withSigners({ epoch: 2n })),
      'a set with another threshold': certificateProblem(good, withSigners({ threshold: 1 })),
      'a set without one member': certificateProblem(good, withSigners({ members: RULES.signers.members.slice(0, 2) })),
      'another manifest': certificateProblem(good, { ...RULES, manifestHash: new Uint8Array(32) }),
      'another chunk size': certificateProblem(good, { ...RULES, chunkSize: 5 }),
      'no signatures': certificateProblem({ checkpoint, signatures: new Uint8Array(0) }, RULES),
      'zero signatures': certificateProblem({ checkpoint, signatures: new Uint8Array(130) }, RULES),
    };
    expect(problems).toMatchInlineSnapshot(`
      {
        "a retired set": "signer epoch 1 is not the current 2",
        "a set with another threshold": "another signer set",
        "a set without one member": "another signer set",
        "a stranger": "signature 1 is by nobody of the signer set",
        "a threshold by one signer and his copy": "signers are not strictly ascending at d5544f57675fecc12a1b38c660742024c6c84eff",
        "another chunk size": "chunk size 4 is not 5",
        "another epoch": "signer epoch 2 is not the current 1",
        "another manifest": "another manifest",
        "no signatures": "0 signatures, 2 are needed",
        "the same signer twice": "signers are not strictly ascending at 88ff82f43cca3f9672622d1954940aece968fc2d",
        "too few": "1 signatures, 2 are needed",
        "unsorted": "signers are not strictly ascending at 88ff82f43cca3f9672622d1954940aece968fc2d",
        "zero signatures": "signature 0 is by nobody of the signer set",
      }
    `);
  });

  it.each([
    ['another chain', elsewhere('eip155:3', '01'.repeat(20))],
    ['another gateway of the same chain', elsewhere('eip155:2', '01'.repeat(20))],
  ])('signed for %s is by nobody here', (_, rules) => {
    expect(certificateProblem(signedBy(checkpoint, [one, two], rules), RULES)).toMatch(/is by nobody|ascending/);
    expect(certificateProblem(good, rules)).toMatch(/is by nobody/);
  });

  it.each([
    ['lane', { lane: laneId('00'.repeat(32)) }],
    ['first sequence', { firstSequence: 1n }],
    ['packet count', { packetCount: 9 }],
    ['root', { root: new Uint8Array(32) }],
    ['source height', { sourceHeight: 2n }],
    ['source block', { sourceBlockHash: new Uint8Array(32) }],
  ])('with another %s under the same signatures is by nobody', (_, change) => {
    expect(certificateProblem({ ...good, checkpoint: { ...checkpoint, ...change } }, RULES)).toMatch(/is by nobody/);
  });

  it('with any byte of its signatures changed is not what it was', () => {
    for (let at = 0; at < 65; at++) {
      const signatures = good.signatures.slice();
      signatures[at] = (signatures[at] as number) ^ 0x01;
      expect(certificateProblem({ checkpoint, signatures }, RULES)).toBeDefined();
    }
  });

  it('has no signer beyond its signatures', () => {
    expect(signerOf(good, 2, RULES)).toBeUndefined();
    expect(
      signerOf({ checkpoint, signatures: concatBytes(good.signatures, Uint8Array.of(1)) }, 2, RULES),
    ).toBeUndefined();
  });
});
