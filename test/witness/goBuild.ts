/**
 * Programs built by the system's Go from a pinned go.mod and go.sum, into the project's cache: the first build downloads and
 * compiles for minutes, later ones find what is there. Go checks every module against go.sum, which names its hash.
 */
import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ViaductError } from '../../relayer/core/errors.ts';
import { runCommand } from '../devnet/nats/runCommand.ts';

export interface GoProgram {
  /** Its name as a binary. */
  readonly name: string;
  readonly package: string;
}

export interface GoBuildOptions {
  /** The name of its folder in the cache. */
  readonly name: string;
  /** Where go.mod and go.sum are. Nothing is written there. */
  readonly moduleFolder: string;
  readonly programs: readonly GoProgram[];
  /** Told in one line what is being done. */
  readonly say: (line: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export type GoBuild =
  | { readonly kind: 'built'; readonly folder: string }
  /** Something that the machine has to bring is missing. */
  | { readonly kind: 'missing'; readonly reason: string };

const BUILD_MS_MAX = 30 * 60_000;

/** Throws `SETUP_FAILED` when all is there and the build fails nevertheless. */
export async function goBuild(options: GoBuildOptions): Promise<GoBuild> {
  const { moduleFolder, programs, say } = options;
  const env = options.env ?? process.env;
  const pins = await Promise.all(['go.mod', 'go.sum'].map(async (file) => readFile(join(moduleFolder, file))));
  const folder = goBuildFolder(options.name, pins, env);
  if (await hasAll(folder, programs)) return { kind: 'built', folder };
  const missing = await missingTool(env);
  if (missing !== undefined) return { kind: 'missing', reason: missing };

  say(`building ${programs.map(({ name }) => name).join(' and ')} with Go: about four minutes and 4 GB the first time`);
  await mkdir(join(folder, '..'), { recursive: true });
  const workshop = await mkdtemp(`${folder}-build-`);
  try {
    // Low priority: the compiler takes every core it gets.
    const args = ['-n', '10', 'go', 'build', '-trimpath', '-mod=readonly', '-o', `${workshop}/`];
    const goEnv = { ...env, GOFLAGS: '', GOWORK: 'off' };
    await runCommand('nice', [...args, ...programs.map((one) => one.package)], {
      cwd: moduleFolder,
      env: goEnv,
      timeoutMs: BUILD_MS_MAX,
    });
    if (!(await hasAll(workshop, programs))) throw new Error('the build left no programs');
    // In one step, so that others never see half of it.
    await rm(folder, { recursive: true, force: true });
    await rename(workshop, folder);
  } catch (cause) {
    throw new ViaductError({
      code: 'SETUP_FAILED',
      shortMessage: `Go could not build ${programs.map(({ name }) => name).join(' and ')}.`,
      metaMessages: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    });
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return { kind: 'built', folder };
}

/** Below `VIADUCT_CACHE`, or `.cache` in the project; another go.mod or go.sum is another folder. */
export function goBuildFolder(
  name: string,
  pins: readonly Uint8Array[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const hash = createHash('sha256');
  for (const pin of pins) hash.update(pin);
  const root = env['VIADUCT_CACHE'] ?? join(import.meta.dirname, '../../.cache');
  return join(root, 'witness', `${name}-${hash.digest('hex').slice(0, 16)}`);
}

/** The version that a go.mod pins for a module. */
export function pinnedVersion(goMod: string, module: string): string {
  const lines = goMod.split('\n').map((line) => line.trim().split(/\s+/));
  const found = lines.find(([name, version]) => name === module && /^v\d/.test(version ?? ''));
  if (found === undefined) throw new Error(`go.mod does not name ${module}`);
  return (found[1] ?? '').slice(1);
}

async function missingTool(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  try {
    await runCommand('go', ['version'], { env, timeoutMs: 30_000 });
  } catch {
    return 'Go is not installed (https://go.dev/dl): it builds the real node software from pinned sources.';
  }
  try {
    await runCommand('gcc', ['--version'], { env, timeoutMs: 30_000 });
  } catch {
    return 'gcc is not installed: parts of the node software are linked with C libraries.';
  }
  return undefined;
}

async function hasAll(folder: string, programs: readonly GoProgram[]): Promise<boolean> {
  try {
    for (const { name } of programs) {
      await access(join(folder, name), constants.X_OK);
      // It may be linked with a library in Go's module cache, which somebody may have emptied since.
      await runCommand(join(folder, name), ['version'], { timeoutMs: 30_000 });
    }
    return true;
  } catch {
    return false;
  }
}
