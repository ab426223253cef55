/**
 * The Cosmos node software that judges the local chain: `tokend`, a chain of the Cosmos SDK with the token factory and
 * CosmWasm, and `cometbft` with its example application and its light client. Versions are those of go.mod beside this file.
 */
import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../devnet/nats/runCommand.ts';
import { type GoProgram, goBuild, pinnedVersion } from '../goBuild.ts';

export interface CosmosBinaries {
  readonly tokend: string;
  readonly cometbft: string;
  /** A contract of wasmd's own tests that sends on the messages it is given; undefined when its module has none. */
  readonly reflectContract: string | undefined;
  readonly versions: {
    readonly tokend: string;
    readonly cosmosSdk: string;
    readonly cometbft: string;
    readonly wasmd: string;
  };
}

export type CosmosBinariesAnswer =
  { readonly kind: 'built'; readonly binaries: CosmosBinaries } | { readonly kind: 'missing'; readonly reason: string };

const TOKEN_FACTORY = 'github.com/cosmos/tokenfactory';
const COMETBFT = 'github.com/cometbft/cometbft';
const PROGRAMS: readonly GoProgram[] = [
  { name: 'tokend', package: `${TOKEN_FACTORY}/cmd/tokend` },
  { name: 'cometbft', package: `${COMETBFT}/cmd/cometbft` },
];

export async function obtainCosmosBinaries(say: (line: string) => void): Promise<CosmosBinariesAnswer> {
  const moduleFolder = import.meta.dirname;
  const built = await goBuild({ name: 'cosmos', moduleFolder, programs: PROGRAMS, say });
  if (built.kind === 'missing') return built;
  const goMod = await readFile(join(moduleFolder, 'go.mod'), 'utf8');
  const binaries: CosmosBinaries = {
    tokend: join(built.folder, 'tokend'),
    cometbft: join(built.folder, 'cometbft'),
    reflectContract: await obtainReflect(moduleFolder, join(built.folder, 'reflect.wasm')),
    versions: {
      tokend: pinnedVersion(goMod, TOKEN_FACTORY),
      cosmosSdk: pinnedVersion(goMod, 'github.com/cosmos/cosmos-sdk'),
      cometbft: pinnedVersion(goMod, COMETBFT),
      wasmd: pinnedVersion(goMod, 'github.com/CosmWasm/wasmd'),
    },
  };
  return { kind: 'built', binaries };
}

/** Kept beside the programs, so that later runs do not ask Go. */
async function obtainReflect(moduleFolder: string, kept: string): Promise<string | undefined> {
  try {
    if ((await stat(kept)).size > 0) return kept;
  } catch {
    // Not there yet.
  }
  try {
    const args = ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', 'github.com/CosmWasm/wasmd'];
    const folder = (await runCommand('go', args, { cwd: moduleFolder })).trim();
    await copyFile(join(folder, 'x/wasm/keeper/testdata/reflect_2_0.wasm'), kept);
    return kept;
  } catch {
    return undefined;
  }
}
