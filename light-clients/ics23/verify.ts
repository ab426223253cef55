/**
 * Membership and absence in a Cosmos store, against a root that a verified header carries.
 *
 * Trusts: the root. Proves: that the key has exactly this value, or that it has none. An SDK proof is a chain: the key in its
 * store's IAVL tree, then the store's root under the store's name in the tree whose root is the app hash. The app hash in
 * header H is that of the state after block H-1.
 * Source: cosmos/ics23 go/{proof,ops,ics23}.go; ibc-go modules/core/23-commitment/types/merkle.go.
 */
import { orderBytes, sameBytes } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import { checkAgainstSpec, checkNodeShapes } from './checkSpec.ts';
import { isLeftMost, isLeftNeighbour, isRightMost } from './neighbours.ts';
import { calculateRoot, hashOrNone } from './ops.ts';
import {
  CHAIN_MAX,
  type CommitmentProof,
  type ExistenceProof,
  type NonExistenceProof,
  type ProofSpec,
} from './types.ts';

/** The reason why it does not hold, or undefined. */
type Problem = string | undefined;

/**
 * Checks that `path` (the store's name last but one, the key last, as in ibc's Merkle paths) has `value` under `root`.
 * `proofs` and `specs` go from the key's tree upwards.
 */
export function verifyMembership(
  root: Uint8Array,
  specs: readonly ProofSpec[],
  path: readonly Uint8Array[],
  value: Uint8Array,
  proofs: readonly CommitmentProof[],
): Verdict<undefined> {
  return verdictOf(checkLengths(specs, path, proofs) ?? checkChain(root, specs, path, value, proofs, 0));
}

/** Checks that `path` has no value under `root`: the key is absent from its tree, and that tree is the one in the root. */
export function verifyNonMembership(
  root: Uint8Array,
  specs: readonly ProofSpec[],
  path: readonly Uint8Array[],
  proofs: readonly CommitmentProof[],
): Verdict<undefined> {
  const lengths = checkLengths(specs, path, proofs);
  if (lengths !== undefined) return verdictOf(lengths);
  const [spec, first, key] = [specs[0], proofs[0], path.at(-1)];
  if (spec === undefined || first === undefined || key === undefined) return verdictOf('no proof');
  if (first.kind !== 'nonExistence') return verdictOf('not a proof of absence');
  const neighbour = first.proof.left ?? first.proof.right;
  const subroot = neighbour === undefined ? undefined : calculateRoot(neighbour, spec);
  if (subroot === undefined) return verdictOf('proof of absence has no neighbour');
  const problem = checkAbsence(first.proof, spec, subroot, key);
  if (problem !== undefined) return verdictOf(problem);
  return verdictOf(
    specs.length === 1
      ? sameBytes(subroot, root)
        ? undefined
        : 'proof leads to another root'
      : checkChain(root, specs, path, subroot, proofs, 1),
  );
}

/** One existence proof against one root. */
export function verifyExistence(
  proof: ExistenceProof,
  spec: ProofSpec,
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array,
): Verdict<undefined> {
  return verdictOf(checkExistence(proof, spec, root, key, value));
}

/** One proof of absence against one root. */
export function verifyAbsence(
  proof: NonExistenceProof,
  spec: ProofSpec,
  root: Uint8Array,
  key: Uint8Array,
): Verdict<undefined> {
  return verdictOf(checkAbsence(proof, spec, root, key));
}

function checkLengths(
  specs: readonly ProofSpec[],
  path: readonly Uint8Array[],
  proofs: readonly CommitmentProof[],
): Problem {
  if (proofs.length === 0 || proofs.length > CHAIN_MAX) return 'no proof, or too many';
  return proofs.length === specs.length && proofs.length === path.length
    ? undefined
    : 'proofs, specs and path differ in length';
}

/** Each proof's root is the next one's value; the last one's root must be `root`. */
function checkChain(
  root: Uint8Array,
  specs: readonly ProofSpec[],
  path: readonly Uint8Array[],
  value: Uint8Array,
  proofs: readonly CommitmentProof[],
  from: number,
): Problem {
  let node = value;
  for (let level = from; level < proofs.length; level++) {
    const [entry, spec, key] = [proofs[level], specs[level], path[path.length - 1 - level]];
    if (entry === undefined || spec === undefined || key === undefined) return 'no proof';
    if (entry.kind !== 'existence') return 'not a proof of existence';
    const subroot = calculateRoot(entry.proof, spec);
    if (subroot === undefined) return 'proof does not lead to a root';
    const problem = checkExistence(entry.proof, spec, subroot, key, node);
    if (problem !== undefined) return problem;
    node = subroot;
  }
  return sameBytes(node, root) ? undefined : 'proof leads to another root';
}

function checkExistence(
  proof: ExistenceProof,
  spec: ProofSpec,
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array,
): Problem {
  const problem = checkAgainstSpec(proof, spec) ?? checkNodeShapes(proof, spec);
  if (problem !== undefined) return problem;
  if (!sameBytes(proof.key, key)) return 'proof is for another key';
  if (!sameBytes(proof.value, value)) return 'proof is for another value';
  const calculated = calculateRoot(proof, spec);
  if (calculated === undefined) return 'proof does not lead to a root';
  return sameBytes(calculated, root) ? undefined : 'proof leads to another root';
}

function checkAbsence(proof: NonExistenceProof, spec: ProofSpec, root: Uint8Array, key: Uint8Array): Problem {
  const { left, right } = proof;
  const compared = comparable(spec, key);
  if (compared === undefined || key.length === 0) return 'key cannot be compared';
  // The proof's own copy of the key is not hashed into anything; it must at least be the key that is asked for.
  if (!sameBytes(proof.key, key) && !sameBytes(proof.key, compared)) return 'proof is for another key';
  for (const neighbour of [left, right]) {
    if (neighbour === undefined) continue;
    const problem = checkExistence(neighbour, spec, root, neighbour.key, neighbour.value);
    if (problem !== undefined) return `neighbour: ${problem}`;
  }
  if (right !== undefined && !isBefore(compared, comparable(spec, right.key)))
    return 'key is not left of its right neighbour';
  if (left !== undefined && !isBefore(comparable(spec, left.key), compared))
    return 'key is not right of its left neighbour';
  if (left !== undefined && right !== undefined) {
    return isLeftNeighbour(spec.inner, left.path, right.path) ? undefined : 'the neighbours are not adjacent';
  }
  if (right !== undefined)
    return isLeftMost(spec.inner, right.path) ? undefined : 'right neighbour is not the first leaf';
  if (left !== undefined) return isRightMost(spec.inner, left.path) ? undefined : 'left neighbour is not the last leaf';
  return 'proof of absence has no neighbour';
}

function comparable(spec: ProofSpec, key: Uint8Array): Uint8Array | undefined {
  return spec.prehashKeyBeforeComparison ? hashOrNone(spec.leaf.prehashKey, key) : key;
}

function isBefore(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && orderBytes(a, b) < 0;
}

function verdictOf(problem: Problem): Verdict<undefined> {
  return problem === undefined ? { kind: 'valid', value: undefined } : { kind: 'invalid', reason: problem };
}
