/** What the wallet of any family can do on one chain. */
import type { Asset, ManifestChain, ManifestLane, Representation } from '../manifest/index.ts';

export interface Route {
  readonly source: ManifestChain;
  readonly target: ManifestChain;
  readonly lane: ManifestLane;
  readonly asset: Asset;
  /** Of the asset on the source. */
  readonly local: Representation;
  /** Units of the token on the source. */
  readonly amount: bigint;
  readonly receiver: Uint8Array;
}

export interface Payment {
  /** Units of the token on the source. */
  readonly amount: bigint;
  readonly receiver: Uint8Array;
}

export interface Sent {
  readonly transaction: string;
  readonly height: bigint;
  /**
   * `<lane>-<sequence>` of each transfer, where the source says it at once. A vault's deposits get their sequence when they are
   * derived: they are asked for by their transaction.
   */
  readonly places: readonly string[];
}

/** One chain of the wallet. */
export interface ChainWallet {
  /** Native account bytes. */
  readonly account: Uint8Array;
  /** All by the same route, in one transaction where the chain can, each with its own where it cannot. */
  send(route: Route, payments: readonly Payment[], deadline: bigint, signal: AbortSignal): Promise<readonly Sent[]>;
  /** Units of the token. */
  balance(token: Representation, account: Uint8Array, signal: AbortSignal): Promise<bigint>;
}
