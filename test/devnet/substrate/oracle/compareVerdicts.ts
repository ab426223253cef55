/**
 * The light client's verdicts beside the pallet's, over drawn justifications. Where they differ, the difference must be
 * one of those listed here; each is a choice of `light-clients/grandpa/verifyJustification.ts`.
 */
import {
  type AuthoritySet,
  decodeJustification,
  type Justification,
  verifyJustification,
} from '../../../../light-clients/grandpa/index.ts';
import { hexOf, sameBytes } from '../../../../light-clients/scale.ts';
import { hashBytes } from '../chain/block.ts';
import type { Draw } from '../workload.ts';
import type { BridgePallet } from './bridgePallet.ts';
import { drawJustification, type VoteTable } from './drawJustification.ts';

export interface Comparison {
  readonly tried: number;
  readonly agreed: number;
  /** Of those agreed on. */
  readonly accepted: number;
  /** How often each listed difference was met. */
  readonly differences: Readonly<Record<string, number>>;
  /** Differences that are not listed: mistakes of one side. At most ten are described. */
  readonly unexplained: readonly string[];
}

const DESCRIBED_MAX = 10;

export function compareVerdicts(
  pallet: BridgePallet,
  table: VoteTable,
  set: AuthoritySet,
  draw: Draw,
  count: number,
): Comparison {
  const differences: Record<string, number> = {};
  const unexplained: string[] = [];
  let agreed = 0;
  let accepted = 0;
  for (let tried = 0; tried < count; tried++) {
    const { target, bytes, done } = drawJustification(table, draw);
    const verdict = verifyJustification(bytes, set);
    const ours = verdict.kind === 'valid' && sameBytes(verdict.value.hash, hashBytes(target));
    const theirs = pallet.judge(target.headerBytes, bytes);
    if (ours === (theirs === 'accepted')) {
      agreed += 1;
      if (ours) accepted += 1;
      continue;
    }
    const reason = verdict.kind === 'valid' ? 'valid' : verdict.reason;
    const known = explain(ours, reason, bytes);
    if (known !== undefined) differences[known] = (differences[known] ?? 0) + 1;
    else if (unexplained.length < DESCRIBED_MAX) {
      unexplained.push(`[${done.join(', ')}] ours: ${reason}; pallet: ${theirs}; ${hexOf(bytes)}`);
    }
  }
  return { tried: count, agreed, accepted, differences, unexplained };
}

/** The listed difference that a case falls under. */
function explain(ours: boolean, reason: string, bytes: Uint8Array): string | undefined {
  const justification = decodeJustification(bytes);
  const twice = votesTwice(justification);
  // finality-grandpa counts an equivocator once and takes both votes' ways; the pallet looks at the first vote alone.
  if (ours) return twice ? 'the ancestry of a second vote is accepted' : undefined;
  if (reason.includes('stranger')) return 'a vote of a stranger is refused';
  if (reason.includes('one vote twice')) return 'a vote given twice is refused';
  if (reason.includes('more than twice')) return 'a third vote is refused';
  if (reason.includes('one ancestry header twice')) return 'an ancestry header given twice is refused';
  if (reason.includes('block numbers do not follow')) return 'a vote with the right hash and another number is refused';
  if (twice && reason.includes('ancestry')) return 'a second vote must be for a descendant';
  if (twice && reason.includes('signature')) return 'a second vote must be signed';
  return undefined;
}

function votesTwice({ precommits }: Justification): boolean {
  return new Set(precommits.map(({ authority }) => hexOf(authority))).size !== precommits.length;
}
