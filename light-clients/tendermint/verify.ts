/**
 * The CometBFT light client's core: is this block final, given what is trusted?
 *
 * Trusts: that of the validators trusted before, less than the trust level (a third or more) of the power was faulty when
 * the block was made and until the trusting period ended. Does not prove: that the chain's application computed its state
 * rightly, nor that no second block exists (see `witness.ts` for what looks for one).
 *
 * Adjacent blocks need the very validators named by the block before; others need the overlap of the trust level, and
 * `needsMore` says that a block in between is wanted (bisect).
 * Source: CometBFT spec/light-client/verification/verification_002_draft.md; light/verifier.go.
 */
import { validatorsHash } from './canonical.ts';
import {
  checkQuorum,
  checkShape,
  checkSignatures,
  checkValidators,
  exceeds,
  totalPower,
  type Problem,
} from './checkBlock.ts';
import { hexOf, sameBytes } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import {
  FLAG_COMMIT,
  type Header,
  type LightBlock,
  type SignedBlock,
  type TrustAnchor,
  type TrustedState,
  type TrustRules,
  type Validator,
} from './types.ts';

/** Verifies one signed block from a trusted point. */
export function verifySignedBlock(
  anchor: TrustAnchor,
  block: SignedBlock,
  rules: TrustRules,
  nowNanos: bigint,
): Verdict<Header> {
  const { header } = block;
  // The trusted state must still be trusted: its validators may have left with their stake since.
  if (anchor.timeNanos + rules.trustingPeriodNanos <= nowNanos) return refuse('the trusted state has expired');
  const shape = checkShape(block, rules.chainId);
  if (shape !== undefined) return refuse(shape);
  if (header.height <= anchor.height) return refuse('height is not above the trusted height');
  if (header.timeNanos <= anchor.timeNanos) return refuse('time is not after the trusted time');
  if (header.timeNanos >= nowNanos + rules.clockDriftNanos) return refuse('time lies in the future');

  const continuity = checkContinuity(anchor, block, rules);
  if (continuity.kind !== 'valid') return continuity;

  const problem = checkQuorum(block) ?? checkSignatures(block);
  return problem === undefined ? { kind: 'valid', value: header } : refuse(problem);
}

/** Verifies a light block and returns the state to go on from. */
export function verifyLightBlock(
  trusted: TrustedState,
  block: LightBlock,
  rules: TrustRules,
  nowNanos: bigint,
): Verdict<TrustedState> {
  const verdict = verifySignedBlock(anchorOf(trusted), block, rules, nowNanos);
  if (verdict.kind !== 'valid') return verdict;
  const problem = checkNextValidators(block.header, block.nextValidators);
  if (problem !== undefined) return refuse(problem);
  return { kind: 'valid', value: { header: block.header, nextValidators: block.nextValidators } };
}

/** The hash covers keys and powers but not addresses, so the set is checked by itself as well. */
export function checkNextValidators(header: Header, nextValidators: readonly Validator[]): Problem {
  if (!sameBytes(validatorsHash(nextValidators), header.nextValidatorsHash)) {
    return 'next validators do not match the header';
  }
  const problem = checkValidators(nextValidators);
  return problem === undefined ? undefined : `next validators: ${problem}`;
}

/** Verifies ascending light blocks, each from the one before. */
export function verifyTrace(
  trusted: TrustedState,
  blocks: readonly LightBlock[],
  rules: TrustRules,
  nowNanos: bigint,
): Verdict<TrustedState> {
  let state = trusted;
  for (const block of blocks) {
    const verdict = verifyLightBlock(state, block, rules, nowNanos);
    if (verdict.kind !== 'valid') return verdict;
    state = verdict.value;
  }
  return { kind: 'valid', value: state };
}

export function anchorOf(state: TrustedState): TrustAnchor {
  return { height: state.header.height, timeNanos: state.header.timeNanos, nextValidators: state.nextValidators };
}

/** Do the trusted validators stand behind this block? Counts what is claimed; the signatures are checked after. */
export function checkContinuity(anchor: TrustAnchor, block: SignedBlock, rules: TrustRules): Verdict<undefined> {
  if (block.header.height === anchor.height + 1n) {
    return sameBytes(block.header.validatorsHash, validatorsHash(anchor.nextValidators))
      ? { kind: 'valid', value: undefined }
      : refuse('validators are not those that the block before named');
  }
  const trustedByAddress = new Map(anchor.nextValidators.map((validator) => [hexOf(validator.address), validator]));
  let overlap = 0n;
  for (const [index, entry] of block.commit.signatures.entries()) {
    if (entry.flag !== FLAG_COMMIT) continue;
    const trusted = trustedByAddress.get(hexOf(entry.address));
    const signer = block.validators[index];
    // The signature is checked against the block's validator, so that must be the trusted one, key for key.
    if (trusted === undefined || signer === undefined) continue;
    if (
      trusted.publicKey.type === signer.publicKey.type &&
      sameBytes(trusted.publicKey.bytes, signer.publicKey.bytes)
    ) {
      overlap += trusted.power;
    }
  }
  return exceeds(overlap, totalPower(anchor.nextValidators), rules.trustLevel)
    ? { kind: 'valid', value: undefined }
    : { kind: 'needsMore', reason: 'too little of the trusted voting power signed: verify a block in between first' };
}

function refuse(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}
