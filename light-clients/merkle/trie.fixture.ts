/** Tries made up for tests, and the proofs that a node would give from them. */
import { keccak256 } from '../keccak.ts';
import { nibblesOf } from './mptProof.ts';
import { encodeRlp, integerBytes } from './rlp.ts';
import { type TrieEntry, trieRoot } from './trieRoot.ts';

export interface TestTrie {
  readonly root: Uint8Array;
  /** The nodes on the way to the key, or to where it would be. */
  prove(key: Uint8Array): Uint8Array[];
}

export function testTrie(entries: readonly TrieEntry[]): TestTrie {
  const nodes: { readonly depth: number; readonly path: string; readonly bytes: Uint8Array }[] = [];
  const root = trieRoot(entries, (depth, path, bytes) => {
    nodes.push({ depth, path: text(path.subarray(0, depth)), bytes });
  });
  return {
    root,
    prove(key) {
      const path = text(nibblesOf(key));
      return nodes
        .filter((node) => path.startsWith(node.path))
        .sort((a, b) => a.depth - b.depth)
        .map(({ bytes }) => bytes);
    },
  };
}

/** A storage trie: words under slots, both of 32 bytes. */
export function storageTrie(words: readonly (readonly [slot: Uint8Array, word: Uint8Array])[]): TestTrie {
  return testTrie(
    words.map(([slot, word]) => [
      keccak256(slot),
      encodeRlp(integerBytes(BigInt(`0x${Buffer.from(word).toString('hex')}`))),
    ]),
  );
}

/** A state trie of accounts at addresses of 20 bytes. */
export function stateTrie(
  accounts: readonly {
    readonly address: Uint8Array;
    readonly storageRoot: Uint8Array;
    readonly codeHash: Uint8Array;
  }[],
): TestTrie {
  return testTrie(
    accounts.map(({ address, storageRoot, codeHash }) => [
      keccak256(address),
      encodeRlp([integerBytes(1), integerBytes(10n ** 18n), storageRoot, codeHash]),
    ]),
  );
}

function text(nibbles: Uint8Array): string {
  return Array.from(nibbles, (nibble) => nibble.toString(16)).join('');
}
