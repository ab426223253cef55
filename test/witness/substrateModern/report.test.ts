/** The section that the witness writes, of figures made up for it. */
import { describe, expect, it } from 'vitest';
import type { E2eResult } from '../../e2e/runE2e.ts';
import { substrateSection } from './report.ts';

const run: E2eResult = {
  ...{ transfers: 45, delivered: 40, refunded: 5, lost: 0, doubled: 0, supplyHolds: true },
  ...{
    directions: ['a -> b', 'c -> b'],
    faults: ['kill', 'wipe'],
    heard: { mon: 1, alert: 0 },
    seconds: 12.3,
    holds: true,
  },
};

describe('the section of newer Substrate runtimes', () => {
  it('gives weights for each payout, and payouts for each block', () => {
    const section = substrateSection({
      relay: 'relay 7',
      crates: ['one 1.0.0', 'two 2.0.0'],
      checks: 30,
      compared: 32,
      finality: { handOvers: 8, justifications: 1_000, accepted: 362 },
      releases: [
        {
          runtime: 'hub 9',
          limits: {
            block: { refTime: 375_000_000_000n, proofSize: 3_932_160n },
            extrinsic: { refTime: 349_875_000_000n, proofSize: 3_670_016n },
          },
          most: new Map([['native, known accounts', 512]]),
          releases: [
            {
              ...{ kind: 'native, known accounts', payouts: 128, bytes: 5_654 },
              weight: { refTime: 20_478_487_472n, proofSize: 470_308n },
            },
          ],
          fills: [{ kind: 'native, known accounts', payoutsEach: 128, releases: 8 }],
        },
      ],
      runs: [run],
    });
    const lines = section.split('\n');
    expect(lines).toContain('| changes of the authority set that both followed | 8 |');
    expect(lines).toContain('| hub 9 | native, known accounts | 128 | 160 µs | 3,674 B | 44 |');
    expect(lines).toContain('| hub 9 | 375,000 µs | 3,932,160 B | 512 (native, known accounts) |');
    expect(lines).toContain('| hub 9 | native, known accounts | 128 | 8 | 1,024 | 85 |');
    expect(lines).toContain('| a -> b, c -> b | kill, wipe | 45 | 40 | 5 | 0 | 0 | 12 |');
    expect(section).toContain('30 checks, all of them held. Runtimes: relay 7 as relay chain');
  });
});
