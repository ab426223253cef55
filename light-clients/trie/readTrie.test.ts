import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blake2b256 } from '../blake2b.ts';
import { hexOf } from '../scale.ts';
import { PROOF_BYTES_MAX, PROOF_NODES_MAX } from './limits.ts';
import { createProofReader } from './proofReader.ts';
import { readTrie } from './readTrie.ts';
import { buildTrie, type Entries } from './trie.fixture.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

// Few distinct bytes, so that keys share prefixes and one is often the prefix of another.
const keyHex = fc
  .array(fc.constantFrom('00', '01', '10', '11', 'ab', 'ff'), { maxLength: 5 })
  .map((parts) => parts.join(''));
const value = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.uint8Array({ minLength: 30, maxLength: 36 }),
  fc.uint8Array({ minLength: 100, maxLength: 200 }),
);
const entriesOf = fc.array(fc.tuple(keyHex, value), { maxLength: 24 }).map((list): Entries => new Map(list));
const version = fc.constantFrom<0 | 1>(0, 1);

describe('readTrie against a map', () => {
  it('reads present and absent keys', () => {
    fc.assert(
      fc.property(entriesOf, version, fc.array(keyHex, { maxLength: 6 }), (entries, state, asked) => {
        const keys = [...new Set([...asked, ...[...entries.keys()].slice(0, 3)])].map(bytes);
        const trie = buildTrie(entries, state);
        const answer = readTrie(trie.root, keys.length === 0 ? [] : trie.proof(keys), { keys });
        const expected = keys.map((key) => entries.get(hexOf(key)));
        expect(answer).toEqual({ kind: 'valid', value: { values: expected, entries: [] } });
      }),
      { numRuns: 300 },
    );
  });

  it('lists a prefix completely and in order', () => {
    fc.assert(
      fc.property(entriesOf, version, keyHex, (entries, state, prefix) => {
        const trie = buildTrie(entries, state);
        const under = [...entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
        const proof = trie.proof([bytes(prefix), ...under.map(([key]) => bytes(key))]);
        const answer = readTrie(trie.root, proof, { prefixes: [bytes(prefix)] });
        const expected = under.map(([key, stored]) => ({ key: bytes(key), value: stored }));
        expect(answer).toEqual({ kind: 'valid', value: { values: [], entries: [expected] } });
      }),
      { numRuns: 300 },
    );
  });

  it('finds the next key', () => {
    fc.assert(
      fc.property(entriesOf, version, keyHex, (entries, state, key) => {
        const trie = buildTrie(entries, state);
        const higher = [...entries.keys()].filter((other) => other > key).sort()[0];
        const reader = createProofReader(trie.root, trie.proof([...entries.keys()].map(bytes)));
        const next = reader.nextKey(bytes(key));
        expect(next === undefined ? undefined : hexOf(next)).toBe(higher);
      }),
      { numRuns: 300 },
    );
  });
});

describe('readTrie refuses', () => {
  const entries: Entries = new Map([
    ['1000', filled(3, 1)],
    ['1001', filled(40, 2)],
    ['10', filled(50, 3)],
    ['2000', filled(60, 4)],
    ['2001aabb', filled(33, 5)],
  ]);
  const keys = [...entries.keys()].map(bytes);

  for (const state of [0, 1] as const) {
    const trie = buildTrie(entries, state);
    const proof = trie.proof(keys);

    it(`V${state}: a missing node, and does not call it absent`, () => {
      for (let gone = 0; gone < proof.length; gone++) {
        const answer = readTrie(
          trie.root,
          proof.filter((_, i) => i !== gone),
          { keys },
        );
        expect(answer.kind).toBe('invalid');
      }
      expect(readTrie(trie.root, [], { keys: [bytes('dead')] })).toEqual({
        kind: 'invalid',
        reason: 'trie proof: a node is missing',
      });
    });

    it(`V${state}: a node twice, an unused node`, () => {
      for (const node of proof) {
        expect(readTrie(trie.root, [...proof, node], { keys })).toMatchObject({ reason: 'trie proof: one node twice' });
      }
      expect(readTrie(trie.root, [...proof, filled(40, 9)], { keys })).toMatchObject({
        reason: 'trie proof: a node that nothing asked for',
      });
      expect(readTrie(trie.root, proof, { keys: keys.slice(1, 2) }).kind).toBe('invalid');
    });

    it(`V${state}: every single-byte change of every node and of the root`, () => {
      let tried = 0;
      for (let index = 0; index < proof.length; index++) {
        for (let at = 0; at < proof[index]!.length; at++) {
          for (const flip of [0x01, 0x80, 0xff]) {
            const node = proof[index]!.slice();
            node[at]! ^= flip;
            const changed = proof.map((original, i) => (i === index ? node : original));
            expect(readTrie(trie.root, changed, { keys }).kind).toBe('invalid');
            tried++;
          }
        }
      }
      for (let at = 0; at < 32; at++) {
        const root = trie.root.slice();
        root[at]! ^= 1;
        expect(readTrie(root, proof, { keys }).kind).toBe('invalid');
      }
      expect(tried).toBeGreaterThan(500);
    });

    it(`V${state}: a prefix with a key left out`, () => {
      const prefix = bytes('10');
      for (let gone = 0; gone < 3; gone++) {
        const some = trie.proof(keys.slice(0, 3).filter((_, i) => i !== gone));
        const answer = readTrie(trie.root, some, { prefixes: [prefix] });
        if (answer.kind === 'valid') expect(answer.value.entries[0]).toHaveLength(3);
      }
      expect(readTrie(trie.root, trie.proof(keys.slice(0, 3)), { prefixes: [prefix], entriesMax: 2 })).toMatchObject({
        reason: 'trie proof: more than 2 entries under the prefix',
      });
    });
  }

  it('a stored value that is the encoding of a node, used as one', () => {
    // An attacker stores, as an ordinary V1 value, the root node of a trie of their own.
    const forged = buildTrie(new Map([['99', filled(40, 7)]]), 0);
    const planted = forged.proof([bytes('99')])[0]!;
    const honest: Entries = new Map([...entries, ['3000', planted]]);
    const trie = buildTrie(honest, 1);
    const proof = trie.proof([bytes('3000')]);
    // As a value it is just bytes.
    const answer = readTrie(trie.root, proof, { keys: [bytes('3000')] });
    expect(answer).toEqual({ kind: 'valid', value: { values: [planted], entries: [] } });
    // It leads nowhere from the trusted root.
    expect(readTrie(trie.root, proof, { keys: [bytes('3000'), bytes('99')] })).toEqual({
      kind: 'valid',
      value: { values: [planted, undefined], entries: [] },
    });
    // The encoding of a node that is in the proof itself, stored as a value: one entry may not be both.
    const inner = buildTrie(entries, 1)
      .proof([bytes('2000')])
      .at(-2)!;
    const twin = buildTrie(new Map([...entries, ['3000', inner]]), 1);
    const both = twin.proof([bytes('2000'), bytes('3000')]);
    expect(readTrie(twin.root, both, { keys: [bytes('2000'), bytes('3000')] })).toMatchObject({
      reason: 'trie proof: one entry is both node and value',
    });
  });

  it('nodes that no builder makes', () => {
    const cases = {
      'reserved header': '01',
      'reserved header 0f': '0f',
      'branch without children': '800000',
      'padding of the partial key': '41100400',
      'trailing bytes': '40040000',
      'long child': `800100${'84'}${'00'.repeat(33)}`,
      'empty child': '80010000',
      'value longer than the node': '400c00',
      'compact length not shortest': '40010000',
      'endless partial key': `7f${'ff'.repeat(300)}`,
      nothing: '',
    };
    for (const [name, hex] of Object.entries(cases)) {
      const node = bytes(hex);
      expect(readTrie(blake2b256(node), [node], { keys: [bytes('00')] }).kind, name).toBe('invalid');
    }
  });

  it('hostile bytes without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }), keyHex, (nodes, key) => {
        const root = nodes[0] === undefined ? filled(32, 0) : blake2b256(nodes[0]);
        const answer = readTrie(root, nodes, { keys: [bytes(key)], prefixes: [bytes(key)] });
        expect(['valid', 'invalid']).toContain(answer.kind);
      }),
      { numRuns: 2_000 },
    );
    expect(readTrie(filled(31, 0), [], { keys: [bytes('')] }).kind).toBe('invalid');
  });

  it('more than it is made for', () => {
    const big = buildTrie(new Map([['10', filled(PROOF_BYTES_MAX - 100, 1)]]), 1);
    expect(readTrie(big.root, big.proof([bytes('10')]), { keys: [bytes('10')] }).kind).toBe('valid');
    const bigger = buildTrie(new Map([['10', filled(PROOF_BYTES_MAX, 1)]]), 1);
    expect(readTrie(bigger.root, bigger.proof([bytes('10')]), { keys: [bytes('10')] })).toMatchObject({
      reason: `trie proof: more than ${PROOF_BYTES_MAX} bytes`,
    });
    const many = Array.from({ length: PROOF_NODES_MAX + 1 }, () => filled(1, 1));
    expect(readTrie(filled(32, 0), many, { keys: [] }).kind).toBe('invalid');
    expect(readTrie(filled(32, 0), [], { keys: [filled(5_000, 1)] }).kind).toBe('invalid');
    expect(readTrie(filled(32, 0), [], { keys: Array.from({ length: 10_001 }, () => filled(1, 1)) }).kind).toBe(
      'invalid',
    );
  });
});

describe('the empty trie', () => {
  it('has no keys', () => {
    const trie = buildTrie(new Map(), 0);
    expect(hexOf(trie.root)).toBe('03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314');
    const question = { keys: [bytes('00')], prefixes: [bytes('')] };
    expect(readTrie(trie.root, trie.proof([]), question)).toEqual({
      kind: 'valid',
      value: { values: [undefined], entries: [[]] },
    });
  });
});
