import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../verdict.ts';
import { type AuthoritySet, finalityThreshold } from './authoritySet.ts';
import {
  authoritiesOf,
  justificationOf,
  justify,
  testBlock,
  testBlocks,
  testSigner,
  testSigners,
  vote,
} from './chain.fixture.ts';
import {
  decodeJustification,
  encodeJustification,
  type Justification,
  type Precommit,
  precommitMessage,
} from './justification.ts';
import { verifyJustification } from './verifyJustification.ts';

const signers = testSigners(4);
const [alice, bob, carol, dave] = signers as [
  (typeof signers)[0],
  (typeof signers)[0],
  (typeof signers)[0],
  (typeof signers)[0],
];
const set: AuthoritySet = { setId: 0n, authorities: authoritiesOf(signers) };
const genesis = testBlock(undefined);
const target = testBlock(genesis);
const above = testBlocks(target, 3) as [typeof target, typeof target, typeof target];
const three = [alice, bob, carol];

const reasonOf = (verdict: Verdict<unknown>): string =>
  verdict.kind === 'valid' ? 'valid' : `${verdict.kind}: ${verdict.reason}`;
const verify = (bytes: Uint8Array, of = set): string => reasonOf(verifyJustification(bytes, of));

describe('threshold', () => {
  it('is more than two thirds', () => {
    const cases = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 10n, 100n, 297n, 1000n].map(
      (total) => `${total}:${finalityThreshold(total)}`,
    );
    expect(cases.join(' ')).toBe('1:1 2:2 3:3 4:3 5:4 6:5 7:5 10:7 100:67 297:199 1000:667');
  });
});

describe('verifyJustification accepts', () => {
  it('the threshold and more', () => {
    expect(verifyJustification(justify(target, three), set)).toEqual({ kind: 'valid', value: target.id });
    expect(verify(justify(target, signers))).toBe('valid');
  });

  it('votes for descendants, with exactly their ancestry', () => {
    const votes = [vote(alice, target.id), vote(bob, above[0].id), vote(carol, above[2].id)];
    expect(verify(justificationOf(target.id, votes, above))).toBe('valid');
    expect(verify(justificationOf(target.id, votes, [...above].reverse()))).toBe('valid');
  });

  it('votes on two forks above the target', () => {
    const fork = testBlock(target, { slot: 5n });
    const votes = [vote(alice, fork.id), vote(bob, above[0].id), vote(carol, above[0].id)];
    expect(verify(justificationOf(target.id, votes, [fork, above[0]]))).toBe('valid');
  });

  it('an equivocation, which counts once', () => {
    const votes = [vote(alice, target.id), vote(bob, target.id), vote(carol, target.id), vote(carol, above[0].id)];
    expect(verify(justificationOf(target.id, votes, [above[0]]))).toBe('valid');
  });

  it('weights, not heads', () => {
    const weights = [5n, 1n, 1n, 1n];
    const weighted = { setId: 0n, authorities: set.authorities.map((a, i) => ({ ...a, weight: weights[i]! })) };
    expect(verify(justify(target, [alice, bob]), weighted)).toBe('valid');
    expect(verify(justify(target, [bob, carol, dave]), weighted)).toBe(
      'invalid: justification: weight 3 is under the threshold 6',
    );
  });
});

