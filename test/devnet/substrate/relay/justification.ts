/**
 * GRANDPA justifications signed with the development keys, honest ones and broken ones. The keys of every development
 * account are known here, so whoever the runtime makes an authority can sign.
 */
import {
  type AuthoritySet,
  encodeJustification,
  finalityThreshold,
  type Precommit,
  precommitMessage,
} from '../../../../light-clients/grandpa/index.ts';
import { createScaleReader, sameBytes } from '../../../../light-clients/scale.ts';
import type { DevAccount } from '../accounts.ts';
import { type Block, hashBytes, stateOf } from '../chain/block.ts';
import type { Runtime } from '../chain/runtime.ts';
import { GRANDPA_AUTHORITIES_KEY } from './genesis.ts';

/** How a justification is wrong. */
export type JustificationFlaw =
  /** One vote fewer than the threshold. */
  | 'tooFewVotes'
  /** One voter twice in place of two voters. */
  | 'repeatedVote'
  /** One voter signs a second block as well, and counts for two. */
  | 'equivocation'
  /** One vote is by a key outside the set. */
  | 'stranger'
  /** One signature is of other bytes. */
  | 'badSignature'
  /** Signed for another set id. */
  | 'wrongSet';

const AUTHORITIES_MAX = 10_000;

/** The set that signs a block: authorities and id in the state of its parent. */
export function setThatSigns(runtime: Runtime, block: Block): AuthoritySet {
  const state = stateOf(block.parent ?? block);
  const list = createScaleReader(state.get(GRANDPA_AUTHORITIES_KEY) ?? new Uint8Array(0), 'grandpa authorities');
  list.u8();
  const authorities = Array.from({ length: list.length(AUTHORITIES_MAX) }, () => ({
    key: list.bytes(32),
    weight: list.u64(),
  }));
  const id = state.get(runtime.storageKey('Grandpa', 'CurrentSetId'));
  return { setId: id === undefined ? 0n : createScaleReader(id, 'set id').u64(), authorities };
}

export function signJustification(
  block: Block,
  set: AuthoritySet,
  accounts: readonly DevAccount[],
  round: bigint,
  flaw?: JustificationFlaw,
): Uint8Array {
  const target = { hash: hashBytes(block), number: block.number };
  const total = set.authorities.reduce((sum, { weight }) => sum + weight, 0n);
  const need = Number(finalityThreshold(total));
  const count = flaw === 'tooFewVotes' || flaw === 'repeatedVote' || flaw === 'equivocation' ? need - 1 : need;
  const setId = flaw === 'wrongSet' ? set.setId + 1n : set.setId;
  const vote = (key: Uint8Array, voted = target): Precommit => {
    const signer = accounts.find(({ grandpa }) => sameBytes(grandpa.publicKey, key))?.grandpa;
    if (signer === undefined) throw new Error('an authority whose key is not a development key');
    return { target: voted, signature: signer.sign(precommitMessage(voted, round, setId)), authority: key };
  };
  const precommits = set.authorities.slice(0, count).map(({ key }) => vote(key));
  const first = set.authorities[0];
  const outsider = accounts.find(
    ({ grandpa }) => !set.authorities.some(({ key }) => sameBytes(key, grandpa.publicKey)),
  );
  if (flaw === 'repeatedVote' && first !== undefined) precommits.push(vote(first.key));
  if (flaw === 'equivocation' && first !== undefined) {
    const other = { hash: hashBytes(block).map((byte) => byte ^ 255), number: block.number };
    precommits.push(vote(first.key, other));
  }
  if (flaw === 'stranger' && outsider !== undefined) {
    precommits.splice(precommits.length - 1, 1, vote(outsider.grandpa.publicKey));
  }
  if (flaw === 'badSignature' && first !== undefined) {
    const signature = vote(first.key, { hash: target.hash, number: target.number + 1 }).signature;
    precommits.splice(0, 1, { target, signature, authority: first.key });
  }
  return encodeJustification({ round, target, precommits, ancestries: [] });
}

/** Does the header hand over to another set: a `FRNK` scheduled change? */
export function handsOver(block: Block): boolean {
  return block.header.digest.some((item) => item.kind === 'consensus' && item.engine === 'FRNK' && item.data[0] === 1);
}
