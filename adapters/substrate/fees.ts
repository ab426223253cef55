/**
 * What extrinsics of this adapter offer and ask for, as pure functions. Fees follow from weight and length by the chain's own
 * formula; what can be chosen is the tip, which a replacement has to raise, and the weight that a vault's call may take.
 */
import type { Weight } from './runtime.ts';

export interface TipPolicy {
  /** Planck, for the first replacement; doubles with each. */
  readonly step: bigint;
  readonly max: bigint;
}

export const DEFAULT_TIPS: TipPolicy = { step: 1_000_000n, max: 1_000_000_000_000n };

/** Nothing at first; undefined when the next tip would be above the most that may be offered. */
export function tipFor(attempt: number, policy: TipPolicy): bigint | undefined {
  if (attempt === 0) return 0n;
  const tip = policy.step << BigInt(Math.min(attempt - 1, 64));
  return tip <= policy.max ? tip : undefined;
}

/** Added to what the runtime says of a call: it may weigh more by the time it is carried out. Percent. */
const MARGIN_PERCENT = 10n;

export function withMargin({ refTime, proofSize }: Weight): Weight {
  const more = (value: bigint): bigint => value + (value * MARGIN_PERCENT) / 100n;
  return { refTime: more(refTime), proofSize: more(proofSize) };
}

export function fits(weight: Weight, most: Weight): boolean {
  return weight.refTime <= most.refTime && weight.proofSize <= most.proofSize;
}