describe('verifyJustification refuses', () => {
  it('2 of 4 votes', () => {
    expect(verify(justify(target, [alice, bob]))).toBe('invalid: justification: weight 2 is under the threshold 3');
    expect(verify(justify(target, []))).toBe('invalid: justification: weight 0 is under the threshold 3');
  });

  it('the wrong set id, round or stage', () => {
    const unsigned = 'invalid: justification: a signature is not valid under set 0';
    expect(verify(justify(target, three, { setId: 1n }))).toBe(unsigned);
    expect(verify(justify(target, three, { stage: 0 }))).toBe(unsigned);
    expect(verify(justify(target, three, { stage: 2 }))).toBe(unsigned);
    const votes = three.map((signer) => vote(signer, target.id, { round: 2n }));
    expect(verify(justificationOf(target.id, votes, [], 1n))).toBe(unsigned);
  });

  it('one voter three times', () => {
    const votes = [vote(alice, target.id), vote(bob, target.id)];
    const thrice = [vote(carol, target.id), vote(carol, above[0].id), vote(carol, above[1].id)];
    expect(verify(justificationOf(target.id, [...votes, ...thrice], above.slice(0, 2)))).toBe(
      'invalid: justification: one voter more than twice',
    );
    const alone = [vote(alice, target.id), vote(alice, above[0].id), vote(alice, above[1].id)];
    expect(verify(justificationOf(target.id, alone, above.slice(0, 2)))).toMatch('more than twice');
  });

  it('one vote twice, and an equivocation counted as two', () => {
    const votes = [vote(alice, target.id), vote(bob, target.id)];
    expect(verify(justificationOf(target.id, [...votes, vote(bob, target.id)]))).toBe(
      'invalid: justification: one vote twice',
    );
    expect(verify(justificationOf(target.id, [...votes, vote(bob, above[0].id)], [above[0]]))).toBe(
      'invalid: justification: weight 2 is under the threshold 3',
    );
  });

  it('a stranger, even beyond the threshold', () => {
    const mallory = testSigner('mallory');
    const stranger = 'invalid: justification: a vote of a stranger to the set';
    expect(verify(justify(target, [alice, bob, mallory]))).toBe(stranger);
    expect(verify(justify(target, [...three, mallory]))).toBe(stranger);
  });

  it('a vote for a child without its ancestry', () => {
    const votes = [vote(alice, target.id), vote(bob, target.id), vote(carol, above[0].id)];
    const gap = 'invalid: justification: a vote for a block without ancestry to the target';
    expect(verify(justificationOf(target.id, votes))).toBe(gap);
    const far = [vote(alice, target.id), vote(bob, target.id), vote(carol, above[2].id)];
    expect(verify(justificationOf(target.id, far, [above[0], above[2]]))).toBe(gap);
  });

  it('a vote below the target or on a fork', () => {
    const gap = 'invalid: justification: a vote for a block without ancestry to the target';
    const below = [vote(alice, target.id), vote(bob, target.id), vote(carol, genesis.id)];
    expect(verify(justificationOf(target.id, below))).toBe(gap);
    const fork = testBlock(genesis, { slot: 9n });
    const forked = [vote(alice, target.id), vote(bob, target.id), vote(carol, fork.id)];
    expect(verify(justificationOf(target.id, forked, [fork]))).toBe(gap);
  });

  it('ancestry headers that no vote needs, or given twice', () => {
    const unused = 'invalid: justification: an ancestry header that no vote needs';
    expect(
      verify(
        justificationOf(
          target.id,
          three.map((signer) => vote(signer, target.id)),
          [above[0]],
        ),
      ),
    ).toBe(unused);
    expect(
      verify(
        justificationOf(
          target.id,
          three.map((signer) => vote(signer, target.id)),
          [target],
        ),
      ),
    ).toBe(unused);
    const votes = three.map((signer) => vote(signer, above[0].id));
    expect(verify(justificationOf(target.id, votes, [above[0], above[1]]))).toBe(unused);
    expect(verify(justificationOf(target.id, votes, [above[0], above[0]]))).toBe(
      'invalid: justification: one ancestry header twice',
    );
  });

  it('numbers that do not follow the ancestry', () => {
    const wrong = 'invalid: justification: block numbers do not follow the ancestry';
    const shifted = { ...above[0].id, number: 7 };
    expect(
      verify(
        justificationOf(
          target.id,
          three.map((signer) => vote(signer, shifted)),
          [above[0]],
        ),
      ),
    ).toBe(wrong);
    const lifted = { ...target.id, number: 7 };
    expect(
      verify(
        justificationOf(
          lifted,
          three.map((signer) => vote(signer, target.id)),
        ),
      ),
    ).toBe(wrong);
  });

  it('sets that none can be', () => {
    const bytes = justify(target, three);
    const doubled = { setId: 0n, authorities: [...set.authorities, set.authorities[0]!] };
    expect(verify(bytes, doubled)).toBe('invalid: authority set: one key twice');
    expect(verify(justify(target, []), { setId: 0n, authorities: [] })).toBe('invalid: authority set: empty');
    const weightless = { setId: 0n, authorities: set.authorities.map((a) => ({ ...a, weight: 0n })) };
    expect(verify(bytes, weightless)).toBe('invalid: authority set: a weight is not positive');
    const huge = { setId: 0n, authorities: set.authorities.map((a) => ({ ...a, weight: 1n << 63n })) };
    expect(verify(bytes, huge)).toBe('invalid: authority set: the total weight exceeds 64 bits');
  });
});

