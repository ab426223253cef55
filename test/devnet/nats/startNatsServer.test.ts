import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { systemClock as clock } from '../../../relayer/core/clock.ts';
import { obtainNatsServer } from './obtainNatsServer.ts';
import { startNatsServer } from './startNatsServer.ts';

const { path: binary } = await obtainNatsServer({ say: (line) => process.stderr.write(`${line}\n`) });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await clock.sleep(10);
}

describe('startNatsServer', () => {
  it('keeps its address through stop, kill and wipe, and leaves nothing behind', async () => {
    const server = await startNatsServer({ binary, clock });
    const { url } = server;
    expect(url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    const pids = [server.pid!];
    await server.stop();
    expect(server.pid).toBeUndefined();
    await server.start();
    pids.push(server.pid!);
    await server.kill();
    await server.start();
    pids.push(server.pid!);
    await server.wipe();
    pids.push(server.pid!);
    expect(server.url).toBe(url);
    expect(isAlive(server.pid!)).toBe(true);
    await server.dispose();
    expect(new Set(pids).size).toBe(4);
    for (const pid of pids) await untilDead(pid);
  });

  it('says what the server said when it does not start', async () => {
    await expect(startNatsServer({ binary, clock, config: 'no_such_option: 1' })).rejects.toMatchObject({
      code: 'SETUP_FAILED',
      message: expect.stringContaining('no_such_option') as string,
    });
    await expect(startNatsServer({ binary: '/no/such/nats-server', clock })).rejects.toMatchObject({
      code: 'SETUP_FAILED',
    });
  });

  it('dies with a parent that is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'viaduct-orphan-'));
    const program = join(import.meta.dirname, 'orphanParent.ts');
    const parent = spawn(process.execPath, ['--import', 'tsx', program, binary, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: parent.stdout })) {
      const pid = Number(line);
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      await untilDead(pid);
      break;
    }
    expect(parent.killed).toBe(true);
    await rm(folder, { recursive: true, force: true });
  });
});
