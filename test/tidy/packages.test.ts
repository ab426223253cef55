import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryFiles, ROOT } from './repository.ts';

interface PackageJson {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly overrides: Record<string, string>;
  readonly scripts: Record<string, string>;
}
interface Lock {
  readonly packages: Record<
    string,
    { readonly resolved?: string; readonly integrity?: string; readonly link?: boolean }
  >;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as PackageJson;
const lock = JSON.parse(read('package-lock.json')) as Lock;
const direct = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
const EXACT = /^(npm:[a-z0-9-]+@)?\d+\.\d+\.\d+(-[0-9a-z.]+)?$/;

/** Packages that nobody imports by name, and what reads them instead. */
const NOT_IMPORTED: Readonly<Record<string, string>> = {
  '@types/node': 'the compiler',
  '@types/secp256k1': 'the compiler',
  '@foundry-rs/anvil-linux-amd64': 'test/devnet/anvil.ts, which puts the platform into the name',
  '@foundry-rs/forge-linux-amd64': 'contracts/evm/forgeTest.ts, likewise',
};

describe('package.json', () => {
  it('names exact versions', () => {
    const versions = Object.entries({ ...direct, ...manifest.overrides });
    expect(versions.filter(([, version]) => !EXACT.test(version))).toEqual([]);
    expect(['^1.0.0', '~1.0.0', '1.x', 'latest', '>=1', 'file:../x', '1.0'].filter((v) => EXACT.test(v))).toEqual([]);
  });

  it('has every npm script go through scripts/run.mjs, which knows the command', () => {
    const wrong = Object.entries(manifest.scripts).filter(([name, line]) => line !== `node scripts/run.mjs ${name}`);
    expect(wrong).toEqual([]);
    const known = read('scripts/run.mjs');
    expect(Object.keys(manifest.scripts).filter((name) => !known.includes(`\n  ${name}: { entry:`))).toEqual([]);
  });
});

describe('package-lock.json', () => {
  it('has hashes and no addresses', () => {
    const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
  });

  it('is that of package.json', () => {
    const root = (lock.packages as Record<string, unknown>)[''] as Record<string, unknown>;
    for (const group of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
      expect(root[group]).toEqual(manifest[group]);
    }
  });
});

describe('direct dependencies', () => {
  it('each have their line in docs/DEPENDENCIES.md, and no line is left of one that went', () => {
    const listed = [...read('docs/DEPENDENCIES.md').matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, name]) => name!);
    expect(listed.toSorted()).toEqual(Object.keys(direct).toSorted());
  });

  it('are each used somewhere', () => {
    const code = repositoryFiles().filter(({ path }) => /\.(ts|mjs|cjs|js|sol|toml)$/.test(path));
    const used = (name: string): boolean =>
      code.some(({ path, text }) => path !== 'test/tidy/packages.test.ts' && mention(name).test(text));
    expect(Object.keys(direct).filter((name) => NOT_IMPORTED[name] === undefined && !used(name))).toEqual([]);
  });
});

/** In quotes or in a path. */
function mention(name: string): RegExp {
  return new RegExp(`['"\`/]${name.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')}['"\`/]`);
}
