/**
 * Does a proof look like the tree its spec describes? Without this, bytes of one kind of node pass for another and anything can
 * be proven: the BNB hub and Dragonberry incidents of October 2022 were holes in these checks.
 *
 * `checkAgainstSpec` is the reference's rule. `checkNodeShapes` is narrower and ours: for the three known trees every node
 * must have exactly the bytes that a real one has, with one child missing and the other in place.
 */
import { orderBytes, sameBytes } from '../protobuf.ts';
import { IAVL_SPEC, SMT_SPEC, TENDERMINT_SPEC, sameTree } from './specs.ts';
import { DEPTH_MAX, HASH_OPS, type ExistenceProof, type InnerOp, type LeafOp, type ProofSpec } from './types.ts';

/** The reason why it does not fit, or undefined. */
export type Problem = string | undefined;

const INNER_PREFIX = 1;
/** In an IAVL node every child hash is preceded by its length, 32. */
const IAVL_LENGTH = 0x20;
const IAVL_CHILD = 33;

export function checkAgainstSpec(proof: ExistenceProof, spec: ProofSpec): Problem {
  if (proof.leaf === undefined) return 'existence proof has no leaf';
  const leaf = checkLeaf(proof.leaf, spec.leaf) ?? (sameTree(spec, IAVL_SPEC) ? checkIavl(proof.leaf, 0) : undefined);
  if (leaf !== undefined) return `leaf: ${leaf}`;
  if (spec.minDepth > 0 && proof.path.length < spec.minDepth) return 'too few inner nodes';
  if (proof.path.length > (spec.maxDepth === 0 ? DEPTH_MAX : spec.maxDepth)) return 'too many inner nodes';
  for (const [index, op] of proof.path.entries()) {
    const problem = checkInner(op, spec, index + 1);
    if (problem !== undefined) return `inner node ${index}: ${problem}`;
  }
  return undefined;
}

/** The leaf's operations must be the spec's, and its prefix start with the spec's. */
export function checkLeaf(leaf: LeafOp, spec: LeafOp): Problem {
  if (leaf.hash !== spec.hash) return 'unexpected hash';
  if (leaf.prehashKey !== spec.prehashKey) return 'unexpected hash of the key';
  if (leaf.prehashValue !== spec.prehashValue) return 'unexpected hash of the value';
  if (leaf.length !== spec.length) return 'unexpected length encoding';
  return startsWith(leaf.prefix, spec.prefix) ? undefined : 'unexpected prefix';
}

function checkInner(op: InnerOp, spec: ProofSpec, layer: number): Problem {
  const { inner } = spec;
  if (op.hash !== inner.hash) return 'unexpected hash';
  if (inner.childSize <= 0 || inner.minPrefixLength > inner.maxPrefixLength) return 'the spec is not sound';
  if (sameTree(spec, IAVL_SPEC)) {
    const problem = checkIavl(op, layer);
    if (problem !== undefined) return problem;
  }
  if (sameTree(spec, TENDERMINT_SPEC)) {
    const problem = checkFixedInner(op, inner.childSize);
    if (problem !== undefined) return problem;
  }
  // An inner node that starts as a leaf does could be one.
  if (startsWith(op.prefix, spec.leaf.prefix)) return 'prefix is that of a leaf';
  if (op.prefix.length < inner.minPrefixLength) return 'prefix is too short';
  const leftChildrenBytes = (inner.childOrder.length - 1) * inner.childSize;
  if (op.prefix.length > inner.maxPrefixLength + leftChildrenBytes) return 'prefix is too long';
  return op.suffix.length % inner.childSize === 0 ? undefined : 'suffix is not made of whole children';
}

/** Height, size and version lead an IAVL node; then nothing (leaf), or the length of a child, or the left child and a length. */
function checkIavl(op: { readonly prefix: Uint8Array; readonly hash: number }, layer: number): Problem {
  let offset = 0;
  for (let i = 0; i < 3; i++) {
    const read = readSignedVarint(op.prefix, offset);
    if (read === undefined) return 'IAVL prefix is cut short';
    if (read.value < 0n) return 'IAVL number is negative';
    if (i === 0 && read.value < BigInt(layer)) return 'IAVL height is below its layer';
    offset = read.next;
  }
  const rest = op.prefix.length - offset;
  if (layer === 0) return rest === 0 ? undefined : 'IAVL leaf prefix has extra bytes';
  if (rest !== 1 && rest !== 1 + IAVL_CHILD) return 'IAVL prefix has extra bytes';
  return op.hash === HASH_OPS.sha256 ? undefined : 'unexpected hash';
}

/** Exactly one byte of prefix and the right child after, or that byte and the left child before. */
function checkFixedInner(op: InnerOp, childSize: number): Problem {
  if (op.prefix[0] !== INNER_PREFIX) return 'unexpected prefix of an inner node';
  const rightMissing = op.prefix.length === 1 && op.suffix.length === childSize;
  const leftMissing = op.prefix.length === 1 + childSize && op.suffix.length === 0;
  return rightMissing || leftMissing ? undefined : 'inner node does not have exactly two children';
}

/**
 * DIFF FROM SPEC: narrower. The reference lets a leaf prefix go on with any bytes and an IAVL inner node have no second child
 * or two; no honest tree has such nodes.
 */
export function checkNodeShapes(proof: ExistenceProof, spec: ProofSpec): Problem {
  const iavl = sameTree(spec, IAVL_SPEC);
  if (!iavl && !sameTree(spec, TENDERMINT_SPEC) && !sameTree(spec, SMT_SPEC)) return undefined;
  if (!iavl && proof.leaf !== undefined && !sameBytes(proof.leaf.prefix, spec.leaf.prefix)) {
    return 'leaf prefix has extra bytes';
  }
  for (const op of proof.path) {
    const problem = iavl ? checkIavlChildren(op) : checkFixedInner(op, spec.inner.childSize);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkIavlChildren(op: InnerOp): Problem {
  const { prefix, suffix } = op;
  if (prefix.at(-1) !== IAVL_LENGTH) return 'IAVL child has no length';
  if (suffix.length !== 0) {
    const one = suffix.length === IAVL_CHILD && suffix[0] === IAVL_LENGTH && prefix.length < IAVL_CHILD;
    return one ? undefined : 'IAVL node does not have exactly two children';
  }
  return prefix.length > IAVL_CHILD && prefix[prefix.length - 1 - IAVL_CHILD] === IAVL_LENGTH
    ? undefined
    : 'IAVL node does not have exactly two children';
}

/** A zigzag varint of at most 64 bits, as Go writes it. */
function readSignedVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: bigint; readonly next: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) {
      if (value >= 1n << 64n) return undefined;
      return { value: (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n), next: start + i + 1 };
    }
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && orderBytes(bytes.subarray(0, prefix.length), prefix) === 0;
}
