/** Payments straight to a chain, without us: signed before the clock starts, with as many under way as an account of the relayer has. */
import { systemClock } from '../../../relayer/core/clock.ts';
import { ACCOUNT_IN_FLIGHT_MAX } from '../../../relayer/core/limits.ts';

export interface DirectRun {
  readonly delivered: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** One account and its transactions, in the order in which the chain must take them. */
export interface DirectAccount {
  readonly transactions: readonly Uint8Array[];
  /** How many of them the chain holds. */
  included(signal: AbortSignal): Promise<number>;
  /** Throws when the node does not take it. */
  send(transaction: Uint8Array, signal: AbortSignal): Promise<void>;
}

const LOOK_MS = 25;
const STALL_MS = 30_000;

/**
 * Sends for so many seconds, or until nothing is ready, and waits for the inclusion of all that was sent. The rate is that between
 * two looks at which something was included, the first and the last: whole blocks, as with the relayer.
 */
export async function feedDirectly(
  accounts: readonly DirectAccount[],
  payments: number,
  seconds: number,
  signal: AbortSignal,
): Promise<DirectRun> {
  const states = accounts.map((account) => ({ account, sent: 0, included: 0 }));
  const started = systemClock.now();
  const seen: { readonly atMs: number; readonly total: number }[] = [];
  for (let lastMs = started; ;) {
    const isOpen = systemClock.now() - started < seconds * 1_000;
    for (const state of states) {
      const { account } = state;
      while (
        isOpen &&
        state.sent < account.transactions.length &&
        state.sent - state.included < ACCOUNT_IN_FLIGHT_MAX
      ) {
        await account.send(account.transactions[state.sent] as Uint8Array, signal);
        state.sent++;
      }
      state.included = await account.included(signal);
    }
    const total = states.reduce((sum, { included }) => sum + included, 0);
    const now = systemClock.now();
    if (total > (seen.at(-1)?.total ?? 0)) {
      seen.push({ atMs: now, total });
      lastMs = now;
    }
    const isDone = states.every(({ account, sent, included }) => {
      return sent === included && (!isOpen || sent === account.transactions.length);
    });
    if (isDone) break;
    if (now - lastMs > STALL_MS) throw new Error('the chain includes nothing more of what it is fed directly');
    await systemClock.sleep(LOOK_MS, signal);
  }
  const [first, last] = [seen[0], seen.at(-1)];
  const ms = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  const counted = (last?.total ?? 0) - (first?.total ?? 0);
  return {
    delivered: (last?.total ?? 0) * payments,
    seconds: ms / 1_000,
    perSecond: ms === 0 ? 0 : (counted * payments * 1_000) / ms,
  };
}
