/**
 * Whether an account asks for work now. Pure. Accounts of a chain share one queue, and whoever asks first is served first:
 * an account that fails fast, for want of funds say or because only another one can pay, would take most of the items and
 * deliver none. So one that failed rests, longer each time, and what it failed on goes to another at once; one that has its
 * transactions under way asks for nothing, since an item in its hands could be with somebody who has room.
 */
import { nextDelay } from '../core/clock.ts';

export interface AccountView {
  /** Transactions sent and not yet included. */
  readonly pending: number;
  readonly inFlightMax: number;
  /** Items in a row that it could not submit for reasons of its own. */
  readonly failures: number;
  readonly failedMs: number;
}

export type WorkChoice =
  { readonly kind: 'take' } | { readonly kind: 'full' } | { readonly kind: 'rest'; readonly ms: number };

const REST_MS_MIN = 1_000;
const REST_MS_MAX = 60_000;

export function takesWork({ pending, inFlightMax, failures, failedMs }: AccountView, now: number): WorkChoice {
  if (failures > 0) {
    const ms = failedMs + nextDelay(failures - 1, REST_MS_MIN, REST_MS_MAX) - now;
    if (ms > 0) return { kind: 'rest', ms };
  }
  return pending >= inFlightMax ? { kind: 'full' } : { kind: 'take' };
}
