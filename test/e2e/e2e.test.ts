/**
 * The whole of it, small: real chains, real bus, real processes killed and the bus wiped on the way. The command
 * `npm run e2e` runs the same with any number of transfers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createOutput } from '../../relayer/cli/output.ts';
import { parseFaults, runE2e } from './runE2e.ts';

const TEST_MS_MAX = 300_000;

it(
  'delivers everything once through SIGKILLs and a wiped stream, and refused transfers come back',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-e2e-'));
    try {
      const options = { from: 'evm', to: 'evm', transfers: 120, faults: parseFaults('kill,wipe'), seed: 'test', dir };
      const result = await runE2e(options, createOutput(true), new AbortController().signal);
      expect(result).toMatchObject({
        transfers: 122,
        delivered: 120,
        refunded: 2,
        lost: 0,
        doubled: 0,
        supplyHolds: true,
        directions: ['anvil-a -> anvil-b'],
        faults: ['kill', 'wipe'],
        holds: true,
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  TEST_MS_MAX,
);

it(
  'does the same between vaults, and money that comes astray goes back',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'viaduct-e2e-'));
    try {
      const faults = parseFaults('kill,wipe');
      const options = { from: 'cosmos', to: 'cosmos', transfers: 60, faults, seed: 'test', dir };
      const result = await runE2e(options, createOutput(true), new AbortController().signal);
      expect(result).toMatchObject({
        // Expired, to a receiver that takes nothing, and three payments that lead nowhere.
        transfers: 65,
        delivered: 60,
        refunded: 5,
        lost: 0,
        doubled: 0,
        supplyHolds: true,
        directions: ['cosmos-a -> cosmos-b'],
        faults: ['kill', 'wipe'],
        holds: true,
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  TEST_MS_MAX,
);

it('names the faults there are', () => {
  expect(() => parseFaults('kill,quake')).toThrow(/There is no fault "quake"/);
});
