/** Specs out of crates, with a cargo made up for it. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../nats/runCommand.ts';
import { type CrateSpec, obtainModernSpecs, specFile } from './modernSpecs.ts';
import { readSpecs } from './specs.ts';

const SPEC = JSON.stringify({
  name: 'Test',
  properties: { tokenDecimals: 12 },
  genesis: { raw: { top: { '0x01': '0x02' } } },
});
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let crate: Buffer;
let spec: CrateSpec;
let specs: Record<'relay' | 'assetHub', CrateSpec>;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viaduct-specs-'));
  const file = join(folder, 'chain-1.2.3', 'chain-specs', 'test.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, SPEC);
  await runCommand('tar', ['-czf', 'made.crate', 'chain-1.2.3'], { cwd: folder });
  crate = await readFile(join(folder, 'made.crate'));
  const pins = { crateSha256: sha256(crate), fileSha256: sha256(SPEC) };
  spec = { crate: 'chain', version: '1.2.3', file: 'chain-specs/test.json', ...pins };
  specs = { relay: spec, assetHub: spec };
  const bin = join(folder, 'bin');
  await mkdir(bin);
  env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    CARGO_HOME: join(folder, 'cargo'),
    VIADUCT_CACHE: join(folder, 'cache'),
  };
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** One that brings the crate, and notes what it was asked. */
async function installCargo(): Promise<void> {
  const target = join(folder, 'cargo', 'registry', 'cache', 'index-0123');
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${join(folder, 'asked')}`,
    `mkdir -p ${target}`,
    `cp ${join(folder, 'made.crate')} ${join(target, 'chain-1.2.3.crate')}`,
  ];
  await writeFile(join(folder, 'bin', 'cargo'), `${script.join('\n')}\n`);
  await chmod(join(folder, 'bin', 'cargo'), 0o755);
}
const obtain = async (pins = specs): ReturnType<typeof obtainModernSpecs> =>
  obtainModernSpecs({ say: () => undefined, env, specs: pins });

describe('specs that crates carry', () => {
  it('are fetched once, unpacked, and read', async () => {
    await installCargo();
    const files = await obtain();
    expect(files).toEqual({ relay: specFile(spec, env), assetHub: specFile(spec, env) });
    expect(await readSpecs(files)).toMatchObject({ relay: { name: 'Test', top: { '0x01': '0x02' } } });
    await obtain();
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('info --quiet chain@1.2.3\n');
    // A file in the cache that is not what it was is no use.
    await writeFile(files.relay, '{}');
    await obtain();
    expect(await readFile(files.relay, 'utf8')).toBe(SPEC);
  });

  it('are only those that are pinned', async () => {
    await installCargo();
    const other = { ...spec, crateSha256: '00'.repeat(32) };
    await expect(obtain({ ...specs, relay: other })).rejects.toThrow(/cargo left no chain-1.2.3.crate/);
    const changed = { ...spec, fileSha256: '00'.repeat(32) };
    await expect(obtain({ ...specs, relay: changed })).rejects.toThrow(/is not the file that is pinned/);
    await expect(obtain({ ...specs, relay: { ...spec, file: 'chain-specs/none.json' } })).rejects.toThrow(/tar failed/);
  });

  it('without cargo: says what is missing and where it may be put', async () => {
    env = { ...env, PATH: join(folder, 'bin') };
    const error: unknown = await obtain().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SETUP_FAILED' });
    const text = (error as Error).message.replaceAll(folder, '<folder>').replace(/-[0-9a-f]{16}\.json/, '-<hash>.json');
    expect(text).toMatchInlineSnapshot(`
      "The chain spec chain-specs/test.json of the crate chain@1.2.3 is not in the cache and could not be fetched.
      cargo is not installed
      Cargo 1.82 or newer brings it (https://rustup.rs), with a registry within reach, and tar unpacks it.
      Or put the file there by hand: <folder>/cache/substrate/chain-1.2.3-chain-specs-test-<hash>.json"
    `);
  });
});
