import { describe, expect, it } from 'vitest';
import { percentiles, rounded, timed } from './bench.ts';
import { benchCommand } from './benchCommand.ts';
import { BENCHES, runBench } from './entries/index.ts';

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
    expect(await command('no-such')).toMatchObject({ code: 2, complaint: /codec, light-clients, engine/ });
    expect(await command('codec', '--seconds', 'many')).toMatchObject({ code: 2, complaint: /--seconds/ });
    expect(await command('codec', '--speed', '3')).toMatchObject({ code: 2, complaint: /--speed/ });
    expect(await command('codec', 'engine')).toMatchObject({ code: 2 });
    expect(await command('codec', '--seconds', '0.01', '--json')).toMatchObject({ code: 0, last: { name: 'codec' } });
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
