import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashLeaf } from '../merkle/rfc6962.ts';
import { joinBytes, messageField } from '../protobuf.ts';
import {
  IAVL_SPEC,
  SDK_SPECS,
  SMT_SPEC,
  TENDERMINT_SPEC,
  decodeCommitmentProof,
  decodeMerkleProof,
  decodeProofOps,
  verifyAbsence,
  verifyExistence,
  verifyMembership,
  verifyNonMembership,
  type CommitmentProof,
  type ExistenceProof,
  type InnerOp,
  type ProofSpec,
} from './index.ts';
import { checkAgainstSpec } from './checkSpec.ts';
import { isLeftMost, isLeftNeighbour, isRightMost, leftBranchesAreEmpty, rightBranchesAreEmpty } from './neighbours.ts';
import { calculateRoot } from './ops.ts';
import { NONE, encodeChain, encodeProof, iavlTree, sha256, simpleTree, utf8 } from './trees.fixture.ts';

const KEYS = ['alpha', 'bravo', 'delta', 'foxtrot', 'hotel'];
const PAIRS = Object.fromEntries(KEYS.map((key) => [key, utf8(`value of ${key}`)]));
const bank = iavlTree(PAIRS);
const app = simpleTree({ acc: utf8('a'.repeat(32)), bank: bank.root, gov: utf8('g'.repeat(32)) });
const exists = (proof: ExistenceProof): CommitmentProof => ({ kind: 'existence', proof });
const absent = (key: string, left?: ExistenceProof, right?: ExistenceProof): CommitmentProof => ({
  kind: 'nonExistence',
  proof: { key: utf8(key), left, right },
});
const path = (key: string, store = 'bank'): Uint8Array[] => [utf8(store), utf8(key)];
const STORE = exists(app.prove('bank'));

describe('membership', () => {
  it('is proven for every key of trees of every small size', () => {
    for (let count = 1; count <= 9; count++) {
      const pairs = Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, utf8(`value ${i}`)]));
      for (const [tree, spec] of [
        [iavlTree(pairs), IAVL_SPEC],
        [simpleTree(pairs), TENDERMINT_SPEC],
      ] as const) {
        for (const key of tree.keys) {
          const proof = tree.prove(key);
          expect(verifyExistence(proof, spec, tree.root, utf8(key), pairs[key]!)).toEqual({
            kind: 'valid',
            value: undefined,
          });
          const other = spec === IAVL_SPEC ? TENDERMINT_SPEC : IAVL_SPEC;
          expect(verifyExistence(proof, other, tree.root, utf8(key), pairs[key]!).kind).toBe('invalid');
        }
      }
    }
  });

  it('goes through the store to the app hash', () => {
    const proofs = [exists(bank.prove('delta')), STORE];
    const judge = (root: Uint8Array, key: Uint8Array[], value: Uint8Array, list = proofs, specs = SDK_SPECS): string =>
      verifyMembership(root, specs, key, value, list).kind;
    expect(judge(app.root, path('delta'), PAIRS['delta']!)).toBe('valid');
    expect(judge(app.root, path('delta'), utf8('another'))).toBe('invalid');
    expect(judge(app.root, path('alpha'), PAIRS['delta']!)).toBe('invalid');
    expect(judge(app.root, path('delta', 'gov'), PAIRS['delta']!)).toBe('invalid');
    expect(judge(new Uint8Array(32), path('delta'), PAIRS['delta']!)).toBe('invalid');
    expect(judge(NONE, path('delta'), PAIRS['delta']!)).toBe('invalid');
    expect(judge(app.root, path('delta'), PAIRS['delta']!, [])).toBe('invalid');
    expect(judge(app.root, path('delta'), PAIRS['delta']!, proofs.slice(0, 1))).toBe('invalid');
    expect(judge(app.root, path('delta'), PAIRS['delta']!, [...proofs].reverse())).toBe('invalid');
    expect(judge(app.root, path('delta').slice(1), PAIRS['delta']!)).toBe('invalid');
    expect(judge(bank.root, [utf8('delta')], PAIRS['delta']!, proofs.slice(0, 1), [IAVL_SPEC])).toBe('valid');
    expect(judge(app.root, path('delta'), PAIRS['delta']!, [absent('delta'), STORE])).toBe('invalid');
  });

  it('lets no flipped bit of a proof through', () => {
    const bytes = encodeChain([exists(bank.prove('delta')), STORE]);
    expect(judgeBytes(bytes)).toBe('valid');
    expect(flips(bytes).filter((flipped) => judgeBytes(flipped) !== 'invalid')).toEqual([]);

    function judgeBytes(input: Uint8Array): string {
      const proofs = decodeMerkleProof(input);
      if (proofs.kind !== 'valid') return proofs.kind;
      return verifyMembership(app.root, SDK_SPECS, path('delta'), PAIRS['delta']!, proofs.value).kind;
    }
  });
});

