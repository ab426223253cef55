/** The target side of an EVM chain: what its gateway says right now. Unverified: good for planning, never for settlement. */
import type { LaneId } from '../../relayer/core/ids.ts';
import type { ChainTarget, TargetLaneView } from '../../relayer/core/ports.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { laneArgument, readViews } from './gatewayCalls.ts';
import type { RpcEndpoint } from './rpc.ts';

export interface EvmTargetOptions {
  readonly endpoints: readonly RpcEndpoint[];
  /** The gateway's address, 20 bytes. */
  readonly gateway: Uint8Array;
}

/**
 * Gas of one delivery: 16.78 M are the most that a transaction may use (EIP-7825), of which some must be left before the last
 * payment. What it uses whatever is in it: the transaction itself, the signatures, the checkpoint.
 */
const CHUNK_BUDGET = { perChunk: 15_500_000, fixed: 100_000 };

export function createEvmTarget(options: EvmTargetOptions): ChainTarget {
  const ring = createEndpointRing(options.endpoints);
  return {
    budget: CHUNK_BUDGET,
    lanes: async (lanes, signal) =>
      ring.ask(async (endpoint) => {
        const views = [
          { functionName: 'paused', args: [] },
          ...lanes.map((lane) => ({ functionName: 'inboundLanes', args: [laneArgument(lane)] })),
        ];
        const [paused, ...answers] = await readViews(endpoint, options.gateway, views, signal);
        return new Map<LaneId, TargetLaneView>(
          lanes.map((lane, index) => {
            const [acceptedSequence, , , registered] = answers[index] as readonly [bigint, bigint, number, boolean];
            return [lane, { acceptedSequence, paused: paused === true || !registered }];
          }),
        );
      }, signal),
    close: async () => Promise.resolve(),
  };
}
