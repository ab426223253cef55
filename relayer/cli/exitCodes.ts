/** Exit codes of every command; listed in docs/OPERATING.md. */
import type { ErrorCode, ViaductError } from '../core/errors.ts';

export const EXIT = {
  ok: 0,
  /** What the command shows does not hold, or it failed. */
  failed: 1,
  usage: 2,
  configInvalid: 3,
  /** A chain endpoint, the bus or the API does not answer. */
  unreachable: 4,
  interrupted: 130,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.configInvalid,
  ENDPOINT_FAILED: EXIT.unreachable,
  ENDPOINT_WRONG_CHAIN: EXIT.unreachable,
  QUORUM_MISSING: EXIT.unreachable,
  BUS_UNAVAILABLE: EXIT.unreachable,
  ABORTED: EXIT.interrupted,
};

export function exitCodeOf(error: ViaductError): number {
  return BY_CODE[error.code] ?? EXIT.failed;
}
