/** The relayer's private configuration. */
export { ConfigError, type Finding, formatFinding } from '../manifest/findings.ts';
export { type ConfigSources, type LoadedConfig, loadConfig } from './loadConfig.ts';
export {
  type AccountConfig,
  type ApiConfig,
  type AttesterConfig,
  type ChainConfig,
  type CosmosChainConfig,
  type Endpoint,
  type EvmChainConfig,
  type ForwardConfig,
  type LogConfig,
  type LogFormat,
  type LogLevel,
  type NatsAuth,
  type NatsConfig,
  type RelayerConfig,
  type Role,
  ROLES,
  type SubstrateChainConfig,
} from './relayerConfig.ts';
export { createSecret, type Secret } from './secret.ts';
export { systemSources } from './systemSources.ts';
export { DEFAULT_TUNING, POLL_MS, type Tuning, TUNING } from './tuning.ts';
