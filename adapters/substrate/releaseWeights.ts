/**
 * What releases weigh, by the runtime's own account. A batch weighs what its calls do by their kinds, whatever the amounts: so
 * one answer counts for all releases with as many payments of each kind. Wrong ones cost a fee and are tried again.
 */
import type { ChainView } from './chainView.ts';
import { withMargin } from './fees.ts';
import type { VaultCalls } from './multisigCalls.ts';
import type { Payout } from './releaseCall.ts';
import type { Runtime, Weight } from './runtime.ts';

export interface ReleaseWeight {
  /** Of the payments, with a margin: what the execution may use. */
  readonly inner: Weight;
  /** Of the extrinsic that carries them out. */
  readonly execution: Weight;
}

export interface ReleaseWeights {
  of(runtime: Runtime, call: Uint8Array, payouts: readonly Payout[], signal: AbortSignal): Promise<ReleaseWeight>;
}

/** Sizes of chunks, of which a lane has one and a smaller one at the end of each checkpoint; no specific reason. */
const KNOWN_MAX = 1_024;
/** The weight of an execution does not depend on it. */
const SOME_TIMEPOINT = { height: 1, index: 1 };

export function createReleaseWeights(view: ChainView, calls: VaultCalls, executor: Uint8Array): ReleaseWeights {
  let known = new Map<string, ReleaseWeight>();
  let knownFor: Runtime | undefined;
  return {
    async of(runtime, call, payouts, signal) {
      if (knownFor !== runtime || known.size >= KNOWN_MAX) known = new Map();
      knownFor = runtime;
      const kinds = kindsOf(payouts);
      const found = known.get(kinds);
      if (found !== undefined) return found;
      const inner = withMargin(await view.weightOf(runtime, call, signal));
      const execution = calls.execute(runtime, executor, call, SOME_TIMEPOINT, inner);
      const weight = { inner, execution: await view.weightOf(runtime, execution, signal) };
      known.set(kinds, weight);
      return weight;
    },
  };
}

function kindsOf(payouts: readonly Payout[]): string {
  const counts = { native: 0, mint: 0, lock: 0 };
  for (const { asset } of payouts) counts[asset.token.kind === 'native' ? 'native' : asset.custody.kind]++;
  return Object.values(counts).join('/');
}
