/** What an operator would write into genesis and the node's configuration. */

export interface AppConfig {
  readonly chainId: string;
  /** Of bech32 addresses. */
  readonly prefix: string;
  /** The chain's own coin: fees are paid in it. */
  readonly denom: string;
  /** Whole units of a coin's smallest part for 1,000 gas; nodes refuse less, blocks do not. */
  readonly feePerThousandGas: bigint;
  /** What a new token costs; undefined where the chain has no token factory. */
  readonly denomCreationFee: bigint | undefined;
}

/** With what follows from it. */
export interface RunConfig extends AppConfig {
  /** Addresses of the modules' own accounts. */
  readonly modules: ModuleAddresses;
}

export type ModuleName = 'fee_collector' | 'mint' | 'distribution' | 'tokenfactory';
export type ModuleAddresses = Readonly<Record<ModuleName, string>>;

/** `max_memo_characters` */
export const MEMO_CHARACTERS_MAX = 256;
