import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './loadCommand.ts';
import { openNetwork, requireLoopback } from './networkLoad.ts';

describe('the load of a network', () => {
  it('spends money on loopback only', () => {
    for (const url of ['http://127.0.0.1:8545', 'http://localhost:1', 'http://[::1]:2', 'http://127.8.9.1']) {
      requireLoopback(url);
    }
    for (const url of [
      'https://rpc.example.org',
      'http://127.0.0.1.example.org',
      'http://10.0.0.1:8545',
      'nonsense',
      '',
    ]) {
      expect(() => {
        requireLoopback(url);
      }).toThrow('is not on loopback');
    }
  });

  it('says how to start a local network when there is none', () => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-load-'));
    expect(() => openNetwork(dir)).toThrow('No local network has its files in');
    rmSync(dir, { recursive: true });
  });

  it('takes its options, and refuses what it does not know', () => {
    expect(parseOptions(['--chain', 'anvil-a,anvil-b', '--rate', '2000', '--seconds', '30'])).toMatchObject({
      network: '.devnet',
      chains: ['anvil-a', 'anvil-b'],
      perSecond: 2_000,
      seconds: 30,
      count: 60_000,
      batch: 500,
      follow: false,
    });
    expect(parseOptions(['--chain', 'a', '--rate', 'max', '--count', '7'])).toMatchObject({
      perSecond: undefined,
      count: 7,
    });
    for (const wrong of [
      [],
      ['--chain', 'a', '--rate', 'fast'],
      ['--chain', 'a', '--fresh', '101'],
      ['--speed', '3'],
    ]) {
      expect(() => parseOptions(wrong)).toThrow(/--/);
    }
  });
});
