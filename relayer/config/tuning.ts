/** Every number an operator may turn, with its default, its limits and what it is for: the one table. */
import { z } from 'zod';
import { ACCOUNT_IN_FLIGHT_MAX, CHECKPOINT_PACKETS_MAX, WORK_IN_FLIGHT_MAX } from '../core/limits.ts';
import { integerField } from '../manifest/fields.ts';

interface Setting {
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly description: string;
}

export const TUNING = {
  checkpointLingerMs: {
    min: 0,
    max: 600_000,
    default: 0,
    description:
      'How long a packet may wait for more packets before a checkpoint is cut; 0 sends a lone transfer at once, ' +
      'and under load checkpoints grow all the same while the one before waits for its target.',
  },
  checkpointPacketsMax: {
    min: 1,
    max: CHECKPOINT_PACKETS_MAX,
    default: 65_536,
    description:
      'Packets at which a checkpoint is cut without waiting longer. A target accepts one checkpoint of a lane after the other, ' +
      'so a lane moves no more than one in a block of the target: this many is what eight accounts send in one.',
  },
  workInFlightMax: {
    min: 1,
    max: WORK_IN_FLIGHT_MAX,
    default: 64,
    description:
      'Chunks of one target chain handed out and not yet resolved. Fewer than all its accounts may have under way leave some ' +
      'of them idle: with the usual 16 each, more than four want more.',
  },
  accountInFlightMax: {
    min: 1,
    max: ACCOUNT_IN_FLIGHT_MAX,
    default: ACCOUNT_IN_FLIGHT_MAX,
    description:
      'Transactions of one account sent and not yet resolved; of one whose transactions take several rounds on its chain, ' +
      'that many times more.',
  },
  proposalTurnMs: {
    min: 100,
    max: 600_000,
    default: 2_000,
    description: 'How long one attester has to get its checkpoint signed before the next one proposes.',
  },
  certificateRepublishMs: {
    min: 1_000,
    max: 3_600_000,
    default: 15_000,
    description: 'How long the target may take to accept a checkpoint before attesters publish it again.',
  },
  workResendMs: {
    min: 1_000,
    max: 3_600_000,
    default: 30_000,
    description: 'How long a chunk handed out may go without news before it is handed out again.',
  },
  replaceMs: {
    min: 1_000,
    max: 3_600_000,
    default: 30_000,
    description: 'How long a transaction may stay pending before it is replaced by one with a higher fee.',
  },
} as const satisfies Record<string, Setting>;

export type Tuning = { readonly [Name in keyof typeof TUNING]: number };

/** How often a chain is asked for a new block, unless its row says otherwise. */
export const POLL_MS = { min: 20, max: 600_000, default: 1_000 } as const;

export const DEFAULT_TUNING: Tuning = {
  checkpointLingerMs: TUNING.checkpointLingerMs.default,
  checkpointPacketsMax: TUNING.checkpointPacketsMax.default,
  workInFlightMax: TUNING.workInFlightMax.default,
  accountInFlightMax: TUNING.accountInFlightMax.default,
  proposalTurnMs: TUNING.proposalTurnMs.default,
  certificateRepublishMs: TUNING.certificateRepublishMs.default,
  workResendMs: TUNING.workResendMs.default,
  replaceMs: TUNING.replaceMs.default,
};

export const tuningSchema = z
  .strictObject(
    {
      checkpointLingerMs: setting('checkpointLingerMs'),
      checkpointPacketsMax: setting('checkpointPacketsMax'),
      workInFlightMax: setting('workInFlightMax'),
      accountInFlightMax: setting('accountInFlightMax'),
      proposalTurnMs: setting('proposalTurnMs'),
      certificateRepublishMs: setting('certificateRepublishMs'),
      workResendMs: setting('workResendMs'),
      replaceMs: setting('replaceMs'),
    },
    { error: 'a map of settings' },
  )
  .describe('Numbers that rarely need turning.');

function setting(name: keyof typeof TUNING): z.ZodDefault<z.ZodNumber> {
  const { min, max, default: value, description } = TUNING[name];
  return integerField(min, max).default(value).describe(description);
}