describe('absence', () => {
  const judge = (key: string, first: CommitmentProof): string =>
    verifyNonMembership(app.root, SDK_SPECS, path(key), [first, STORE]).kind;
  const { prove } = bank;

  it('is proven between neighbours, before the first and after the last', () => {
    expect(judge('charlie', absent('charlie', prove('bravo'), prove('delta')))).toBe('valid');
    expect(judge('echo', absent('echo', prove('delta'), prove('foxtrot')))).toBe('valid');
    expect(judge('a', absent('a', undefined, prove('alpha')))).toBe('valid');
    expect(judge('zulu', absent('zulu', prove('hotel')))).toBe('valid');
  });

  it('is not proven by leaves that are not neighbours, in the wrong order, or not at the edge', () => {
    expect(judge('charlie', absent('charlie', prove('alpha'), prove('delta')))).toBe('invalid');
    expect(judge('delta', absent('delta', prove('bravo'), prove('foxtrot')))).toBe('invalid');
    expect(judge('charlie', absent('charlie', prove('delta'), prove('bravo')))).toBe('invalid');
    expect(judge('charlie', absent('charlie', prove('bravo'), prove('bravo')))).toBe('invalid');
    expect(judge('golf', absent('golf', prove('foxtrot')))).toBe('invalid');
    expect(judge('a', absent('a', undefined, prove('bravo')))).toBe('invalid');
    expect(judge('delta', absent('delta', undefined, prove('foxtrot')))).toBe('invalid');
    expect(judge('alpha', absent('alpha', undefined, prove('alpha')))).toBe('invalid');
    expect(judge('hotel', absent('hotel', prove('hotel')))).toBe('invalid');
    expect(judge('charlie', absent('charlie', prove('bravo'), undefined))).toBe('invalid');
    expect(judge('zulu', absent('zulu', undefined, prove('hotel')))).toBe('invalid');
  });

  it('is not proven by nothing, by an existing key, or for another key', () => {
    expect(judge('charlie', absent('charlie'))).toBe('invalid');
    expect(judge('delta', exists(prove('delta')))).toBe('invalid');
    expect(judge('cc', absent('charlie', prove('bravo'), prove('delta')))).toBe('invalid');
    expect(judge('', absent('', undefined, prove('alpha')))).toBe('invalid');
  });

  it('holds in the tree with a single leaf', () => {
    const tree = iavlTree({ m: utf8('only') });
    const single = (key: string, left?: ExistenceProof, right?: ExistenceProof): string =>
      verifyAbsence({ key: utf8(key), left, right }, IAVL_SPEC, tree.root, utf8(key)).kind;
    expect(single('a', undefined, tree.prove('m'))).toBe('valid');
    expect(single('z', tree.prove('m'))).toBe('valid');
    expect(single('m', tree.prove('m'), tree.prove('m'))).toBe('invalid');
    expect(single('n', tree.prove('m'), tree.prove('m'))).toBe('invalid');
  });

  it('is not proven with neighbours of two trees', () => {
    const other = iavlTree({ ...PAIRS, golf: utf8('x') });
    expect(judge('charlie', absent('charlie', prove('bravo'), other.prove('delta')))).toBe('invalid');
    expect(judge('charlie', absent('charlie', other.prove('bravo'), other.prove('delta')))).toBe('invalid');
  });

  it('lets no flipped bit of a proof through', () => {
    const bytes = encodeChain([absent('charlie', prove('bravo'), prove('delta')), STORE]);
    const judgeBytes = (input: Uint8Array): string => {
      const proofs = decodeMerkleProof(input);
      if (proofs.kind !== 'valid') return proofs.kind;
      return verifyNonMembership(app.root, SDK_SPECS, path('charlie'), proofs.value).kind;
    };
    expect(judgeBytes(bytes)).toBe('valid');
    expect(flips(bytes).filter((flipped) => judgeBytes(flipped) !== 'invalid')).toEqual([]);
  });
});

