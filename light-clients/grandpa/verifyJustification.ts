/**
 * Does this justification finalize its target under this authority set?
 *
 * Trusted: the authority set (fewer than a third of its weight is faulty). Proven when valid: voters of at least the
 * threshold weight signed, in one round of this set, precommits for the target or for descendants of it. Not proven: that
 * the target's header is known to anybody, or what is in it; that is bound by the hash.
 *
 * The rules are those of the node (sc-consensus-grandpa `verify_with_voter_set`, finality-grandpa `validate_commit`), made
 * stricter where the bridge pallet is (bp-header-chain `verify_justification`):
 * - A voter counts once. Two different votes of one voter are an equivocation: the node counts its weight once and allows
 *   no third vote; so here. One vote twice is refused (the node ignores the copy, the bridge pallet refuses it).
 * - DIFF FROM SPEC: a vote of a stranger is refused (the node skips it but still checks its signature).
 * - DIFF FROM SPEC: every vote must be for the target or a descendant. The node also takes an equivocator's vote on a fork,
 *   if its ancestry reaches the lowest vote; honest nodes cannot build that justification.
 * - DIFF FROM SPEC: the node also asks that no block above the target has the threshold. Such a target is final all the
 *   same, so this is not asked (nor does the bridge pallet).
 * - Votes beyond the threshold are fine, as nodes send them; every one of them must be signed correctly.
 * - An ancestry header that lies on no way from a vote to the target is refused, as is one given twice.
 */
import { must, judge, Refusal } from '../refusal.ts';
import { hexOf, sameBytes } from '../scale.ts';
import type { Verdict } from '../verdict.ts';
import { type AuthoritySet, finalityThreshold, weighAuthorities } from './authoritySet.ts';
import { verifyEd25519 } from '../ed25519.ts';
import { hashHeader } from './header.ts';
import { type BlockId, decodeJustification, type Justification, precommitMessage } from './justification.ts';

/** The finalized block, when the bytes are a justification of it by the set. */
export function verifyJustification(bytes: Uint8Array, set: AuthoritySet): Verdict<BlockId> {
  return judge(() => {
    const justification = decodeJustification(bytes);
    checkJustification(justification, set);
    return justification.target;
  });
}

/** As `verifyJustification`, after decoding. Throws `Refusal`. Signatures come last: all that is cheap is before them. */
export function checkJustification(justification: Justification, set: AuthoritySet): void {
  checkWeight(justification, set);
  checkAncestry(justification);
  for (const { target, signature, authority } of justification.precommits) {
    const message = precommitMessage(target, justification.round, set.setId);
    if (!verifyEd25519(signature, message, authority)) {
      throw new Refusal(`justification: a signature is not valid under set ${set.setId}`);
    }
  }
}

function checkWeight(justification: Justification, set: AuthoritySet): void {
  const weights = new Map(set.authorities.map((authority) => [hexOf(authority.key), authority.weight]));
  const votes = new Map<string, Uint8Array>();
  const equivocators = new Set<string>();
  let weight = 0n;
  for (const { authority, target } of justification.precommits) {
    const voter = hexOf(authority);
    const voterWeight = weights.get(voter);
    if (voterWeight === undefined) throw new Refusal('justification: a vote of a stranger to the set');
    const earlier = votes.get(voter);
    if (earlier === undefined) {
      votes.set(voter, target.hash);
      weight += voterWeight;
      continue;
    }
    must(!equivocators.has(voter), 'justification: one voter more than twice');
    must(!sameBytes(earlier, target.hash), 'justification: one vote twice');
    equivocators.add(voter);
  }
  const threshold = finalityThreshold(weighAuthorities(set.authorities));
  if (weight < threshold) throw new Refusal(`justification: weight ${weight} is under the threshold ${threshold}`);
}

interface Ancestor {
  readonly parent: string;
  readonly number: number;
  used: boolean;
}

function checkAncestry(justification: Justification): void {
  const { target, precommits } = justification;
  const ancestors = new Map<string, Ancestor>();
  for (const { header, bytes } of justification.ancestries) {
    const hash = hexOf(hashHeader(bytes));
    must(!ancestors.has(hash), 'justification: one ancestry header twice');
    ancestors.set(hash, { parent: hexOf(header.parentHash), number: header.number, used: false });
  }

  const targetHash = hexOf(target.hash);
  for (const { target: voted } of precommits) {
    let hash = hexOf(voted.hash);
    let number = voted.number;
    // Down from the vote to the target, or to a header on a way already walked.
    while (hash !== targetHash) {
      const ancestor = ancestors.get(hash);
      if (ancestor === undefined) throw new Refusal('justification: a vote for a block without ancestry to the target');
      must(ancestor.number === number && number > 0, 'justification: block numbers do not follow the ancestry');
      if (ancestor.used) break;
      ancestor.used = true;
      hash = ancestor.parent;
      number -= 1;
    }
    if (hash === targetHash) must(number === target.number, 'justification: block numbers do not follow the ancestry');
  }

  for (const ancestor of ancestors.values())
    must(ancestor.used, 'justification: an ancestry header that no vote needs');
}
