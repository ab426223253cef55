/**
 * The manifest: the public description of one bridge network, the same for everybody. Its hash is part of what the
 * attesters sign, so two parties that read different manifests cannot agree by accident.
 *
 * It is trusted input: whoever writes it chooses the signers and the trusted blocks. The checks find mistakes, not lies.
 */
import { z } from 'zod';
import type { AssetId, ChainName, LaneId } from '../core/ids.ts';
import { type Asset, ASSETS_MAX, assetSchema } from './asset.ts';
import { chainSchema, type ManifestChain } from './chain.ts';
import { slugField } from './fields.ts';
import { laneSchema, type ManifestLane } from './lane.ts';
import { type ManifestSigners, signersSchema } from './signers.ts';

/** `dev` allows what must never hold value: single signers, published keys, one endpoint. */
export type Profile = 'dev' | 'testnet';

export interface Manifest {
  readonly version: 1;
  readonly network: string;
  readonly profile: Profile;
  /** 32 bytes: `manifestHash` of the document. */
  readonly hash: Uint8Array;
  readonly chains: readonly ManifestChain[];
  readonly signers: ManifestSigners;
  readonly assets: readonly Asset[];
  readonly lanes: readonly ManifestLane[];
}

/** Bytes of a manifest: 64 chains with all their lanes take about 600 kB. */
export const MANIFEST_BYTES_MAX = 1024 * 1024;
/** Chains of one network. No further reason. */
export const CHAINS_MAX = 64;

const CHAINS = `a list of 2 to ${CHAINS_MAX} chains`;
const ASSETS = `a list of 1 to ${ASSETS_MAX} assets`;
const LANES_MAX = CHAINS_MAX * (CHAINS_MAX - 1);

export const manifestSchema = z
  .strictObject(
    {
      $schema: z.string({ error: 'a string' }).optional().describe('Where the JSON Schema is; not part of the hash.'),
      version: z.literal(1, { error: '1' }).describe('Version of this format.'),
      network: slugField().describe('Name of the bridge network.'),
      profile: z
        .enum(['dev', 'testnet'], { error: '"dev" or "testnet"' })
        .describe('dev allows what must never hold value: single signers, published keys, one endpoint.'),
      chains: z
        .array(chainSchema, { error: CHAINS })
        .min(2, { error: CHAINS })
        .max(CHAINS_MAX, { error: CHAINS })
        .describe('The chains of the network.'),
      signers: signersSchema,
      assets: z
        .array(assetSchema, { error: ASSETS })
        .min(1, { error: ASSETS })
        .max(ASSETS_MAX, { error: ASSETS })
        .describe('What can be transferred.'),
      lanes: z
        .array(laneSchema, { error: `a list of 2 to ${LANES_MAX} lanes` })
        .min(2, { error: `a list of 2 to ${LANES_MAX} lanes` })
        .max(LANES_MAX, { error: `a list of 2 to ${LANES_MAX} lanes` })
        .describe('The one-way lanes between the chains. Each needs its opposite, on which refused packets return.'),
    },
    { error: 'a manifest: an object with version, network, profile, chains, signers, assets and lanes' },
  )
  .describe('The public description of one bridge network. Its hash is part of what attesters sign.');

export function chainByName(manifest: Manifest, name: ChainName): ManifestChain | undefined {
  return manifest.chains.find((chain) => chain.name === name);
}

export function laneById(manifest: Manifest, id: LaneId): ManifestLane | undefined {
  return manifest.lanes.find((lane) => lane.id === id);
}

export function laneBetween(manifest: Manifest, source: ChainName, target: ChainName): ManifestLane | undefined {
  return manifest.lanes.find((lane) => lane.source === source && lane.target === target);
}

export function oppositeLane(manifest: Manifest, lane: ManifestLane): ManifestLane | undefined {
  return laneById(manifest, lane.oppositeId);
}

export function assetById(manifest: Manifest, id: AssetId): Asset | undefined {
  return manifest.assets.find((asset) => asset.id === id);
}

export function lanesFrom(manifest: Manifest, source: ChainName): readonly ManifestLane[] {
  return manifest.lanes.filter((lane) => lane.source === source);
}

export function lanesTo(manifest: Manifest, target: ChainName): readonly ManifestLane[] {
  return manifest.lanes.filter((lane) => lane.target === target);
}
