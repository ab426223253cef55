import { describe, expect, it } from 'vitest';
import { percentiles, rounded, timed } from './bench.ts';
import { benchCommand } from './benchCommand.ts';
import { BENCHES, runBench } from './entries/index.ts';
import { performancePage } from './performancePage.ts';

const FIELDS = ['name', 'perSecond', 'cpuMicrosPerTransfer', 'cores', 'p50Ms', 'p99Ms', 'rssMb', 'lost', 'doubled'];
const quiet = { seed: 1, say: () => undefined };

describe('benchmarks', () => {
  it('give the fields of the contract, and null for what makes no sense', async () => {
    const result = await runBench('codec', { ...quiet, seconds: 0.01 });
    expect(Object.keys(result ?? {})).toEqual(expect.arrayContaining(FIELDS));
    expect(result).toMatchObject({ name: 'codec', lost: null, doubled: null, p50Ms: null });
    expect(result?.cpuMicrosPerTransfer).toBeGreaterThan(0);
    expect(await runBench('no-such', { ...quiet, seconds: 1 })).toBeUndefined();
  });

  it('run the engine over simulated chains with nothing lost or doubled', async () => {
    const result = await runBench('engine', { ...quiet, seconds: 0.05 });
    expect(Object.keys(result ?? {})).toEqual(expect.arrayContaining(FIELDS));
    expect(result).toMatchObject({ name: 'engine', lost: 0, doubled: 0, chains: 'simulated' });
    expect(result?.['transfers']).toBeGreaterThan(0);
  });

  it('are listed without a name, and refuse what they do not know', async () => {
    expect(await command()).toMatchObject({ code: 0, last: { benches: BENCHES.map(({ name }) => name) } });
    expect(await command('no-such')).toMatchObject({ code: 2, complaint: /codec, families, engine/ });
    expect(await command('codec', '--seconds', 'many')).toMatchObject({ code: 2, complaint: /--seconds/ });
    expect(await command('codec', '--speed', '3')).toMatchObject({ code: 2, complaint: /--speed/ });
    expect(await command('codec', 'engine')).toMatchObject({ code: 2 });
    expect(await command('codec', 'engine', '--write')).toMatchObject({
      code: 2,
      complaint: /the page shows no "engine"/,
    });
    expect(await command('codec', '--seconds', '0.01', '--json')).toMatchObject({ code: 0, last: { name: 'codec' } });
  });

  it('are shown on a page that says what was simulated, and a dash for what is not known', () => {
    const machine = { cores: 2, cpu: 'CPU', memoryGb: 8 };
    const how = { node: 'v20.19.1', keccak: 'wasm', seconds: 7, minutes: 2.5, load: [0.5, 2] } as const;
    const figures = { perSecond: 12_345, cpuMicrosPerTransfer: 9.5, cores: 1, p50Ms: 1, p99Ms: 2, rssMb: 300 };
    const row = { of: 32, ...figures, lost: 0, doubled: 0 };
    const run = { gcPercent: 4, lanes: [{ name: 'a -> b', deliveredPerSecond: 70 }] };
    const results = {
      pipeline: { ...row, note: 'chains are SIMULATED', stages: [{ stage: 'verify', cpuMicros: 1.5 }] },
      lanes: { ...row, note: '', rows: [{ ...row, ratio: 0.95, allCores: 1.5, busiestCore: 0.8 }] },
      backlog: {
        ...{ ...row, note: '', rows: [row], clearedSeconds: 2.5 },
        caughtUp: { pending: 10_016, clearedSeconds: 2.5, startedSeconds: 1 },
      },
      cosmos: { ...row, note: 'two chains', ratio: 0.95, directPerSecond: 100, full: run },
      substrate: {
        ...row,
        note: 'a hub',
        ratio: 0.5,
        directPerSecond: 900,
        executedPerSecond: 950,
        ratioToExecuted: 0.4,
        full: run,
      },
      mixed: {
        ...{ ...row, note: 'all', ratio: 1.2, bestAlonePerSecond: 80, shareOfAlone: 1.1 },
        together: { ...run, allAtWork: { seconds: 9, perSecond: [70] } },
        alone: [{ deliveredPerSecond: 80, relayerCpuMicros: 7 }],
      },
    };
    const newer = { ...how, node: 'v24.1.0', result: { ...results.pipeline, perSecond: 23_456 } };
    const page = performancePage({
      machine,
      runs: {
        24: { pipeline: newer },
        20: Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { ...how, result }])),
      },
    });
    expect(page).toContain('| `lanes` | v20.19.1 | 7 | 2.5 | 0.5 | 2.0 |');
    expect(page).toContain('| `pipeline` | 24 | 23,456 | 9.5 | 1 | 1 | 2 | 300 |');
    expect(page).not.toContain('| `lanes` | 20 |');
    expect(page).toContain('| `cosmos` | deliveries by payments fed directly | at least 0.9 | 0.95 | yes |');
    expect(page).toContain('| `substrate` | deliveries by payments fed directly | at least 0.9 | 0.5 | **no** |');
    expect(page).toContain('- `substrate`, deliveries by payments fed directly: the runtime fills its blocks');
    expect(page).not.toContain('- `cosmos`, deliveries');
    expect(page).toContain('| cosmos | 12,345 | 100 | 0.95 | 9.5 | 1 | 2 | 300 | 4 | 0 | 0 |');
    expect(page).toContain('executed 950 payments a second; deliveries are 0.4 of that');
    expect(page).toContain('alone is 1.1 in sum');
    expect(page).toContain('| a -> b | 80 | 70 | 7 |');
    expect(page).toContain('`npm run bench -- --write` on 2 cores (CPU), 8 GB, Node 20, Keccak by wasm.');
    expect(page).toContain('**What is simulated.** Chains are SIMULATED.');
    expect(page).toContain('| pipeline | 12,345 | 9.5 | 1 | 1 | 2 | - | - | 300 | - | - | - | 0 | 0 |');
    expect(page).toContain('| verify | 1.5 |');
    expect(page).toContain('| 32 | 12,345 | 0.95 | 9.5 | 1 | 1.5 | 0.8 | 1 | 2 | 300 | 0 | 0 |');
    expect(page).toContain(
      '10,016 transfers that were made while the relayer was down were paid 2.5 s after its start',
    );
    expect(page).toContain(
      '| `backlog` | seconds until 10,000 that waited for the relayer are paid | at most 10 | 2.5 | yes |',
    );
  });

  it('take medians and tails', () => {
    expect(percentiles([5, 1, 4, 2, 3])).toEqual({ p50Ms: 3, p99Ms: 5 });
    expect(percentiles([])).toEqual({ p50Ms: 0, p99Ms: 0 });
    expect([rounded(12_345.6), rounded(1.23456), rounded(0.00012345)]).toEqual([12_346, 1.23, 0.000123]);
    expect(timed(0, () => undefined).iterations).toBe(1);
  });
});

async function command(...args: string[]): Promise<{ code: number; last: unknown; complaint: string }> {
  const said: string[] = [];
  const complaints: string[] = [];
  const code = await benchCommand(args, {
    say: (line) => void said.push(line),
    complain: (line) => void complaints.push(line),
  });
  return { code, last: code === 0 ? JSON.parse(said.at(-1)!) : undefined, complaint: complaints.join() };
}
