/**
 * Errors as values of one class. `code` is for machines and is the only thing that loops branch on; `shortMessage` and
 * `metaMessages` are for people and say what went wrong, where, and how to mend it. The disposition of a code says what
 * a loop does about it.
 *
 * - `retry`: the world may change by itself; try again after a delay.
 * - `drop`: this one item is bad; quarantine it, make it visible, go on with the next.
 * - `halt`: going on could be wrong; stop this lane or process and call an operator.
 */

export type Disposition = 'retry' | 'drop' | 'halt';

/** Every code there is and what to do about it: the one table. */
export const DISPOSITIONS = {
  // Decoding and verification of untrusted bytes.
  DECODE_FAILED: 'drop',
  WORKER_FAILED: 'retry',
  // Endpoints and chains.
  ENDPOINT_FAILED: 'retry',
  ENDPOINT_WRONG_CHAIN: 'halt',
  QUORUM_MISSING: 'retry',
  COSIGNERS_MISSING: 'retry',
  TX_REVERTED: 'drop',
  TX_NONCE_TAKEN: 'retry',
  TX_UNDERPRICED: 'retry',
  ACCOUNT_OUT_OF_FUNDS: 'retry',
  // Bus and store.
  BUS_UNAVAILABLE: 'retry',
  BUS_MISCONFIGURED: 'halt',
  BUS_MESSAGE_TOO_LARGE: 'drop',
  STORE_UNAVAILABLE: 'halt',
  STORE_LOCKED: 'halt',
  STORE_CORRUPT: 'halt',
  // Operators.
  CONFIG_INVALID: 'halt',
  USAGE: 'halt',
  PORT_TAKEN: 'halt',
  SETUP_FAILED: 'halt',
  // Ours.
  ABORTED: 'halt',
  BUG: 'halt',
} as const satisfies Record<string, Disposition>;

export type ErrorCode = keyof typeof DISPOSITIONS;

export interface ErrorDetails {
  readonly code: ErrorCode;
  /** One sentence: what went wrong. */
  readonly shortMessage: string;
  /** Further lines: where, what was expected, how to mend it. */
  readonly metaMessages?: readonly string[] | undefined;
  readonly cause?: unknown;
}

export class ViaductError extends Error {
  readonly code: ErrorCode;
  readonly shortMessage: string;
  readonly metaMessages: readonly string[];

  constructor(details: ErrorDetails) {
    const metaMessages = details.metaMessages ?? [];
    super(
      [details.shortMessage, ...metaMessages].join('\n'),
      details.cause === undefined ? {} : { cause: details.cause },
    );
    this.name = 'ViaductError';
    this.code = details.code;
    this.shortMessage = details.shortMessage;
    this.metaMessages = metaMessages;
  }

  get disposition(): Disposition {
    return DISPOSITIONS[this.code];
  }

  /** The first error in the chain of causes for which `matches` holds, this one included. */
  walk(matches: (error: unknown) => boolean): unknown {
    let current: unknown = this;
    for (let depth = 0; current !== undefined && depth < 32; depth++) {
      if (matches(current)) return current;
      current = current instanceof Error ? current.cause : undefined;
    }
    return undefined;
  }
}

/** Untrusted bytes that do not decode. */
export class DecodeError extends ViaductError {
  constructor(details: Omit<ErrorDetails, 'code'>) {
    super({ ...details, code: 'DECODE_FAILED' });
    this.name = 'DecodeError';
  }
}

/** Any thrown value as a `ViaductError`; what is not one yet is our own bug. */
export function asViaductError(thrown: unknown): ViaductError {
  if (thrown instanceof ViaductError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ViaductError({ code: 'BUG', shortMessage: `Unexpected: ${message}`, cause: thrown });
}

/** Asserts what only a programmer's mistake can break. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new ViaductError({ code: 'BUG', shortMessage: `Assertion failed: ${what}` });
}

/** The end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new ViaductError({ code: 'BUG', shortMessage: `Unreachable: ${String(value)}` });
}
