/**
 * The light client of an Ethereum beacon chain, by sync committees: from a block root that the operator trusts to
 * finalized headers, one committee period after the other.
 *
 * Trusts: the block root; and of every sync committee on the way that fewer than two thirds of its members sign a lie
 * (the committee is a random sample and is not slashed for it). Proves: finalized beacon headers and the number, hash,
 * state root, receipts root and time of the execution block each carries. Does not prove: unfinalized blocks, blocks
 * between two finalized ones, that the execution was right (the validators vouch for that), ancestry between finalized
 * headers.
 *
 * Catching up is one `update` for every period in order (LightClientUpdate), then finality updates. A skipped period is
 * `needsMore`.
 */
import { judge, must, Refusal } from '../refusal.ts';
import type { LightClientStep, Verdict } from '../verdict.ts';
import { type Bls, selectBls } from './bls.ts';
import { createContainers } from './containers.ts';
import type { Context } from './context.ts';
import { decodeMessage } from './message.ts';
import { type EthereumParameters, parameterProblem, slotAtTime, timeOfSlot } from './parameters.ts';
import { initializeState, processUpdate } from './processUpdate.ts';
import { decodeTrustedState, encodeTrustedState, type TrustedState } from './trustedState.ts';
import { encodeVerifiedBlock } from './verifiedBlock.ts';

export interface EthereumClient {
  readonly kind: 'ethereum';
  readonly assurance: 'light client';
  /** Which BLS implementation passed its self-test and is used. */
  readonly bls: Bls['name'];
  /** The first trusted state from a bootstrap message for the trusted block root. */
  start(bootstrap: Uint8Array): Verdict<LightClientStep>;
  /** The next trusted state from an update or finality update message. */
  update(state: Uint8Array, update: Uint8Array, nowSeconds: bigint): Verdict<LightClientStep>;
}

/** Throws a `RangeError` when the parameters, which are the operator's, make no network. */
export function createEthereumClient(parameters: EthereumParameters, bls: Bls = selectBls()): EthereumClient {
  const problem = parameterProblem(parameters);
  if (problem !== undefined) throw new RangeError(`Ethereum light client: ${problem}.`);
  const context: Context = { parameters, containers: createContainers(parameters.preset), bls };

  return {
    kind: 'ethereum',
    assurance: 'light client',
    bls: bls.name,

    start: (bootstrap) =>
      judge(() => {
        const message = decodeMessage(parameters, context.containers, bootstrap);
        must(message.kind === 'bootstrap', 'a bootstrap was expected');
        return stepOf(parameters, initializeState(context, message));
      }),

    update: (state, update, nowSeconds) =>
      judge(() => {
        const trusted = decodeTrustedState(parameters, state);
        must(trusted !== undefined, 'the trusted state is not one of this network');
        requireFresh(parameters, trusted, nowSeconds);
        const message = decodeMessage(parameters, context.containers, update);
        must(message.kind === 'update', 'an update or a finality update was expected');
        return stepOf(parameters, processUpdate(context, trusted, message, slotAtTime(parameters, nowSeconds)));
      }),
  };
}

/**
 * "The trusted block SHOULD be within the weak subjectivity period" (light-client.md): asked of every trusted state, since
 * one that was left lying is as old as a block root that was.
 */
function requireFresh(parameters: EthereumParameters, trusted: TrustedState, nowSeconds: bigint): void {
  const ageSeconds = nowSeconds - timeOfSlot(parameters, trusted.finalized.slot);
  if (ageSeconds <= parameters.maxAgeSeconds) return;
  throw new Refusal(
    `the trusted state is ${ageSeconds} s old, ${parameters.maxAgeSeconds} s are allowed: a new trusted block root is needed`,
  );
}

function stepOf(parameters: EthereumParameters, state: TrustedState): LightClientStep {
  const { finalized } = state;
  return {
    state: encodeTrustedState(parameters, state),
    head: {
      height: finalized.number,
      hash: finalized.blockHash,
      timeSeconds: finalized.timestamp,
      header: encodeVerifiedBlock(finalized),
    },
  };
}
