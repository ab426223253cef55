/**
 * Absence rests on order: two leaves with nothing between them, or the first or last leaf. These functions read the order off
 * the paddings of the inner nodes, where a placeholder for an empty branch counts as nothing.
 */
import { sameBytes } from '../protobuf.ts';
import type { InnerOp, InnerSpec } from './types.ts';

interface Padding {
  readonly minPrefix: number;
  readonly maxPrefix: number;
  readonly suffix: number;
}

/** No leaf lies left of this path. */
export function isLeftMost(spec: InnerSpec, path: readonly InnerOp[]): boolean {
  const padding = paddingOf(spec, 0);
  if (padding === undefined) return false;
  return path.every((op) => fits(op, padding) || leftBranchesAreEmpty(spec, op));
}

/** No leaf lies right of this path. */
export function isRightMost(spec: InnerSpec, path: readonly InnerOp[]): boolean {
  const padding = paddingOf(spec, spec.childOrder.length - 1);
  if (padding === undefined) return false;
  return path.every((op) => fits(op, padding) || rightBranchesAreEmpty(spec, op));
}

/** The two paths part at neighbouring branches of one node, and nothing lies between them below it. */
export function isLeftNeighbour(spec: InnerSpec, left: readonly InnerOp[], right: readonly InnerOp[]): boolean {
  let [leftTop, rightTop] = [left.length - 1, right.length - 1];
  while (leftTop >= 0 && rightTop >= 0 && sameStep(left[leftTop], right[rightTop])) {
    leftTop--;
    rightTop--;
  }
  const [leftStep, rightStep] = [left[leftTop], right[rightTop]];
  // One path ends where the other goes on: a leaf cannot be an inner node as well.
  if (leftStep === undefined || rightStep === undefined) return false;
  const leftBranch = branchOf(spec, leftStep);
  const rightBranch = branchOf(spec, rightStep);
  if (leftBranch === undefined || rightBranch !== leftBranch + 1) return false;
  return isRightMost(spec, left.slice(0, leftTop)) && isLeftMost(spec, right.slice(0, rightTop));
}

/** All branches left of this node's child are placeholders. */
export function leftBranchesAreEmpty(spec: InnerSpec, op: InnerOp): boolean {
  const branches = branchOf(spec, op);
  if (branches === undefined || branches === 0 || spec.emptyChild.length !== spec.childSize) return false;
  const start = op.prefix.length - branches * spec.childSize;
  if (start < 0) return false;
  return areEmpty(spec, op.prefix.subarray(start));
}

/** All branches right of this node's child are placeholders. */
export function rightBranchesAreEmpty(spec: InnerSpec, op: InnerOp): boolean {
  const branch = branchOf(spec, op);
  if (branch === undefined || spec.emptyChild.length !== spec.childSize) return false;
  const branches = spec.childOrder.length - 1 - branch;
  if (branches === 0 || op.suffix.length !== branches * spec.childSize) return false;
  return areEmpty(spec, op.suffix);
}

function areEmpty(spec: InnerSpec, children: Uint8Array): boolean {
  for (let offset = 0; offset < children.length; offset += spec.childSize) {
    if (!sameBytes(children.subarray(offset, offset + spec.childSize), spec.emptyChild)) return false;
  }
  return true;
}

/** Which child of its node the path goes through, in the order of keys. */
function branchOf(spec: InnerSpec, op: InnerOp): number | undefined {
  for (let branch = 0; branch < spec.childOrder.length; branch++) {
    const padding = paddingOf(spec, branch);
    if (padding !== undefined && fits(op, padding)) return branch;
  }
  return undefined;
}

function paddingOf(spec: InnerSpec, branch: number): Padding | undefined {
  const position = spec.childOrder.indexOf(branch);
  if (position < 0) return undefined;
  const before = position * spec.childSize;
  return {
    minPrefix: before + spec.minPrefixLength,
    maxPrefix: before + spec.maxPrefixLength,
    suffix: (spec.childOrder.length - 1 - position) * spec.childSize,
  };
}

function fits(op: InnerOp, padding: Padding): boolean {
  return (
    op.prefix.length >= padding.minPrefix &&
    op.prefix.length <= padding.maxPrefix &&
    op.suffix.length === padding.suffix
  );
}

function sameStep(a: InnerOp | undefined, b: InnerOp | undefined): boolean {
  return a !== undefined && b !== undefined && sameBytes(a.prefix, b.prefix) && sameBytes(a.suffix, b.suffix);
}
