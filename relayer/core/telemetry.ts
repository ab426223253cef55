/**
 * What a role tells monitors: facts under `mon`, calls for help under `alert`. Fire and forget: telemetry never holds up
 * the work, and nothing in the engine is decided by it.
 *
 * | what      | key        | facts                                                            |
 * |-----------|------------|------------------------------------------------------------------|
 * | `chain`   | chain name | `state` (following, unreachable, frozen), heights, `reason`      |
 * | `lane`    | lane id    | `derived`, `accepted`, `delivered`: first sequence not yet so    |
 * | `attest`  | lane id    | `attester`, `derived`, `certified`, `accepted`                   |
 * | `blocked` | lane id    | `step` (verify, attest, plan, submit) and `reason`; said again while it lasts |
 * | `account` | chain name | `address`, `nextSlot`, `pending`                                 |
 */
import type { AlertSeverity } from './subjects.ts';

export type { AlertSeverity };

export type Facts = Readonly<Record<string, unknown>>;
export type TelemetryKind = 'chain' | 'lane' | 'attest' | 'blocked' | 'account';

export interface Telemetry {
  /** The newest facts about one thing. Values are JSON; bigint as decimal strings. */
  report(what: TelemetryKind, key: string, facts: Facts): void;
  /** `code` is constant and greppable; `facts` never hold secrets. */
  alert(severity: AlertSeverity, code: string, message: string, facts?: Facts): void;
}

export const silentTelemetry: Telemetry = { report: () => undefined, alert: () => undefined };
