/**
 * Looking for a second truth. A light client that follows one endpoint can be led onto a fork signed by more than a third of
 * the power; asking others for the same height shows it. Two blocks that both verify and exclude each other are a conflict:
 * the chain's safety is broken, and nothing that rests on it may go on.
 *
 * Two blocks exclude each other when they have one height and different hashes, or when the higher one is not later (which
 * catches headers made up far above the chain, to which no honest endpoint can show a rival).
 * Source: CometBFT spec/light-client/detection; ibc-go modules/light-clients/07-tendermint/misbehaviour.go.
 */
import { headerHash } from './canonical.ts';
import { checkQuorum, checkShape, checkSignatures } from './checkBlock.ts';
import { hexOf, sameBytes } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import {
  FLAG_COMMIT,
  type LightBlock,
  type SignedBlock,
  type TrustAnchor,
  type TrustedState,
  type TrustRules,
} from './types.ts';
import { anchorOf, checkContinuity, verifyTrace } from './verify.ts';

/** lunatic: made-up state; equivocation: two votes in one round; amnesia: votes in two rounds; time: the clock went back. */
export type Attack = 'lunatic' | 'equivocation' | 'amnesia' | 'time';

export interface Evidence {
  readonly attack: Attack;
  /** The height that both verifications started from. */
  readonly commonHeight: bigint;
  readonly blocks: readonly [SignedBlock, SignedBlock];
  /** Addresses that provably broke the protocol: they signed both blocks in one height and round. */
  readonly accused: readonly Uint8Array[];
}

export type Comparison =
  | Exclude<Verdict<'agrees'>, { readonly kind: 'conflict' }>
  | { readonly kind: 'conflict'; readonly reason: string; readonly evidence: Evidence };

/**
 * Compares a block verified from `trusted` with the trace of another endpoint, which starts from the same state and ends at
 * the same height, or at the endpoint's tip. `invalid` and `needsMore` speak of the witness: what it says does not verify, or
 * does not verify yet.
 */
export function compareWitness(
  trusted: TrustedState,
  verified: SignedBlock,
  trace: readonly LightBlock[],
  rules: TrustRules,
  nowNanos: bigint,
): Comparison {
  const other = trace.at(-1);
  if (other === undefined) return { kind: 'invalid', reason: 'witness: no block' };
  if (sameBytes(headerHash(other.header), headerHash(verified.header))) return { kind: 'valid', value: 'agrees' };
  const verdict = verifyTrace(trusted, trace, rules, nowNanos);
  if (verdict.kind === 'invalid' || verdict.kind === 'needsMore') {
    return { kind: verdict.kind, reason: `witness: ${verdict.reason}` };
  }
  const attack = contradiction(verified, other);
  return attack === undefined
    ? { kind: 'needsMore', reason: 'witness: has no block of this height yet' }
    : conflict(attack, trusted.header.height, verified, other);
}

/**
 * Checks an accusation: two blocks, each with the trusted point it is to be judged from. `conflict` when both are signed as
 * the rules want and exclude each other. Times are not held against the blocks: a wrong time may be the very misbehaviour.
 */
export function checkMisbehaviour(
  first: { readonly anchor: TrustAnchor; readonly block: SignedBlock },
  second: { readonly anchor: TrustAnchor; readonly block: SignedBlock },
  rules: TrustRules,
  nowNanos: bigint,
): Comparison {
  const attack = contradiction(first.block, second.block);
  if (attack === undefined) return { kind: 'invalid', reason: 'the blocks do not exclude each other' };
  for (const { anchor, block } of [first, second]) {
    const problem = checkSigned(anchor, block, rules, nowNanos);
    if (problem !== undefined) return { kind: 'invalid', reason: problem };
  }
  const common = first.anchor.height < second.anchor.height ? first.anchor.height : second.anchor.height;
  return conflict(attack, common, first.block, second.block);
}

/** The same for one block against the trusted state itself. */
export function contradictsState(
  state: TrustedState,
  block: SignedBlock,
  rules: TrustRules,
  nowNanos: bigint,
): boolean {
  return (
    contradiction(state, block) !== undefined && checkSigned(anchorOf(state), block, rules, nowNanos) === undefined
  );
}

/** How two headers exclude each other, or undefined when they do not. */
function contradiction(
  first: { readonly header: SignedBlock['header'] } & Partial<SignedBlock>,
  second: SignedBlock,
): Attack | undefined {
  const [a, b] = [first.header, second.header];
  if (a.height !== b.height) {
    const [lower, upper] = a.height < b.height ? [a, b] : [b, a];
    return upper.timeNanos <= lower.timeNanos ? 'time' : undefined;
  }
  if (sameBytes(headerHash(a), headerHash(b))) return undefined;
  const sameState =
    sameBytes(a.validatorsHash, b.validatorsHash) &&
    sameBytes(a.nextValidatorsHash, b.nextValidatorsHash) &&
    sameBytes(a.consensusHash, b.consensusHash) &&
    sameBytes(a.appHash, b.appHash) &&
    sameBytes(a.lastResultsHash, b.lastResultsHash);
  if (!sameState) return 'lunatic';
  return first.commit?.round === second.commit.round ? 'equivocation' : 'amnesia';
}

function checkSigned(anchor: TrustAnchor, block: SignedBlock, rules: TrustRules, nowNanos: bigint): string | undefined {
  if (anchor.timeNanos + rules.trustingPeriodNanos <= nowNanos) return 'the trusted state has expired';
  const shape = checkShape(block, rules.chainId);
  if (shape !== undefined) return shape;
  const continuity = checkContinuity(anchor, block, rules);
  if (continuity.kind !== 'valid') return continuity.reason;
  return checkQuorum(block) ?? checkSignatures(block);
}

function conflict(attack: Attack, commonHeight: bigint, first: SignedBlock, second: SignedBlock): Comparison {
  const oneVote = first.commit.height === second.commit.height && first.commit.round === second.commit.round;
  const signers = new Set(oneVote ? committed(first).map(hexOf) : []);
  return {
    kind: 'conflict',
    reason: `two blocks that exclude each other are both signed (${attack}), at heights ${first.header.height} and ${second.header.height}`,
    evidence: {
      attack,
      commonHeight,
      blocks: [first, second],
      accused: committed(second).filter((address) => signers.has(hexOf(address))),
    },
  };
}

function committed(block: SignedBlock): Uint8Array[] {
  return block.commit.signatures.filter((entry) => entry.flag === FLAG_COMMIT).map((entry) => entry.address);
}
