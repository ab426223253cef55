/** From the bytes of a manifest to the decoded, checked manifest, or to every mistake in it. */
import { chainName } from '../core/ids.ts';
import { assert } from '../core/errors.ts';
import { toAsset } from './asset.ts';
import { toChain } from './chain.ts';
import { checkManifest } from './checkManifest.ts';
import { readDocument } from './document.ts';
import { ConfigError, type Finding, sortFindings } from './findings.ts';
import { homeLaneOf, toLane } from './lane.ts';
import { type Manifest, MANIFEST_BYTES_MAX, manifestSchema } from './manifest.ts';
import { manifestHash } from './manifestHash.ts';
import { readJson } from './readJson.ts';
import { schemaFindings } from './schemaFindings.ts';
import { toSigners } from './signers.ts';

export interface ManifestReading {
  /** Undefined when one of the findings is an error. */
  readonly manifest: Manifest | undefined;
  readonly findings: readonly Finding[];
}

/** Throws a `ConfigError` (`CONFIG_INVALID`) with all findings when one of them is an error. */
export function loadManifest(bytes: Uint8Array, fileName: string): Manifest {
  const { manifest, findings } = readManifest(bytes, fileName);
  if (manifest === undefined) throw new ConfigError(fileName, findings);
  return manifest;
}

/** The same without throwing, and with the warnings. */
export function readManifest(bytes: Uint8Array, fileName: string): ManifestReading {
  const read = readDocument(bytes, fileName, MANIFEST_BYTES_MAX, readJson);
  if ('findings' in read) return { manifest: undefined, findings: read.findings };
  const { document } = read;
  const findings = sortFindings([...schemaFindings(document, manifestSchema), ...checkManifest(document)]);
  if (findings.some((finding) => finding.severity === 'error')) return { manifest: undefined, findings };
  return { manifest: decode(document.value), findings };
}

function decode(value: unknown): Manifest {
  const raw = manifestSchema.parse(value);
  const chains = raw.chains.map((chain) => toChain(chain, raw.signers.threshold));
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const assets = raw.assets.map((asset) => toAsset(asset, (name) => byName.get(chainName(name))?.family));
  return {
    version: raw.version,
    network: raw.network,
    profile: raw.profile,
    hash: manifestHash(value),
    chains,
    signers: toSigners(raw.signers),
    assets,
    lanes: [
      ...raw.lanes.map((lane) => {
        const source = byName.get(chainName(lane.source));
        const target = byName.get(chainName(lane.target));
        assert(source !== undefined && target !== undefined, 'checked: a lane names known chains');
        return toLane(lane, source, target);
      }),
      ...chains.flatMap((chain) => homeLaneOf(chain, assets) ?? []),
    ],
  };
}
