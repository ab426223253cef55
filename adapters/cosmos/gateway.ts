/**
 * A vault gateway as derivation sees it, from the manifest. All of it decides what a deposit becomes, so all attesters must
 * have the same.
 */
import type { AssetId, ChainName, LaneId } from '../../relayer/core/ids.ts';

/** A coin of the chain that stands for an asset. */
export interface VaultCoin {
  readonly denom: string;
  readonly asset: AssetId;
  /** Decimals of the coin on this chain. */
  readonly decimals: number;
  /** Decimals of the asset's canonical units, which packets carry. */
  readonly canonicalDecimals: number;
  /** Below this, in the coin's own units, nothing goes back: it would cost more than it is. The vault keeps it. */
  readonly refundMinimum: bigint;
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

/** A lane whose source is this gateway. */
export interface VaultLane {
  readonly lane: LaneId;
  readonly target: ChainName;
  readonly enabled: boolean;
  /** Lengths that an account can have on the target chain. */
  readonly receiverLengths: readonly number[];
  readonly assets: readonly VaultLaneAsset[];
}

export interface CosmosGateway {
  readonly chainId: string;
  /** The first block that can hold anything of the gateway. */
  readonly startHeight: bigint;
  /** Of the chain's bech32 addresses. */
  readonly prefix: string;
  /** Account bytes of all vaults of the gateway. */
  readonly vaults: readonly Uint8Array[];
  readonly coins: readonly VaultCoin[];
  readonly outbound: readonly VaultLane[];
  /**
   * The lane from this gateway to itself. A deposit that cannot travel goes back on it, as a packet of kind `return` whose
   * receiver is the sender: so a refund is signed, delivered once and settled as everything else is.
   */
  readonly home: LaneId;
}