describe('mutations of a valid justification', () => {
  const votes = [vote(alice, target.id), vote(bob, above[0].id), vote(carol, above[1].id)];
  const valid = justificationOf(target.id, votes, above.slice(0, 2), 9n);
  const signed = justificationOf(
    target.id,
    votes.map((cast, i) => vote(three[i]!, cast.target, { round: 9n })),
    above.slice(0, 2),
    9n,
  );

  it('of any byte, any cut and any addition: none accepted', () => {
    expect(verify(valid)).toMatch('a signature');
    expect(verify(signed)).toBe('valid');
    let tried = 0;
    for (let at = 0; at < signed.length; at++) {
      // Every bit of the frame; one bit of each signature byte, as each costs a full check.
      for (const flip of [0x01, 0x80]) {
        const changed = signed.slice();
        changed[at]! ^= flip;
        expect(verify(changed), `byte ${at}`).not.toBe('valid');
        tried++;
      }
    }
    for (let length = 0; length < signed.length; length++) expect(verify(signed.subarray(0, length))).not.toBe('valid');
    expect(verify(Uint8Array.from([...signed, 0]))).toBe('invalid: justification: 1 trailing bytes');
    expect(tried).toBe(2 * signed.length);
  });

  it('of any field: none accepted', () => {
    const whole = decodeJustification(signed);
    const [first, second, third] = whole.precommits as [Precommit, Precommit, Precommit];
    const other = { hash: new Uint8Array(32).fill(5), number: 1 };
    const fields: Record<string, Partial<Justification>> = {
      round: { round: 10n },
      'target hash': { target: { ...whole.target, hash: above[0].id.hash } },
      'target number': { target: { ...whole.target, number: 2 } },
      'target and number of the child': { target: above[0].id },
      'target and number of the parent': { target: genesis.id },
      'a vote dropped': { precommits: [first, second] },
      'no votes': { precommits: [] },
      'a vote for another block': { precommits: [{ ...first, target: other }, second, third] },
      'a vote for the child': { precommits: [{ ...first, target: second.target }, second, third] },
      'a vote for the parent': { precommits: [first, second, { ...third, target: second.target }] },
      'the voter of another vote': { precommits: [{ ...first, authority: second.authority }, second, third] },
      'a silent voter': { precommits: [{ ...first, authority: dave.key }, second, third] },
      'the signature of another vote': { precommits: [{ ...first, signature: second.signature }, second, third] },
      'no signature': { precommits: [{ ...first, signature: new Uint8Array(64) }, second, third] },
      'a vote copied': { precommits: [first, second, third, third] },
      'ancestry dropped': { ancestries: [] },
      'ancestry cut': { ancestries: whole.ancestries.slice(1) },
      'ancestry doubled': { ancestries: [...whole.ancestries, ...whole.ancestries] },
    };
    for (const [name, change] of Object.entries(fields)) {
      expect(verify(encodeJustification({ ...whole, ...change })), name).toMatch('invalid: ');
    }
    expect(verify(encodeJustification({ ...whole, precommits: [third, first, second] }))).toBe('valid');
  });

  it('hostile bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(verifyJustification(bytes, set).kind).toBe('invalid');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the signed message', () => {
  it('is 53 bytes: stage, hash, number, round, set id', () => {
    const message = precommitMessage({ hash: new Uint8Array(32).fill(0xaa), number: 0x01020304 }, 5n, 6n);
    expect(Buffer.from(message).toString('hex')).toBe(`01${'aa'.repeat(32)}0403020105000000000000000600000000000000`);
    expect(message).toHaveLength(53);
  });

  it('survives a trip through the codec', () => {
    const decoded = decodeJustification(justify(target, three));
    expect(decoded.precommits.map((cast) => cast.authority)).toEqual(three.map(({ key }) => key));
  });
});
