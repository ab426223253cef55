import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTrie } from '../../../../light-clients/trie/index.ts';
import { buildTrie } from '../../../../light-clients/trie/trie.fixture.ts';
import { hexText } from '../chain/block.ts';
import { stateFrom, type StateVersion } from './state.ts';

const KEY = fc.uint8Array({ minLength: 0, maxLength: 4 }).map((bytes) => bytes.map((byte) => byte & 0x33));
const VALUE = fc.uint8Array({ minLength: 0, maxLength: 80 });
const CHANGES = fc.array(fc.tuple(KEY, fc.option(VALUE, { nil: undefined })), { maxLength: 40 });
const VERSION = fc.constantFrom<StateVersion>(0, 1);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What is left after the changes, by a plain map. */
function leftAfter(changes: readonly (readonly [Uint8Array, Uint8Array | undefined])[]): Map<string, Uint8Array> {
  const map = new Map<string, Uint8Array>();
  for (const [key, value] of changes) {
    if (value === undefined) map.delete(text(key));
    else map.set(text(key), value);
  }
  return map;
}

describe('state', () => {
  it('has the root of the same entries built at once, whatever way led to them', () => {
    fc.assert(
      fc.property(CHANGES, VERSION, (changes, version) => {
        let state = stateFrom([], version);
        for (const change of changes) state = state.apply([change]);
        const left = leftAfter(changes);
        expect(hexText(state.root())).toBe(hexText(buildTrie(left, version).root));
        expect([...state.entries()].map(([key]) => text(key))).toEqual([...left.keys()].sort());
      }),
    );
  });

  it('walks and reads as a sorted map does', () => {
    fc.assert(
      fc.property(CHANGES, KEY, (changes, asked) => {
        const state = stateFrom([], 0).apply(changes);
        const left = leftAfter(changes);
        const sorted = [...left.keys()].sort();
        expect(state.get(asked)).toEqual(left.get(text(asked)));
        const next = sorted.find((key) => key > text(asked));
        expect(state.nextKey(asked) && text(state.nextKey(asked)!)).toBe(next);
        expect([...state.keys(asked)].map(text)).toEqual(sorted.filter((key) => key.startsWith(text(asked))));
      }),
    );
  });

  it('does not change when something is built on it', () => {
    fc.assert(
      fc.property(CHANGES, CHANGES, (before, after) => {
        const state = stateFrom([], 1).apply(before);
        const root = hexText(state.root());
        state.apply(after).root();
        expect(hexText(state.root())).toBe(root);
        expect([...state.entries()]).toHaveLength(leftAfter(before).size);
      }),
    );
  });

  it('proves what keys have, and have not, to the light clients’ reader', () => {
    fc.assert(
      fc.property(CHANGES, fc.array(KEY, { minLength: 1, maxLength: 5 }), VERSION, (changes, asked, version) => {
        const state = stateFrom([], version).apply(changes);
        const verdict = readTrie(state.root(), state.proof(asked), { keys: asked });
        expect(verdict).toMatchObject({ kind: 'valid', value: { values: asked.map((key) => state.get(key)) } });
      }),
    );
  });
});
