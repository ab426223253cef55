import { describe, expect, it } from 'vitest';
import { bench } from '../entries/pipeline.ts';
import { USUAL_RUN } from './measure.ts';

describe('a load run', () => {
  // Three processes have to load their code: seconds, more on a busy host.
  it('carries what is sent over real processes and counts all of it', { timeout: 120_000 }, async () => {
    const said: string[] = [];
    const result = await bench({
      ...USUAL_RUN,
      chains: 2,
      lanes: 2,
      chunkSize: 64,
      blockMs: 100,
      warmSeconds: 0,
      warmTransfers: 1,
      seconds: 0.3,
      load: { kind: 'peak', underWay: 1_024 },
      profile: true,
      say: (line) => void said.push(line),
    });
    expect(result).toMatchObject({ lost: 0, doubled: 0, altered: 0, chains: 'simulated', complaints: {} });
    expect(result['transfers']).toBeGreaterThanOrEqual(1_024);
    expect(result.cpuMicrosPerTransfer).toBeGreaterThan(0);
    const stages = result['stages'] as readonly { readonly stage: string }[];
    expect(stages.map(({ stage }) => stage)).toEqual(expect.arrayContaining(['verify', 'store', 'other threads']));
    expect(said.join('\n')).toContain('simulated chains');
  });
});
