/**
 * The granularity of an asset on a lane: the canonical units of the smallest amount that both ends can represent.
 * Gateways reject deposits that are no multiple of it.
 */
import type { Asset } from './asset.ts';
import type { ManifestLane } from './lane.ts';

/** In canonical units; undefined when the asset is not on both ends of the lane. */
export function laneGranularity(asset: Asset, lane: Pick<ManifestLane, 'source' | 'target'>): bigint | undefined {
  const decimalsOn = (chain: string): number | undefined =>
    asset.representations.find((representation) => representation.chain === chain)?.decimals;
  const [source, target] = [decimalsOn(lane.source), decimalsOn(lane.target)];
  return source === undefined || target === undefined ? undefined : granularityOf(asset.decimals, source, target);
}

export function granularityOf(canonical: number, source: number, target: number): bigint {
  return 10n ** BigInt(Math.max(0, canonical - Math.min(source, target)));
}
