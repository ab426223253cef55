/**
 * Lanes of the manifest. A lane is one way; two-way traffic is two rows. A vault has a lane more, its home lane, which is in
 * no row: it leads from the vault to itself, and deposits that cannot travel go back on it.
 */
import { z } from 'zod';
import { type AssetId, assetId, type ChainName, chainName, type LaneId } from '../core/ids.ts';
import { laneIdOf } from '../core/lane.ts';
import { CHUNK_PACKETS_MAX } from '../core/limits.ts';
import { type Asset, ASSETS_MAX } from './asset.ts';
import type { ManifestChain } from './chain.ts';
import { amountField, integerField, slugField } from './fields.ts';
import { gatewayBytes } from './gateway.ts';

export interface LaneAsset {
  readonly id: AssetId;
  /** Canonical units, inclusive. */
  readonly minAmount: bigint;
  /** Canonical units, inclusive. */
  readonly maxAmount: bigint | undefined;
}

export interface ManifestLane {
  readonly id: LaneId;
  /** The lane the other way, on which refused packets return. */
  readonly oppositeId: LaneId;
  readonly source: ChainName;
  readonly target: ChainName;
  readonly enabled: boolean;
  /** Packets in each chunk but the last. */
  readonly chunkSize: number;
  readonly assets: readonly LaneAsset[];
}

const BOOLEAN = 'true or false';
const ASSETS = `a list of 1 to ${ASSETS_MAX} assets`;

const laneAssetSchema = z
  .strictObject(
    {
      id: integerField(0, 0xffff_ffff).describe('Number of the asset.'),
      minAmount: amountField().describe('Smallest amount of a transfer, in canonical units.'),
      maxAmount: amountField().optional().describe('Largest amount of a transfer, in canonical units.'),
    },
    { error: 'an object with id and minAmount' },
  )
  .describe('An asset that the lane carries.');

export const laneSchema = z
  .strictObject(
    {
      source: slugField().describe('Name of the chain that transfers leave.'),
      target: slugField().describe('Name of the chain that transfers reach.'),
      enabled: z.boolean({ error: BOOLEAN }).describe('Whether the lane takes transfers.'),
      chunkSize: integerField(1, CHUNK_PACKETS_MAX).describe('Packets delivered by one transaction on the target.'),
      assets: z
        .array(laneAssetSchema, { error: ASSETS })
        .min(1, { error: ASSETS })
        .max(ASSETS_MAX, { error: ASSETS })
        .describe('The assets that the lane carries.'),
    },
    { error: 'a lane: an object with source, target, enabled, chunkSize and assets' },
  )
  .describe('A one-way lane.');

export function toLane(raw: z.output<typeof laneSchema>, source: ManifestChain, target: ManifestChain): ManifestLane {
  const sourceEnd = { chain: source.id, gateway: gatewayBytes(source.gateway) };
  const targetEnd = { chain: target.id, gateway: gatewayBytes(target.gateway) };
  return {
    id: laneIdOf(sourceEnd, targetEnd),
    oppositeId: laneIdOf(targetEnd, sourceEnd),
    source: chainName(raw.source),
    target: chainName(raw.target),
    enabled: raw.enabled,
    chunkSize: raw.chunkSize,
    assets: raw.assets.map((asset) => ({
      id: assetId(asset.id),
      minAmount: BigInt(asset.minAmount),
      maxAmount: asset.maxAmount === undefined ? undefined : BigInt(asset.maxAmount),
    })),
  };
}

/** The home lane of a vault: it carries returns only, so it has no terms. Undefined for a contract, which refuses at once. */
export function homeLaneOf(chain: ManifestChain, assets: readonly Asset[]): ManifestLane | undefined {
  const { name, gateway } = chain;
  if (gateway.kind !== 'vault') return undefined;
  const end = { chain: chain.id, gateway: gatewayBytes(gateway) };
  const id = laneIdOf(end, end);
  return {
    id,
    oppositeId: id,
    source: name,
    target: name,
    enabled: true,
    chunkSize: gateway.homeChunkSize,
    assets: assets
      .filter(({ representations }) => representations.some((row) => row.chain === name))
      .map((asset) => ({ id: asset.id, minAmount: 0n, maxAmount: undefined })),
  };
}

export function isHomeLane({ source, target }: Pick<ManifestLane, 'source' | 'target'>): boolean {
  return source === target;
}
