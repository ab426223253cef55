/** The target side of a Cosmos chain. A vault accepts nothing ahead of paying it, and nobody can pause an account. */
import type { LaneId } from '../../relayer/core/ids.ts';
import type { ChainTarget, TargetLaneView } from '../../relayer/core/ports.ts';

export function createCosmosTarget(): ChainTarget {
  return {
    lanes: async (lanes) =>
      Promise.resolve(
        new Map<LaneId, TargetLaneView>(lanes.map((lane) => [lane, { acceptedSequence: undefined, paused: false }])),
      ),
    close: async () => Promise.resolve(),
  };
}
