/**
 * A witness: real node software that was not written here, built outside the tree, and asked whether what this project says
 * about a chain, and what its local stand-in does, is so.
 */
import type { Clock } from '../../relayer/core/clock.ts';
import type { Checks } from './checks.ts';

export interface WitnessContext {
  readonly clock: Clock;
  readonly checks: Checks;
  /** Makes accounts and choices, the same each time. */
  readonly seed: string;
  /** Progress, for a person. */
  say(line: string): void;
  /** Fires when the run is to end early. */
  readonly signal: AbortSignal;
}

export type WitnessOutcome =
  /** `section`: what was measured, in Markdown, for the witness's part of docs/WITNESSES.md. */
  | { readonly kind: 'done'; readonly version: string; readonly section: string }
  /** The machine lacks what it is built with. */
  | { readonly kind: 'skipped'; readonly reason: string };

export interface Witness {
  readonly name: string;
  readonly shows: string;
  run(context: WitnessContext): Promise<WitnessOutcome>;
}