describe('forged nodes', () => {
  const honest = bank.prove('delta');
  /** Judged against the root that the forged proof itself leads to: only the shape can refuse it. */
  const judge = (proof: ExistenceProof, spec = IAVL_SPEC): string => {
    const verdict = verifyExistence(proof, spec, calculateRoot(proof) ?? NONE, proof.key, proof.value);
    return verdict.kind === 'valid' ? 'valid' : verdict.reason;
  };
  const [step, ...above] = honest.path;
  const withStep = (change: Partial<InnerOp>): ExistenceProof => ({
    ...honest,
    path: [{ ...step!, ...change }, ...above],
  });

  it('with both children given beside the path, or none, or half of one', () => {
    expect(judge(honest)).toBe('valid');
    const child = joinBytes([Uint8Array.of(0x20), new Uint8Array(32)]);
    const head = step!.prefix.subarray(0, 3);
    const both = { prefix: joinBytes([head, child, Uint8Array.of(0x20)]), suffix: child };
    expect(judge(withStep(both))).toContain('exactly two children');
    expect(judge(withStep({ prefix: joinBytes([head, Uint8Array.of(0x20)]), suffix: NONE }))).toContain('two children');
    expect(judge(withStep({ prefix: joinBytes([head, Uint8Array.of(0x20)]), suffix: child.subarray(1) }))).toContain(
      'whole children',
    );
    expect(
      judge(withStep({ prefix: joinBytes([head, Uint8Array.of(0x20)]), suffix: joinBytes([child, child]) })),
    ).toContain('two children');
    expect(judge(withStep({ prefix: joinBytes([head, Uint8Array.of(0x21)]), suffix: child }))).toContain('no length');
    expect(judge(withStep({ prefix: joinBytes([head, child]), suffix: NONE }))).toContain('extra bytes');
  });

  it('with a leaf for an inner node, a wrong height, or an unknown operation', () => {
    expect(judge(withStep({ prefix: joinBytes([Uint8Array.of(0), step!.prefix.subarray(1)]) }))).toContain(
      'below its layer',
    );
    expect(judge(withStep({ prefix: joinBytes([Uint8Array.of(1), step!.prefix.subarray(1)]) }))).toContain('negative');
    for (const hash of [0, 2, 3, 9, 77]) expect(judge(withStep({ hash }))).toContain('unexpected hash');
    for (const change of [{ hash: 2 }, { prehashKey: 1 }, { prehashValue: 0 }, { length: 0 }, { prefix: NONE }]) {
      expect(judge({ ...honest, leaf: { ...honest.leaf!, ...change } })).toContain('leaf');
    }
    const long = { ...honest.leaf!, prefix: joinBytes([honest.leaf!.prefix, Uint8Array.of(1)]) };
    expect(judge({ ...honest, leaf: long })).toContain('extra bytes');
    expect(judge({ ...honest, leaf: undefined })).toContain('no leaf');
  });

  it('with an empty key or value, and paths too long', () => {
    expect(judge({ ...honest, key: NONE })).toContain('does not lead to a root');
    expect(judge({ ...honest, value: NONE })).toContain('does not lead to a root');
    const deep = Array<InnerOp>(129).fill(app.prove('acc').path[0]!);
    expect(judge({ ...app.prove('acc'), path: deep }, TENDERMINT_SPEC)).toContain('too many inner nodes');
    expect(judge({ ...app.prove('acc'), path: deep.slice(1) }, TENDERMINT_SPEC)).toBe('valid');
  });

  it('with a key cut out of the middle of a longer one', () => {
    // The true leaf holds the key "x" ‖ 1 ‖ "k"; a longer prefix would make it a leaf of the key "k".
    const inside = joinBytes([utf8('x'), Uint8Array.of(1), utf8('k')]);
    const value = utf8('value');
    const tree: ExistenceProof = { key: inside, value, leaf: TENDERMINT_SPEC.leaf, path: [] };
    const prefix = joinBytes([Uint8Array.of(0, inside.length), utf8('x')]);
    const forged = { ...tree, key: utf8('k'), leaf: { ...TENDERMINT_SPEC.leaf, prefix } };
    expect(calculateRoot(forged)).toEqual(calculateRoot(tree));
    expect(judge(tree, TENDERMINT_SPEC)).toBe('valid');
    expect(judge(forged, TENDERMINT_SPEC)).toContain('extra bytes');
  });

  it('with an inner node of the simple tree that is not one', () => {
    const proof = app.prove('acc');
    const [first, ...rest] = proof.path;
    for (const change of [
      { prefix: Uint8Array.of(0) },
      { prefix: Uint8Array.of(2) },
      { prefix: NONE },
      { suffix: NONE },
      { suffix: new Uint8Array(64) },
      { prefix: new Uint8Array(33).fill(1) },
      { prefix: joinBytes([Uint8Array.of(1), new Uint8Array(31)]), suffix: NONE },
    ]) {
      expect(judge({ ...proof, path: [{ ...first!, ...change }, ...rest] }, TENDERMINT_SPEC)).not.toBe('valid');
      const leaf = SMT_SPEC.leaf;
      expect(judge({ ...proof, leaf, path: [{ ...first!, ...change }, ...rest] }, SMT_SPEC)).not.toBe('valid');
    }
  });

  it('differs from the leaf of RFC 6962 in nothing', () => {
    const tree = simpleTree({ only: utf8('v') });
    const value = sha256(utf8('v'));
    expect(tree.root).toEqual(hashLeaf(joinBytes([Uint8Array.of(4), utf8('only'), Uint8Array.of(32), value]), sha256));
  });
});

