/**
 * The finality gadget: finalizes by justifications of the authorities that the runtime names, never past a block that
 * hands over to the next set, and answers `grandpa_proveFinality` as a node does.
 *
 * Kept, as by a node: the justification of every block that hands over, one every `justificationPeriod` blocks, and the
 * newest. Source: sc-consensus-grandpa `environment.rs`, `finality_proof.rs`.
 */
import { compactBytes, joinBytes, sizedBytes } from '../../../../light-clients/scale.ts';
import type { AuthoritySet } from '../../../../light-clients/grandpa/index.ts';
import type { DevAccount } from '../accounts.ts';
import { type Block, hashBytes } from '../chain/block.ts';
import type { Chain } from '../chain/createChain.ts';
import { handsOver, type JustificationFlaw, setThatSigns, signJustification } from './justification.ts';

export interface FinalizedBlock {
  readonly block: Block;
  readonly set: AuthoritySet;
  readonly round: bigint;
  readonly justification: Uint8Array;
}

export interface Grandpa {
  /** Finalizes up to a block: one justification for each hand-over on the way, and one for the block. */
  finalizeTo(block: Block): readonly FinalizedBlock[];
  /** The newest justification. */
  latest(): FinalizedBlock | undefined;
  /** The set that signs descendants of a block whose state is kept. */
  setAfter(block: Block): AuthoritySet;
  proveFinality(number: number, wrong?: WrongProof): FinalityAnswer;
  /** A justification of any block, as a set that breaks its word could sign it. Nothing is finalized by it. */
  sign(block: Block): FinalizedBlock;
  /** The same votes, done wrong. */
  flawed(finalized: FinalizedBlock, flaw: JustificationFlaw): Uint8Array;
  listen(listener: (finalized: FinalizedBlock) => void): () => void;
}

/** How a proof misleads. */
export interface WrongProof {
  readonly flaw: JustificationFlaw | undefined;
  /** Goes straight to the newest justification, past the ends of sets. */
  readonly skipHandOvers: boolean;
  /** Ends in this block instead, down its own branch. */
  readonly fork: FinalizedBlock | undefined;
}

export type FinalityAnswer =
  { readonly kind: 'proof'; readonly bytes: Uint8Array } | { readonly kind: 'none' | 'notFinalized' };

/** `MAX_UNKNOWN_HEADERS` */
const UNKNOWN_HEADERS_MAX = 100_000;
const JUSTIFICATION_PERIOD = 512;

export function createGrandpa(
  chain: Chain,
  accounts: readonly DevAccount[],
  justificationPeriod = JUSTIFICATION_PERIOD,
): Grandpa {
  /** The last block of each set that has ended. */
  const handOvers: FinalizedBlock[] = [];
  const listeners = new Set<(finalized: FinalizedBlock) => void>();
  let latest: FinalizedBlock | undefined;

  const sign = (block: Block): FinalizedBlock => {
    const set = setThatSigns(chain.runtime, block);
    const round = latest?.set.setId === set.setId ? latest.round + 1n : 1n;
    return { block, set, round, justification: signJustification(block, set, accounts, round) };
  };
  const finalizeOne = (block: Block): FinalizedBlock => {
    const before = chain.finalized();
    const finalized = sign(block);
    const { justification } = finalized;
    const periods = (number: number): number => Math.floor(number / justificationPeriod);
    const kept = handsOver(block) || periods(block.number) !== periods(before.number);
    chain.finalize(block, kept ? justification : undefined);
    latest = finalized;
    if (handsOver(block)) handOvers.push(finalized);
    for (const listener of listeners) listener(finalized);
    return finalized;
  };

  const flawed = ({ block, set, round }: FinalizedBlock, flaw: JustificationFlaw): Uint8Array =>
    signJustification(block, set, accounts, round, flaw);

  const proofOf = (number: number, proven: FinalizedBlock, flaw: JustificationFlaw | undefined): FinalityAnswer => {
    const { block } = proven;
    const justification = flaw === undefined ? proven.justification : flawed(proven, flaw);
    const headers: Uint8Array[] = [];
    for (let at: Block | undefined = block; at !== undefined && at.number > number; at = at.parent) {
      headers.push(at.headerBytes);
    }
    // The lowest ones when there are too many.
    headers.reverse().splice(UNKNOWN_HEADERS_MAX);
    const bytes = joinBytes([hashBytes(block), sizedBytes(justification), compactBytes(headers.length), ...headers]);
    return { kind: 'proof', bytes };
  };

  return {
    finalizeTo: (block) => {
      const path: Block[] = [];
      for (let at: Block | undefined = block; at !== undefined && at !== chain.finalized(); at = at.parent) {
        path.unshift(at);
      }
      return path.filter((at) => at === block || handsOver(at)).map(finalizeOne);
    },
    latest: () => latest,
    setAfter: (block) => setThatSigns(chain.runtime, { ...block, parent: block }),
    flawed,
    sign,
    proveFinality: (number, wrong) => {
      if (wrong?.fork !== undefined) {
        return number > wrong.fork.block.number ? { kind: 'notFinalized' } : proofOf(number, wrong.fork, wrong.flaw);
      }
      if (number > chain.finalized().number) return { kind: 'notFinalized' };
      // DIFF FROM NODE: before the first hand-over a node answers with an error that it has no data.
      const ended = wrong?.skipHandOvers === true ? undefined : handOvers.find(({ block }) => block.number >= number);
      const proven = ended ?? latest;
      return proven === undefined ? { kind: 'none' } : proofOf(number, proven, wrong?.flaw);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
