/** A lane whose source is a vault, as derivation sees it: what a deposit must be like to travel on it. From the manifest. */
import type { AssetId, ChainName, LaneId } from './ids.ts';

export interface VaultLane {
  readonly lane: LaneId;
  readonly target: ChainName;
  readonly enabled: boolean;
  /** Lengths that an account can have on the target chain. */
  readonly receiverLengths: readonly number[];
  readonly assets: readonly VaultLaneAsset[];
}

export interface VaultLaneAsset {
  readonly asset: AssetId;
  /** Canonical units, inclusive. */
  readonly minAmount: bigint;
  /** Canonical units, inclusive. */
  readonly maxAmount: bigint | undefined;
  /** Canonical units of the smallest amount that both ends can represent. */
  readonly granularity: bigint;
}