describe('the rules that hold for any spec', () => {
  /** A tree that is none of the known three: prefixes of two bytes. */
  const spec: ProofSpec = {
    ...TENDERMINT_SPEC,
    leaf: { ...TENDERMINT_SPEC.leaf, prefix: Uint8Array.of(9) },
    inner: { ...TENDERMINT_SPEC.inner, minPrefixLength: 2, maxPrefixLength: 2 },
    minDepth: 1,
  };
  const step: InnerOp = { hash: 1, prefix: Uint8Array.of(5, 5), suffix: new Uint8Array(32) };
  const proof: ExistenceProof = { key: utf8('k'), value: utf8('v'), leaf: spec.leaf, path: [step] };
  const judge = (change: Partial<InnerOp>, own = spec): string | undefined =>
    checkAgainstSpec({ ...proof, path: [{ ...step, ...change }] }, own);

  it('bind inner nodes and depth', () => {
    expect(judge({})).toBeUndefined();
    expect(judge({ hash: 2 })).toContain('unexpected hash');
    expect(judge({ prefix: Uint8Array.of(9, 5) })).toContain('that of a leaf');
    expect(judge({ prefix: Uint8Array.of(5) })).toContain('too short');
    expect(judge({ prefix: new Uint8Array(35).fill(5) })).toContain('too long');
    expect(judge({ suffix: new Uint8Array(33) })).toContain('whole children');
    expect(judge({}, { ...spec, inner: { ...spec.inner, childSize: 0 } })).toContain('not sound');
    expect(judge({}, { ...spec, inner: { ...spec.inner, maxPrefixLength: 1 } })).toContain('not sound');
    expect(checkAgainstSpec({ ...proof, path: [] }, spec)).toContain('too few');
    expect(checkAgainstSpec({ ...proof, path: [step, step] }, { ...spec, maxDepth: 1 })).toContain('too many');
  });

  it('take no path for empty branches where the tree has none', () => {
    expect(leftBranchesAreEmpty(spec.inner, { ...step, prefix: new Uint8Array(34), suffix: NONE })).toBe(false);
    expect(rightBranchesAreEmpty(spec.inner, step)).toBe(false);
    expect(isLeftNeighbour(spec.inner, [step], [step, step])).toBe(false);
    expect(isLeftNeighbour(spec.inner, [step], [step])).toBe(false);
    expect(isLeftNeighbour(spec.inner, [], [])).toBe(false);
    const unordered = { ...spec.inner, childOrder: [1, 2] };
    expect(isLeftMost(unordered, [])).toBe(false);
    expect(isRightMost({ ...spec.inner, childOrder: [] }, [])).toBe(false);
  });
});

