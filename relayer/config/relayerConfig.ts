/**
 * The relayer's own configuration, as the rest of the program sees it: checked, defaults filled in, paths absolute,
 * secrets wrapped. `loadConfig` makes it.
 */
import type { ChainName } from '../core/ids.ts';
import type { Secret } from './secret.ts';
import type { Tuning } from './tuning.ts';

/** What a process does; one process may do everything. */
export const ROLES = ['verify', 'attest', 'plan', 'submit', 'api'] as const;
export type Role = (typeof ROLES)[number];

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface RelayerConfig {
  /** Absolute. */
  readonly manifestFile: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly roles: ReadonlySet<Role>;
  readonly chains: ReadonlyMap<ChainName, ChainConfig>;
  /** Present when the role `attest` runs here. */
  readonly attester: AttesterConfig | undefined;
  readonly nats: NatsConfig;
  readonly api: ApiConfig;
  readonly log: LogConfig;
  readonly tuning: Tuning;
}

/** How this process reaches a chain: one row of the union per family, which the manifest decides. */
export type ChainConfig = EvmChainConfig | CosmosChainConfig | SubstrateChainConfig;

interface ChainConfigBase {
  readonly endpoints: readonly Endpoint[];
  readonly pollMs: number;
  /** How lanes into this chain share it, by their source; 1 for one that is not there. */
  readonly laneWeights: ReadonlyMap<ChainName, number>;
}

export interface EvmChainConfig extends ChainConfigBase {
  readonly family: 'evm';
  /** Beacon APIs over HTTP(S); empty where the light client needs none. */
  readonly beacon: readonly Secret[];
  readonly accounts: readonly AccountConfig[];
  /** Wei: no transaction offers more. */
  readonly maxFeePerGas: bigint;
  /** Where transfers may change lanes; undefined where nobody said which factory is trusted. */
  readonly forward: ForwardConfig | undefined;
}

/** Forwarders: contracts through which a transfer goes on over a second lane. */
export interface ForwardConfig {
  /** 20 bytes: who makes them. What it makes is trusted with what users send to it. */
  readonly factory: Uint8Array;
  /** Pays for poking them. Undefined in a process that only sends to them. */
  readonly account: AccountConfig | undefined;
  /** Forwards registered and not at their end. */
  readonly openMax: number;
  /** Transactions that this process pays for. */
  readonly pokesPerHourMax: number;
}

export interface CosmosChainConfig extends ChainConfigBase {
  readonly family: 'cosmos';
  /** 32 bytes: what this member's keys of the vault come from. Undefined in a process that signs no payments. */
  readonly vaultKey: Secret<Uint8Array> | undefined;
}

export interface SubstrateChainConfig extends ChainConfigBase {
  readonly family: 'substrate';
  /** Of the relay chain; empty where the chain is no parachain. */
  readonly relayEndpoints: readonly Endpoint[];
  /** 32 bytes: the seed of this member's accounts. Undefined in a process that approves no payments. */
  readonly vaultKey: Secret<Uint8Array> | undefined;
  /** 32 bytes: the seed of openers and executors. Undefined in a process that does not submit to this chain. */
  readonly submitterKey: Secret<Uint8Array> | undefined;
}

export interface Endpoint {
  /** `host:port`, for logs and metrics: says which endpoint without its path or credentials. */
  readonly name: string;
  /** HTTP(S); secret because providers put their key in it. */
  readonly url: Secret;
  /** WebSocket, a wake-up hint only. */
  readonly ws: Secret | undefined;
}

/** A funded account that submits. It has no authority: it pays fees. */
export interface AccountConfig {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 32 bytes. */
  readonly key: Secret<Uint8Array>;
}

export interface AttesterConfig {
  /** A member of the manifest's signer set. */
  readonly name: string;
  /** 20 bytes: the member's address, and the key's. */
  readonly address: Uint8Array;
  /** 32 bytes. */
  readonly key: Secret<Uint8Array>;
}

export interface NatsConfig {
  /** Without credentials in it. */
  readonly url: string;
  readonly auth: NatsAuth;
}

export type NatsAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'user'; readonly user: string; readonly password: Secret }
  | { readonly kind: 'token'; readonly token: Secret }
  /** Absolute path of a `.creds` file. */
  | { readonly kind: 'creds'; readonly file: string };

export interface ApiConfig {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

export interface LogConfig {
  readonly level: LogLevel;
  readonly format: LogFormat;
}
