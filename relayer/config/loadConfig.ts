/**
 * From relayer.yaml to a checked `RelayerConfig` and the manifest it names, or to every mistake in both, at once. The
 * outside world (environment, files) comes in through `ConfigSources`.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fromHex } from '../core/bytes.ts';
import { assert } from '../core/errors.ts';
import { chainName } from '../core/ids.ts';
import { addressOf } from '../core/secp256k1.ts';
import { readDocument, type SourceDocument } from '../manifest/document.ts';
import { ConfigError, type Finding, sortFindings } from '../manifest/findings.ts';
import { chainByName, type Manifest, type ManifestChain, readManifest } from '../manifest/index.ts';
import { readYaml } from '../manifest/readYaml.ts';
import { schemaFindings, valueAt } from '../manifest/schemaFindings.ts';
import { checkConfig } from './checkConfig.ts';
import { CONFIG_BYTES_MAX, configSchema, type RawConfig } from './configSchema.ts';
import { endpointName } from './endpointName.ts';
import { reasonOf, resolveReferences } from './references.ts';
import type {
  AttesterConfig,
  ChainConfig,
  Endpoint,
  ForwardConfig,
  NatsAuth,
  NatsConfig,
  RelayerConfig,
} from './relayerConfig.ts';
import { createSecret, type Secret } from './secret.ts';

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By absolute path; throws when the file cannot be read. */
  readonly readFile: (path: string) => Uint8Array;
}

export interface LoadedConfig {
  readonly config: RelayerConfig;
  readonly manifest: Manifest;
  readonly warnings: readonly Finding[];
}

/** Throws a `ConfigError` (`CONFIG_INVALID`) with all findings of both files when one of them is an error. */
export function loadConfig(file: string, sources: ConfigSources): LoadedConfig {
  const directory = dirname(resolve(file));
  const local = (path: string): string => resolve(directory, path);
  const read = readDocument(readConfigFile(file, sources), file, CONFIG_BYTES_MAX, readYaml);
  if ('findings' in read) throw new ConfigError(file, read.findings);
  const references = resolveReferences(read.document, {
    env: sources.env,
    readFile: (path) => sources.readFile(local(path)),
  });
  const { document } = references;
  const manifest = loadManifestOf(document, file, sources);
  const findings = [
    ...sortFindings([
      ...references.findings,
      ...schemaFindings(document, configSchema),
      ...manifest.ownFindings,
      ...checkConfig(document, manifest.manifest),
    ]),
    ...manifest.findings,
  ];
  if (manifest.manifest === undefined || findings.some((finding) => finding.severity === 'error')) {
    throw new ConfigError(file, findings);
  }
  const config = decode(configSchema.parse(document.value), manifest.manifest, local);
  return { config, manifest: manifest.manifest, warnings: findings };
}

function readConfigFile(file: string, sources: ConfigSources): Uint8Array {
  try {
    return sources.readFile(resolve(file));
  } catch (thrown) {
    const problem = `the file cannot be read${reasonOf(thrown)}`;
    throw new ConfigError(file, [{ severity: 'error', file, line: 1, column: 1, path: '', problem }]);
  }
}

interface ManifestOfConfig {
  readonly manifest: Manifest | undefined;
  /** Of the manifest file. */
  readonly findings: readonly Finding[];
  /** Of the config file, about the manifest. */
  readonly ownFindings: readonly Finding[];
}

function loadManifestOf(document: SourceDocument, file: string, sources: ConfigSources): ManifestOfConfig {
  const path = valueAt(document.value, ['manifest']);
  const node = document.nodeAt(['manifest']);
  const failed = node?.kind === 'scalar' && node.reference === 'failed';
  if (typeof path !== 'string' || path === '' || failed) return { manifest: undefined, findings: [], ownFindings: [] };
  let bytes: Uint8Array;
  try {
    bytes = sources.readFile(resolve(dirname(resolve(file)), path));
  } catch (thrown) {
    const problem = `the manifest cannot be read${reasonOf(thrown)}`;
    const fix = 'The path is relative to the directory of this file.';
    return { manifest: undefined, findings: [], ownFindings: [document.finding(['manifest'], { problem, fix })] };
  }
  // A path made by a reference is not shown.
  const shown = node?.kind === 'scalar' && node.reference === 'resolved' ? 'manifest' : displayPath(file, path);
  return { ...readManifest(bytes, shown), ownFindings: [] };
}