describe('chains', () => {
  it('must have one proof for each part of the path', () => {
    const first = absent('charlie', bank.prove('bravo'), bank.prove('delta'));
    const judge = (proofs: CommitmentProof[], key = path('charlie'), specs = SDK_SPECS): string => {
      const verdict = verifyNonMembership(app.root, specs, key, proofs);
      return verdict.kind === 'valid' ? 'valid' : verdict.reason;
    };
    expect(judge([first, STORE])).toBe('valid');
    expect(judge([])).toContain('no proof');
    expect(judge([first])).toContain('differ in length');
    expect(judge([first, STORE], [utf8('x'), ...path('charlie')])).toContain('differ in length');
    expect(judge([first], [utf8('charlie')], [IAVL_SPEC])).toContain('another root');
    expect(judge([first, first])).toContain('not a proof of existence');
    expect(judge([STORE, STORE])).toContain('not a proof of absence');
    expect(judge([absent('charlie'), STORE])).toContain('no neighbour');
    const many = Array<CommitmentProof>(9).fill(STORE);
    const specs = Array<ProofSpec>(9).fill(TENDERMINT_SPEC);
    expect(
      verifyMembership(
        app.root,
        specs,
        many.map(() => utf8('bank')),
        bank.root,
        many,
      ),
    ).toMatchObject({
      reason: 'no proof, or too many',
    });
  });
});

describe('decoding', () => {
  it('reads an answer of abci_query and refuses other operations', () => {
    const iavl = { type: 'ics23:iavl', key: utf8('delta'), data: encodeProof(exists(bank.prove('delta'))) };
    const simple = { type: 'ics23:simple', key: utf8('bank'), data: encodeProof(STORE) };
    const proofs = decodeProofOps([iavl, simple]);
    if (proofs.kind !== 'valid') throw new Error(proofs.reason);
    expect(verifyMembership(app.root, SDK_SPECS, path('delta'), PAIRS['delta']!, proofs.value).kind).toBe('valid');
    for (const ops of [[], [iavl], [simple, iavl], [iavl, simple, simple], [{ ...iavl, type: 'ics23:smt' }, simple]]) {
      expect(decodeProofOps(ops).kind).toBe('invalid');
    }
  });

  it('refuses batch and compressed proofs by name, none and two at once', () => {
    const one = encodeProof(STORE);
    for (const bytes of [NONE, messageField(3, NONE), messageField(4, NONE), joinBytes([one, messageField(2, NONE)])]) {
      expect(decodeCommitmentProof(bytes).kind).toBe('invalid');
    }
    expect(decodeCommitmentProof(messageField(3, NONE))).toMatchObject({
      reason: expect.stringContaining('not supported') as string,
    });
  });

  it('bounds the path and the chain', () => {
    const proof = app.prove('acc');
    const deep = { ...proof, path: Array<InnerOp>(257).fill(proof.path[0]!) };
    expect(decodeCommitmentProof(encodeProof(exists(deep))).kind).toBe('invalid');
    expect(decodeMerkleProof(encodeChain(Array<CommitmentProof>(9).fill(STORE))).kind).toBe('invalid');
  });

  it('never throws, whatever the bytes', () => {
    const good = encodeChain([absent('charlie', bank.prove('bravo'), bank.prove('delta')), STORE]);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(good.length - 1),
        fc.uint8Array({ maxLength: 8 }),
        (noise, at, patch) => {
          const spliced = Buffer.concat([good.subarray(0, at), patch, good.subarray(at + patch.length)]);
          for (const bytes of [noise, spliced]) {
            const proofs = decodeMerkleProof(bytes);
            if (proofs.kind !== 'valid') continue;
            expect(verifyNonMembership(app.root, SDK_SPECS, path('bravo'), proofs.value).kind).toBe('invalid');
            expect(verifyMembership(app.root, SDK_SPECS, path('charlie'), utf8('x'), proofs.value).kind).toBe(
              'invalid',
            );
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

/** Every copy with one bit flipped. */
function flips(bytes: Uint8Array): Uint8Array[] {
  const copies: Uint8Array[] = [];
  for (let i = 0; i < bytes.length * 8; i++) {
    const copy = Uint8Array.from(bytes);
    copy[i >> 3] = (copy[i >> 3] ?? 0) ^ (1 << (i & 7));
    copies.push(copy);
  }
  return copies;
}
