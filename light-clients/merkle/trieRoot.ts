/**
 * The root of a Merkle-Patricia trie from all that it holds: the way to check a list as a whole, such as a block's
 * receipts, at half a hash per entry, and without a proof for each.
 *
 * Trusts: nothing. Proves: a root that equals the one a verified header carries means that the trie holds exactly these
 * entries, no other and none left out.
 */
import { keccak256 } from '../keccak.ts';
import { EMPTY_TRIE_ROOT, nibblesOf } from './mptProof.ts';
import { encodeRlp, integerBytes, type RlpItem } from './rlp.ts';

export type TrieEntry = readonly [key: Uint8Array, value: Uint8Array];

/** Sees every node that has a hash of its own, children first: at which depth of whose path it stands, in nibbles. */
export type NodeVisitor = (depth: number, path: Uint8Array, node: Uint8Array) => void;

interface Leaf {
  readonly path: Uint8Array;
  readonly value: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Throws a `RangeError` for two entries of one key and for an empty value: no trie holds them. */
export function trieRoot(entries: readonly TrieEntry[], onNode: NodeVisitor = () => undefined): Uint8Array {
  if (entries.length === 0) return EMPTY_TRIE_ROOT;
  const leaves = entries
    .map(([key, value]): Leaf => ({ path: nibblesOf(key), value }))
    .sort((a, b) => Buffer.compare(a.path, b.path));
  leaves.forEach(({ path, value }, i) => {
    const next = leaves[i + 1];
    if (next !== undefined && Buffer.compare(path, next.path) === 0) throw new RangeError('Two entries of one key.');
    if (value.length === 0) throw new RangeError('An entry without a value.');
  });
  const root = encodeRlp(nodeOf(leaves, 0, onNode));
  onNode(0, pathOf(leaves), root);
  return keccak256(root);
}

/** The root of a trie that holds the values under their positions, as a block's transactions and receipts are kept. */
export function listRoot(values: readonly Uint8Array[], onNode?: NodeVisitor): Uint8Array {
  return trieRoot(
    values.map((value, index) => [encodeRlp(integerBytes(index)), value]),
    onNode,
  );
}

/** The node over leaves that agree in their first `depth` nibbles; sorted, at least one. */
function nodeOf(leaves: readonly Leaf[], depth: number, onNode: NodeVisitor): RlpItem {
  const [first] = leaves;
  if (first !== undefined && leaves.length === 1) return [hexPrefix(first.path.subarray(depth), true), first.value];
  const shared = sharedDepth(leaves, depth);
  if (shared > depth) {
    const child = referenceOf(leaves, shared, onNode);
    return [hexPrefix(pathOf(leaves).subarray(depth, shared), false), child];
  }
  const children: RlpItem[] = [];
  // The shorter path sorts first, so only the first leaf can end at this branch.
  const ending = first?.path.length === depth ? first : undefined;
  let from = ending === undefined ? 0 : 1;
  for (let nibble = 0; nibble < 16; nibble++) {
    let to = from;
    while (leaves[to]?.path[depth] === nibble) to++;
    children.push(to === from ? NOTHING : referenceOf(leaves.slice(from, to), depth + 1, onNode));
    from = to;
  }
  return [...children, ending?.value ?? NOTHING];
}

/** A child by its hash, or itself when it is shorter than a hash. */
function referenceOf(leaves: readonly Leaf[], depth: number, onNode: NodeVisitor): RlpItem {
  const node = nodeOf(leaves, depth, onNode);
  const bytes = encodeRlp(node);
  if (bytes.length < 32) return node;
  onNode(depth, pathOf(leaves), bytes);
  return keccak256(bytes);
}

/** Sorted, so that what the first and the last share, all share. */
function sharedDepth(leaves: readonly Leaf[], depth: number): number {
  const [first, last] = [pathOf(leaves), leaves.at(-1)?.path ?? NOTHING];
  let shared = depth;
  while (shared < first.length && first[shared] === last[shared]) shared++;
  return shared;
}

function pathOf(leaves: readonly Leaf[]): Uint8Array {
  return leaves[0]?.path ?? NOTHING;
}

/** Yellow Paper, appendix C: the flags for "leaf" and "odd" in the first nibble, then the path. */
function hexPrefix(nibbles: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = nibbles.length % 2;
  const bytes = new Uint8Array((nibbles.length - odd) / 2 + 1);
  bytes[0] = ((isLeaf ? 2 : 0) + odd) << 4;
  nibbles.forEach((nibble, i) => {
    const at = (i + 2 - odd) >> 1;
    bytes[at] = (bytes[at] as number) | ((i + odd) % 2 === 0 ? nibble << 4 : nibble);
  });
  return bytes;
}
