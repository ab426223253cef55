import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../keccak.ts';
import { EMPTY_TRIE_ROOT, verifyMptProof } from './mptProof.ts';
import { encodeRlp, type RlpItem } from './rlp.ts';

describe('verifyMptProof on tries built by a second implementation', () => {
  const keys = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 24,
    selector: (key) => Buffer.from(key).toString('hex'),
  });

  it('proves every key and the absence of every other, embedded nodes included', () => {
    fc.assert(
      fc.property(
        keys,
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        (all, other, n) => {
          const trie = buildTrie(all.map((key) => [key, value(key, n)]));
          for (const key of all) {
            expect(verifyMptProof(trie.root, key, trie.prove(key))).toEqual({ kind: 'value', value: value(key, n) });
          }
          const held = all.some((key) => Buffer.from(key).equals(Buffer.from(other)));
          expect(verifyMptProof(trie.root, other, trie.prove(other)).kind).toBe(held ? 'value' : 'absent');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('knows the trie of the Ethereum wiki', () => {
    const text = (word: string): Uint8Array => Uint8Array.from(Buffer.from(word));
    const trie = buildTrie(
      [
        ['do', 'verb'],
        ['dog', 'puppy'],
        ['doge', 'coin'],
        ['horse', 'stallion'],
      ].map(([k, v]) => [text(k!), text(v!)]),
    );
    expect(Buffer.from(trie.root).toString('hex')).toBe(
      '5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84',
    );
    expect(verifyMptProof(trie.root, text('doge'), trie.prove(text('doge')))).toEqual({
      kind: 'value',
      value: text('coin'),
    });
  });
});

describe('verifyMptProof refuses', () => {
  const all = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i * 5, i, 7));
  const trie = buildTrie(all.map((key) => [key, value(key, 33)]));
  const key = all[11]!;
  const proof = trie.prove(key);

  it('every flipped bit of every byte', () => {
    expect(proof.length).toBeGreaterThan(1);
    let tried = 0;
    for (const [index, node] of proof.entries()) {
      for (let byte = 0; byte < node.length; byte++) {
        for (const bit of [1, 0x80]) {
          const changed = proof.map((other) => other.slice());
          changed[index]![byte]! ^= bit;
          expect(verifyMptProof(trie.root, key, changed).kind).toBe('invalid');
          tried++;
        }
      }
    }
    expect(tried).toBeGreaterThan(200);
  });

  it('a missing, an extra, a duplicated, a reordered node', () => {
    for (let i = 0; i < proof.length; i++) {
      expect(verifyMptProof(trie.root, key, proof.toSpliced(i, 1)).kind, 'missing').toBe('invalid');
      expect(verifyMptProof(trie.root, key, proof.toSpliced(i, 0, proof[i]!)).kind, 'duplicate').toBe('invalid');
    }
    expect(verifyMptProof(trie.root, key, [...proof, trie.prove(all[3]!).at(-1)!]).kind, 'extra').toBe('invalid');
    expect(verifyMptProof(trie.root, key, proof.toReversed()).kind, 'reordered').toBe('invalid');
    expect(verifyMptProof(trie.root, key, []).kind, 'empty').toBe('invalid');
  });

  it('the proof of another key as a proof of this one, never saying absent', () => {
    for (const other of all) {
      if (other === key) continue;
      const verdict = verifyMptProof(trie.root, key, trie.prove(other));
      expect(verdict.kind).toBe('invalid');
    }
  });

  it('a zero root, the empty root with nodes, a bad root length, a long key', () => {
    expect(verifyMptProof(new Uint8Array(32), key, []).kind).toBe('invalid');
    expect(verifyMptProof(EMPTY_TRIE_ROOT, key, proof).kind).toBe('invalid');
    expect(verifyMptProof(new Uint8Array(31), key, proof).kind).toBe('invalid');
    expect(verifyMptProof(trie.root, new Uint8Array(33), proof).kind).toBe('invalid');
  });

  it.each<[string, RlpItem]>([
    ['a string', Uint8Array.of(1, 2, 3)],
    ['three fields', [Uint8Array.of(0x20), Uint8Array.of(1), Uint8Array.of(2)]],
    ['an unknown flag', [Uint8Array.of(0x40), Uint8Array.of(1)]],
    ['an empty path', [new Uint8Array(0), Uint8Array.of(1)]],
    ['padding that is not zero', [Uint8Array.of(0x21, 0x01), Uint8Array.of(1)]],
    ['an extension with an empty path', [Uint8Array.of(0x00), new Uint8Array(32)]],
    ['an extension with a short child', [Uint8Array.of(0x11), new Uint8Array(31)]],
    ['a leaf with an empty value', [Uint8Array.of(0x20, 0x01), new Uint8Array(0)]],
    ['a leaf whose value is a list', [Uint8Array.of(0x20, 0x01), [Uint8Array.of(1)]]],
    [
      'a branch with a child of 5 bytes',
      [Uint8Array.of(1, 2, 3, 4, 5), ...new Array<RlpItem>(16).fill(new Uint8Array(0))],
    ],
    [
      'a branch with an embedded node of 32 bytes',
      [[Uint8Array.of(0x20), new Uint8Array(32)], ...new Array<RlpItem>(16).fill(new Uint8Array(0))],
    ],
  ])('a root node that is %s', (_, item) => {
    const node = encodeRlp(item);
    expect(verifyMptProof(keccak256(node), Uint8Array.of(0x01), [node]).kind).toBe('invalid');
  });

  it('RLP in another than its canonical form', () => {
    // [0x20, 0x01] with the second string written with a prefix it must not have.
    const node = Uint8Array.of(0xc4, 0x82, 0x20, 0x01, 0x05);
    expect(verifyMptProof(keccak256(node), Uint8Array.of(0x01), [node])).toEqual({
      kind: 'value',
      value: Uint8Array.of(5),
    });
    const long = Uint8Array.of(0xc5, 0x82, 0x20, 0x01, 0x81, 0x05);
    expect(verifyMptProof(keccak256(long), Uint8Array.of(0x01), [long]).kind).toBe('invalid');
    const overlong = Uint8Array.of(0xf8, 0x04, 0x82, 0x20, 0x01, 0x05);
    expect(verifyMptProof(keccak256(overlong), Uint8Array.of(0x01), [overlong]).kind).toBe('invalid');
    const trailing = Uint8Array.of(...node, 0x00);
    expect(verifyMptProof(keccak256(trailing), Uint8Array.of(0x01), [trailing]).kind).toBe('invalid');
  });

  it('bytes of any kind without throwing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 32 }),
        (nodes, path) => {
          const root = nodes[0] === undefined ? new Uint8Array(32) : keccak256(nodes[0]);
          expect(['value', 'absent', 'invalid']).toContain(verifyMptProof(root, path, nodes).kind);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('lists nested without end', () => {
    const deep = new Uint8Array(4000).fill(0xc1);
    deep[3999] = 0xc0;
    expect(verifyMptProof(keccak256(deep), Uint8Array.of(1), [deep]).kind).toBe('invalid');
  });
});

function value(key: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(length).fill((key[0] ?? 0) | 1);
}

/** A plain recursive trie of the Yellow Paper's appendix D, for tests only: shares no code with the verifier. */
function buildTrie(entries: readonly (readonly [Uint8Array, Uint8Array])[]): {
  root: Uint8Array;
  prove(key: Uint8Array): Uint8Array[];
} {
  const nibbles = (key: Uint8Array): number[] => [...key].flatMap((byte) => [byte >> 4, byte & 15]);
  const pack = (path: readonly number[], leaf: boolean): Uint8Array => {
    const flag = (leaf ? 2 : 0) + (path.length % 2);
    const all = path.length % 2 === 1 ? [flag, ...path] : [flag, 0, ...path];
    return Uint8Array.from({ length: all.length / 2 }, (_, i) => all[i * 2]! * 16 + all[i * 2 + 1]!);
  };
  type Entry = { path: number[]; value: Uint8Array };
  const node = (held: Entry[]): RlpItem => {
    if (held.length === 1) return [pack(held[0]!.path, true), held[0]!.value];
    let shared = 0;
    while (held.every(({ path }) => path.length > shared && path[shared] === held[0]!.path[shared])) shared++;
    const cut = (some: Entry[], n: number): Entry[] => some.map((e) => ({ path: e.path.slice(n), value: e.value }));
    if (shared > 0) return [pack(held[0]!.path.slice(0, shared), false), child(cut(held, shared))];
    const children = Array.from({ length: 16 }, (_, nibble) => {
      const below = held.filter(({ path }) => path[0] === nibble);
      return below.length === 0 ? new Uint8Array(0) : child(cut(below, 1));
    });
    return [...children, held.find(({ path }) => path.length === 0)?.value ?? new Uint8Array(0)];
  };
  const store = new Map<string, Uint8Array>();
  const child = (held: Entry[]): RlpItem => {
    const item = node(held);
    const bytes = encodeRlp(item);
    if (bytes.length < 32) return item;
    const hash = keccak256(bytes);
    store.set(Buffer.from(hash).toString('hex'), bytes);
    return hash;
  };
  const top = node(entries.map(([key, held]) => ({ path: nibbles(key), value: held })));
  const topBytes = encodeRlp(top);
  return {
    root: keccak256(topBytes),
    prove: (key) => {
      const proof = [topBytes];
      let current: RlpItem = top;
      let path = nibbles(key);
      for (;;) {
        if (current instanceof Uint8Array) {
          const stored = store.get(Buffer.from(current).toString('hex'));
          if (stored === undefined) return proof;
          proof.push(stored);
          current = decode(stored);
          continue;
        }
        const list = current;
        if (list.length === 17) {
          if (path.length === 0) return proof;
          current = list[path[0]!]!;
          path = path.slice(1);
          if (current instanceof Uint8Array && current.length === 0) return proof;
          continue;
        }
        const packed = list[0] as Uint8Array;
        const all = nibbles(packed);
        const segment = all.slice(all[0]! % 2 === 1 ? 1 : 2);
        if (all[0]! >= 2 || !segment.every((n, i) => n === path[i])) return proof;
        path = path.slice(segment.length);
        current = list[1]!;
      }
    },
  };
}

function decode(bytes: Uint8Array): RlpItem {
  const read = (offset: number): [RlpItem, number] => {
    const prefix = bytes[offset]!;
    if (prefix < 0x80) return [bytes.slice(offset, offset + 1), offset + 1];
    const list = prefix >= 0xc0;
    const short = prefix - (list ? 0xc0 : 0x80);
    let start = offset + 1;
    let length = short;
    if (short > 55) {
      length = 0;
      for (let i = 0; i < short - 55; i++) length = length * 256 + bytes[start + i]!;
      start += short - 55;
    }
    if (!list) return [bytes.slice(start, start + length), start + length];
    const items: RlpItem[] = [];
    let at = start;
    while (at < start + length) {
      const [item, next] = read(at);
      items.push(item);
      at = next;
    }
    return [items, at];
  };
  return read(0)[0];
}
