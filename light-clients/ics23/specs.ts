/** The three stores of the Cosmos world, and how to recognise them. */
import { HASH_OPS, LENGTH_OPS, type ProofSpec } from './types.ts';

/** A store of an SDK application. */
export const IAVL_SPEC: ProofSpec = {
  leaf: {
    hash: HASH_OPS.sha256,
    prehashKey: HASH_OPS.none,
    prehashValue: HASH_OPS.sha256,
    length: LENGTH_OPS.varint,
    prefix: Uint8Array.of(0),
  },
  inner: {
    childOrder: [0, 1],
    childSize: 33,
    minPrefixLength: 4,
    maxPrefixLength: 12,
    emptyChild: new Uint8Array(0),
    hash: HASH_OPS.sha256,
  },
  maxDepth: 0,
  minDepth: 0,
  prehashKeyBeforeComparison: false,
};

/** The tree over the store roots, whose root is the app hash. */
export const TENDERMINT_SPEC: ProofSpec = {
  leaf: IAVL_SPEC.leaf,
  inner: { ...IAVL_SPEC.inner, childSize: 32, minPrefixLength: 1, maxPrefixLength: 1 },
  maxDepth: 0,
  minDepth: 0,
  prehashKeyBeforeComparison: false,
};

/** The sparse Merkle tree, ordered by the hash of the key. */
export const SMT_SPEC: ProofSpec = {
  leaf: { ...IAVL_SPEC.leaf, prehashKey: HASH_OPS.sha256, length: LENGTH_OPS.none },
  inner: { ...TENDERMINT_SPEC.inner, emptyChild: new Uint8Array(32) },
  maxDepth: 256,
  minDepth: 0,
  prehashKeyBeforeComparison: true,
};

/** A membership proof of an SDK chain goes through these, from the store up to the app hash. */
export const SDK_SPECS: readonly ProofSpec[] = [IAVL_SPEC, TENDERMINT_SPEC];

/** Whether two specs describe one kind of tree; depth and leaf prefix are not part of the comparison, as in the reference. */
export function sameTree(a: ProofSpec, b: ProofSpec): boolean {
  return (
    a.leaf.hash === b.leaf.hash &&
    a.leaf.prehashKey === b.leaf.prehashKey &&
    a.leaf.prehashValue === b.leaf.prehashValue &&
    a.leaf.length === b.leaf.length &&
    a.inner.hash === b.inner.hash &&
    a.inner.minPrefixLength === b.inner.minPrefixLength &&
    a.inner.maxPrefixLength === b.inner.maxPrefixLength &&
    a.inner.childSize === b.inner.childSize &&
    a.inner.childOrder.length === b.inner.childOrder.length
  );
}
