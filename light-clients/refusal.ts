/**
 * How the Substrate verifiers say no inside themselves. Their checks are deep in decoders, so a failed one throws a
 * `Refusal`, and each public function turns it into a verdict at its edge: hostile bytes never leave as an exception, and
 * anything else that is thrown is our own bug and passes through.
 */
import type { Verdict } from './verdict.ts';

export type RefusalKind = 'needsMore' | 'invalid' | 'conflict';

export class Refusal extends Error {
  readonly kind: RefusalKind;

  constructor(reason: string, kind: RefusalKind = 'invalid') {
    super(reason);
    this.name = 'Refusal';
    this.kind = kind;
  }
}

/** Throws unless the condition holds. */
export function must(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Refusal(reason);
}

/** Runs the checks and answers with their verdict. */
export function judge<T>(checks: () => T): Verdict<T> {
  try {
    return { kind: 'valid', value: checks() };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { kind: thrown.kind, reason: thrown.message };
    throw thrown;
  }
}