/** Where the manifest is, seen from where the config file was named. */
function displayPath(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

function decode(raw: RawConfig, manifest: Manifest, local: (path: string) => string): RelayerConfig {
  const chains = new Map(
    Object.entries(raw.chains).map(([name, chain]) => {
      const family = chainByName(manifest, chainName(name))?.family;
      assert(family !== undefined, 'checked: the manifest has every chain of the config');
      return [chainName(name), toChainConfig(chain, family)] as const;
    }),
  );
  return {
    manifestFile: local(raw.manifest),
    dataDir: local(raw.dataDir),
    roles: new Set(raw.roles),
    chains,
    attester: raw.attester === undefined ? undefined : toAttester(raw.attester, manifest),
    nats: toNats(raw.nats, local),
    api: raw.api,
    log: raw.log,
    tuning: raw.tuning,
  };
}

function toChainConfig(raw: RawConfig['chains'][string], family: ManifestChain['family']): ChainConfig {
  const base = {
    endpoints: raw.endpoints.map(toEndpoint),
    pollMs: raw.pollMs,
    laneWeights: new Map(Object.entries(raw.laneWeights).map(([source, weight]) => [chainName(source), weight])),
  };
  switch (family) {
    case 'evm':
      return {
        family,
        ...base,
        beacon: (raw.beacon ?? []).map(({ url }) => createSecret(url)),
        accounts: (raw.accounts ?? []).map((account) => keyPair(account.key)),
        maxFeePerGas: BigInt(Math.round(raw.maxFeePerGasGwei * 1e9)),
        forward: toForward(raw.forward),
      };
    case 'cosmos':
      return { family, ...base, vaultKey: toKey(raw.vaultKey) };
    case 'substrate':
      return {
        family,
        ...base,
        relayEndpoints: (raw.relayEndpoints ?? []).map(toEndpoint),
        vaultKey: toKey(raw.vaultKey),
        submitterKey: toKey(raw.submitterKey),
      };
  }
}

function toForward(raw: RawConfig['chains'][string]['forward']): ForwardConfig | undefined {
  if (raw === undefined) return undefined;
  const { factory, key, openMax, pokesPerHourMax } = raw;
  return {
    factory: fromHex(factory, 20),
    account: key === undefined ? undefined : keyPair(key),
    openMax,
    pokesPerHourMax,
  };
}

function toKey(key: string | undefined): Secret<Uint8Array> | undefined {
  return key === undefined ? undefined : createSecret(fromHex(key, 32));
}

function toEndpoint(raw: { readonly url: string; readonly ws?: string | undefined }): Endpoint {
  return {
    name: endpointName(raw.url),
    url: createSecret(raw.url),
    ws: raw.ws === undefined ? undefined : createSecret(raw.ws),
  };
}

function toAttester(raw: NonNullable<RawConfig['attester']>, manifest: Manifest): AttesterConfig | undefined {
  const member = manifest.signers.members.find((one) => one.name === raw.name);
  return member === undefined ? undefined : { name: raw.name, ...keyPair(raw.key) };
}

function keyPair(key: string): { readonly address: Uint8Array; readonly key: AttesterConfig['key'] } {
  const bytes = fromHex(key, 32);
  return { address: addressOf(bytes), key: createSecret(bytes) };
}

function toNats(raw: RawConfig['nats'], local: (path: string) => string): NatsConfig {
  return { url: raw.url, auth: toNatsAuth(raw, local) };
}

function toNatsAuth(raw: RawConfig['nats'], local: (path: string) => string): NatsAuth {
  if (raw.credsFile !== undefined) return { kind: 'creds', file: local(raw.credsFile) };
  if (raw.token !== undefined) return { kind: 'token', token: createSecret(raw.token) };
  if (raw.user !== undefined && raw.password !== undefined) {
    return { kind: 'user', user: raw.user, password: createSecret(raw.password) };
  }
  return { kind: 'none' };
}
