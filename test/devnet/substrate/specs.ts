/** Published chain specs that carry a runtime. Data only. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import assetHub from '@polkadot-api/known-chains/rococo_v2_2_asset_hub';
import { parseSpec, type RawSpec } from './chain/genesis.ts';

/** The runtimes of a network. */
export interface NetworkSpecs {
  readonly relay: RawSpec;
  readonly assetHub: RawSpec;
}

/** Files of specs, such as `obtainModernSpecs` brings. */
export type SpecFiles = Readonly<Record<keyof NetworkSpecs, string>>;

/** Rococo 9190: BABE, GRANDPA, Sudo, and a bridge pallet that verifies GRANDPA by itself. */
export async function rococoSpec(): Promise<RawSpec> {
  const main = fileURLToPath(import.meta.resolve('@substrate/connect'));
  return parseSpec(await readFile(join(dirname(main), 'connector', 'specs', 'rococo_v2_2.json'), 'utf8'));
}

/** Statemine 900 as Rococo's asset hub, parachain 1000. */
export function statemineSpec(): RawSpec {
  return parseSpec(assetHub);
}

/** Those of installed packages. */
export async function packagedSpecs(): Promise<NetworkSpecs> {
  return { relay: await rococoSpec(), assetHub: statemineSpec() };
}

export async function readSpecs(files: SpecFiles): Promise<NetworkSpecs> {
  return { relay: await readSpec(files.relay), assetHub: await readSpec(files.assetHub) };
}

export async function readSpec(file: string): Promise<RawSpec> {
  return parseSpec(await readFile(file, 'utf8'));
}
