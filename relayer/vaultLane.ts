/** What the vaults of all families know of a lane that leaves them, from the manifest. */
import { assert } from './core/errors.ts';
import type { VaultLane } from './core/vaultLane.ts';
import {
  accountLengths,
  assetById,
  chainByName,
  laneGranularity,
  type Manifest,
  type ManifestLane,
} from './manifest/index.ts';

export function vaultLane(manifest: Manifest, lane: ManifestLane): VaultLane {
  const target = chainByName(manifest, lane.target);
  assert(target !== undefined, 'a lane ends on a chain of the manifest');
  return {
    lane: lane.id,
    target: lane.target,
    enabled: lane.enabled,
    receiverLengths: accountLengths(target),
    assets: lane.assets.map(({ id, minAmount, maxAmount }) => {
      const asset = assetById(manifest, id);
      const granularity = asset && laneGranularity(asset, lane);
      assert(granularity !== undefined, 'checked: a lane carries assets that are on both its ends');
      return { asset: id, minAmount, maxAmount, granularity };
    }),
  };
}
