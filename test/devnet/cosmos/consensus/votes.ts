/** Precommits of validators for a block, and the time that follows from them. */
import { voteSignBytes } from '../../../../light-clients/tendermint/canonical.ts';
import type {
  BlockId,
  Commit,
  CommitSignature,
  Header,
  Validator,
} from '../../../../light-clients/tendermint/index.ts';
import { FLAG_ABSENT, FLAG_COMMIT, FLAG_NIL, GO_ZERO_TIME } from '../../../../light-clients/tendermint/types.ts';
import type { ValidatorKey } from './validators.ts';

export type Vote = 'commit' | 'nil' | 'absent';

const FLAGS: Readonly<Record<Vote, number>> = { commit: FLAG_COMMIT, nil: FLAG_NIL, absent: FLAG_ABSENT };
const NONE = new Uint8Array(0);
/** Between the votes of two validators. */
const VOTE_STEP_NANOS = 1_000_001n;

export interface CommitPlan {
  readonly header: Header;
  readonly blockId: BlockId;
  readonly validators: readonly Validator[];
  readonly keyOf: (validator: Validator) => ValidatorKey;
  readonly voteOf: (validator: Validator) => Vote;
  /** When the first of them votes. */
  readonly timeNanos: bigint;
  readonly round?: number;
}

export function makeCommit(plan: CommitPlan): Commit {
  const { header, blockId } = plan;
  const empty: Commit = { height: header.height, round: plan.round ?? 0, blockId, signatures: [] };
  const signBytes = voteSignBytes(header.chainId, empty);
  const signatures = plan.validators.map((validator, index): CommitSignature => {
    const vote = plan.voteOf(validator);
    if (vote === 'absent') return { flag: FLAG_ABSENT, address: NONE, timeNanos: GO_ZERO_TIME, signature: NONE };
    const timeNanos = plan.timeNanos + BigInt(index) * VOTE_STEP_NANOS;
    const entry = { flag: FLAGS[vote], address: validator.address, timeNanos, signature: NONE };
    return { ...entry, signature: plan.keyOf(validator).sign(signBytes(entry)) };
  });
  return { ...empty, signatures };
}

/** More than two thirds of the power voted for the block: only then is there a commit. */
export function isQuorum(validators: readonly Validator[], voteOf: (validator: Validator) => Vote): boolean {
  let [total, voted] = [0n, 0n];
  for (const validator of validators) {
    total += validator.power;
    if (voteOf(validator) === 'commit') voted += validator.power;
  }
  return voted * 3n > total * 2n;
}

/** BFT time: the median of the votes' times, weighted by power. */
export function medianTime(commit: Commit, validators: readonly Validator[]): bigint {
  const votes = commit.signatures.flatMap((entry, index) => {
    const power = validators[index]?.power ?? 0n;
    return entry.flag === FLAG_ABSENT ? [] : [{ timeNanos: entry.timeNanos, power }];
  });
  votes.sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
  let rest = votes.reduce((sum, { power }) => sum + power, 0n) / 2n;
  for (const { timeNanos, power } of votes) {
    if (rest <= power) return timeNanos;
    rest -= power;
  }
  return votes.at(-1)?.timeNanos ?? 0n;
}
