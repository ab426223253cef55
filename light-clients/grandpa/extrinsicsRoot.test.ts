import { describe, expect, it } from 'vitest';
import { compactBytes, hexOf } from '../scale.ts';
import { buildTrie } from '../trie/trie.fixture.ts';
import { extrinsicsRoot, verifyExtrinsics } from './extrinsicsRoot.ts';

const list = (count: number, size: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new Uint8Array(size + (i % 7)).fill(i));

describe('the root over extrinsics', () => {
  it.each([0, 1] as const)('is that of the state trie of the same entries, version %d', (version) => {
    for (const [count, size] of [
      [0, 0],
      [1, 10],
      [2, 40],
      [70, 30],
      [300, 33],
    ] as const) {
      const entries = new Map(list(count, size).map((value, i) => [hexOf(compactBytes(i)), value]));
      expect(hexOf(extrinsicsRoot(list(count, size), version))).toBe(hexOf(buildTrie(entries, version).root));
    }
  });

  it('holds for the whole list in order only', () => {
    const all = list(20, 40);
    for (const version of [0, 1] as const) {
      const root = extrinsicsRoot(all, version);
      expect(verifyExtrinsics(root, all).kind).toBe('valid');
      expect(verifyExtrinsics(root, all.slice(1)).kind).toBe('invalid');
      expect(verifyExtrinsics(root, all.slice(0, -1)).kind).toBe('invalid');
      expect(verifyExtrinsics(root, all.toReversed()).kind).toBe('invalid');
      expect(verifyExtrinsics(root, [...all, new Uint8Array(1)]).kind).toBe('invalid');
    }
  });
});
