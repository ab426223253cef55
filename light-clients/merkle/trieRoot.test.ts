import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../keccak.ts';
import { EMPTY_TRIE_ROOT, verifyMptProof } from './mptProof.ts';
import { testTrie } from './trie.fixture.ts';
import { listRoot, type TrieEntry, trieRoot } from './trieRoot.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

describe('trie roots', () => {
  it.each<[string, Record<string, string>, string]>([
    // ethereum/tests TrieTests/trieanyorder.json
    ['singleItem', { A: 'a'.repeat(50) }, 'd23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab'],
    [
      'dogs',
      { doe: 'reindeer', dog: 'puppy', dogglesworth: 'cat' },
      '8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3',
    ],
    [
      'puppy',
      { do: 'verb', horse: 'stallion', doge: 'coin', dog: 'puppy' },
      '5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84',
    ],
    ['foo', { foo: 'bar', food: 'bass' }, '17beaa1648bafa633cda809c90c04af50fc8aed3cb40d16efbddee6fdf63c4c3'],
  ])('%s', (_, entries, root) => {
    expect(hex(trieRoot(Object.entries(entries).map(([key, value]) => [bytes(key), bytes(value)])))).toBe(root);
  });

  it('do not depend on the order, and refuse what no trie holds', () => {
    const entries: TrieEntry[] = Array.from({ length: 50 }, (_, i) => [
      keccak256(Uint8Array.of(i)),
      Uint8Array.of(i + 1),
    ]);
    expect(trieRoot(entries.toReversed())).toEqual(trieRoot(entries));
    expect(trieRoot([])).toEqual(EMPTY_TRIE_ROOT);
    expect(() => trieRoot([...entries, entries[7]!])).toThrow(RangeError);
    expect(() => trieRoot([[bytes('key'), new Uint8Array(0)]])).toThrow(RangeError);
  });

  it('agree with the verifier: every entry is proven, every other key is absent', () => {
    const keys = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 40,
      selector: hex,
    });
    fc.assert(
      fc.property(keys, fc.uint8Array({ minLength: 1, maxLength: 40 }), (some, stranger) => {
        const trie = testTrie(some.map((key, i) => [key, new Uint8Array(1 + (i % 40)).fill(i + 1)]));
        for (const [i, key] of some.entries()) {
          expect(verifyMptProof(trie.root, key, trie.prove(key))).toEqual({
            kind: 'value',
            value: new Uint8Array(1 + (i % 40)).fill(i + 1),
          });
        }
        if (stranger.length > 4 && stranger.length <= 32) {
          expect(verifyMptProof(trie.root, stranger, trie.prove(stranger))).toEqual({ kind: 'absent' });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of lists go past one and two bytes of position', () => {
    const roots = [1, 127, 128, 129, 256, 257, 300].map((length) =>
      hex(listRoot(Array.from({ length }, (_, i) => Uint8Array.of(1 + (i & 127), i >> 7)))),
    );
    expect(new Set(roots).size).toBe(roots.length);
  });
});
