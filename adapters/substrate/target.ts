/** The target side of a vault: it accepts nothing ahead of paying it, so there is nothing to ask. */
import type { ChainTarget, TargetLaneView } from '../../relayer/core/ports.ts';
import type { LaneId } from '../../relayer/core/ids.ts';

export function createSubstrateTarget(): ChainTarget {
  return {
    lanes: async (lanes) =>
      Promise.resolve(
        new Map<LaneId, TargetLaneView>(lanes.map((lane) => [lane, { acceptedSequence: undefined, paused: false }])),
      ),
    close: async () => Promise.resolve(),
  };
}
