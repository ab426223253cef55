/**
 * A vault gateway as derivation sees it, from the manifest. All of it decides what a deposit becomes and what a release is,
 * so all attesters must have the same.
 */
import type { AssetId, LaneId } from '../../relayer/core/ids.ts';
import type { VaultLane } from '../../relayer/core/vaultLane.ts';

/** What of the chain stands for an asset. */
export interface VaultAsset {
  readonly asset: AssetId;
  /** The chain's own coin, or an id of pallet-assets. */
  readonly token: VaultToken;
  /**
   * `lock`: the vault pays out what it holds. `mint`: the vault of this account is the issuer and mints what it pays out; what
   * comes back to any vault is out of circulation.
   */
  readonly custody: { readonly kind: 'lock' } | { readonly kind: 'mint'; readonly issuer: Uint8Array };
  /** Decimals on this chain. */
  readonly decimals: number;
  /** Decimals of the asset's canonical units, which packets carry. */
  readonly canonicalDecimals: number;
  /** Below this, in the chain's own units, nothing goes back: it would cost more than it is. The vault keeps it. */
  readonly refundMinimum: bigint;
}

export type VaultToken = { readonly kind: 'native' } | { readonly kind: 'asset'; readonly id: bigint };

/** A lane whose target is this gateway. */
export interface VaultInbound {
  readonly lane: LaneId;
  /** Where returns of its refused packets go. */
  readonly opposite: LaneId;
}

/** One account of the vault. Several pay in parallel. */
export interface VaultAccount {
  /** The multisig account, 32 bytes: see `multisig.ts`. */
  readonly account: Uint8Array;
  /** Opens operations, and carries them out once the members approved. Neither can pay anything without k members. */
  readonly opener: Uint8Array;
  readonly executor: Uint8Array;
}

export interface SubstrateGateway {
  /** The first block that can hold anything of the gateway. */
  readonly startHeight: bigint;
  /** Milliseconds of a slot of this chain: a block's time is its slot's. */
  readonly slotMs: number;
  /** Of the chain's SS58 addresses. */
  readonly ss58Prefix: number;
  readonly vaults: readonly VaultAccount[];
  readonly assets: readonly VaultAsset[];
  readonly outbound: readonly VaultLane[];
  readonly inbound: readonly VaultInbound[];
  /**
   * The lane from this gateway to itself. A deposit that cannot travel goes back on it, as a packet of kind `return` whose
   * receiver is the sender: so a refund is signed, delivered once and settled as everything else is.
   */
  readonly home: LaneId;
}

/** Own units to canonical ones, rounded down where canonical units are the coarser. */
export function toCanonical(asset: VaultAsset, own: bigint): { readonly amount: bigint; readonly exact: boolean } {
  return rescale(own, asset.canonicalDecimals - asset.decimals);
}

/** Canonical units to own ones; undefined when they cannot express the amount. */
export function toOwn(asset: VaultAsset, canonical: bigint): bigint | undefined {
  const { amount, exact } = rescale(canonical, asset.decimals - asset.canonicalDecimals);
  return exact ? amount : undefined;
}

function rescale(value: bigint, digits: number): { readonly amount: bigint; readonly exact: boolean } {
  if (digits >= 0) return { amount: value * 10n ** BigInt(digits), exact: true };
  const unit = 10n ** BigInt(-digits);
  return { amount: value / unit, exact: value % unit === 0n };
}
