/** docs/PERFORMANCE.md, written by `npm run bench -- --write`: what was measured, on what, and what was simulated. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { keccakEngine } from '../../relayer/core/keccak.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { runBench } from './entries/index.ts';

const PATH = 'docs/PERFORMANCE.md';
const ROOT = join(import.meta.dirname, '../..');
/** In the order of the page. */
const SHOWN = ['pipeline', 'paced', 'lanes', 'accounts', 'processes', 'backlog', 'codec', 'light-clients'] as const;
type Shown = (typeof SHOWN)[number];

export type Results = Readonly<Partial<Record<Shown, BenchResult>>>;

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly keccak: string;
  /** Load averages before and after: work of others shows here. */
  readonly load: readonly [before: number, after: number];
}

/** Runs everything and writes the page; how many transfers were lost or doubled in all. */
export async function writePerformancePage(options: BenchOptions): Promise<{ path: string; losses: number }> {
  const [before = 0] = loadavg();
  const results: Partial<Record<Shown, BenchResult>> = {};
  for (const name of SHOWN) {
    options.say(`${name} ...`);
    const result = await runBench(name, options);
    if (result !== undefined) results[name] = result;
  }
  const [after = 0] = loadavg();
  const machine: Machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    keccak: keccakEngine.name,
    load: [before, after],
  };
  await writeFile(join(ROOT, PATH), performancePage(machine, options.seconds, results));
  const losses = Object.values(results).reduce((sum, { lost, doubled }) => sum + (lost ?? 0) + (doubled ?? 0), 0);
  return { path: PATH, losses };
}

export function performancePage(machine: Machine, seconds: number, results: Results): string {
  const { cores, cpu, memoryGb, node, keccak, load } = machine;
  return `# Performance

Written by \`npm run bench -- --write --seconds ${seconds}\` on ${cores} cores (${cpu.trim()}), ${memoryGb} GB, Node ${node}, Keccak by ${keccak}.
Load average ${load[0].toFixed(1)} before and ${load[1].toFixed(1)} after: on a host with other work, throughput is what was left, CPU time a
transfer is nearly what it would be.

**What is simulated.** ${sentence(results.pipeline?.note ?? '')} Waits are from the block with the
deposit to the block that pays. Every run ends with all that was sent delivered once, unchanged, and known as delivered, or it fails.

## The whole pipeline

${table(
  [
    'run',
    'transfers/s',
    'CPU us each',
    'cores',
    'p50 ms',
    'p99 ms',
    'MB',
    'gc %',
    'nats us',
    'chains us',
    'lost',
    'doubled',
  ],
  (['pipeline', 'paced'] as const).flatMap((name) => {
    const one = results[name];
    if (one === undefined) return [];
    const extra = ['gcPercent', 'natsMicrosPerTransfer', 'simulationMicrosPerTransfer'].map((field) => one[field]);
    return [[name, ...figures(one), ...extra, one.lost, one.doubled]];
  }),
)}

\`pipeline\` is as fast as it goes with 262,144 transfers under way, so that waits say how long that queue is; \`paced\` sends 100,000 a
second. *nats* and *chains* are the CPU time of nats-server and of the simulated chains, which share the cores with the relayer.

CPU microseconds a transfer by stage (main thread sampled, hashing counted for whoever asked for it):

${table(['stage', 'CPU us'], rowsOf(results.pipeline, 'stages', ['stage', 'cpuMicros']))}

${(['lanes', 'accounts', 'processes', 'backlog'] as const).map((name) => series(name, results[name])).join('\n')}
## Steps alone

CPU microseconds a packet, nothing around it:

${table(['step', 'CPU us'], rowsOf(results.codec, 'parts', ['part', 'cpuMicros']))}

One verification of each light client and proof, milliseconds on one thread:

${table(['light client or proof', 'ms'], rowsOf(results['light-clients'], 'parts', ['part', 'ms']))}
`;
}

const SERIES = {
  lanes: 'Lanes that carry transfers, 32,768 under way on each, at most 262,144.',
  accounts: 'Accounts that submit to one chain with a block a second and 16 transactions of an account under way.',
  processes: 'The same roles in more processes. CPU time is that of all of them.',
  backlog: 'Transfers under way at any time.',
} as const;

function series(name: keyof typeof SERIES, result: BenchResult | undefined): string {
  const rows = rowsOf(result, 'rows', ['of', ...FIGURES, 'lost', 'doubled']);
  const head = [name, 'transfers/s', 'CPU us each', 'cores', 'p50 ms', 'p99 ms', 'MB', 'lost', 'doubled'];
  return `## ${name[0]?.toUpperCase()}${name.slice(1)}\n\n${SERIES[name]}\n\n${table(head, rows)}\n`;
}

const FIGURES = ['perSecond', 'cpuMicrosPerTransfer', 'cores', 'p50Ms', 'p99Ms', 'rssMb'] as const;

function figures(result: BenchResult): unknown[] {
  return FIGURES.map((field) => result[field]);
}

function rowsOf(result: BenchResult | undefined, list: string, fields: readonly string[]): unknown[][] {
  const rows = (result?.[list] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return rows.map((row) => fields.map((field) => row[field]));
}

/** The first column to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]): string => `| ${cells.map(cell).join(' | ')} |`;
  const rule = `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function cell(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
  return typeof value === 'string' ? value : '-';
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return upper === '' || upper.endsWith('.') ? upper : `${upper}.`;
}
