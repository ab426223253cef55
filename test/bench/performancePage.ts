/** docs/PERFORMANCE.md, written by `npm run bench -- --write`: what was measured, on what, and what was simulated. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgeAims } from './aims.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { runBench } from './entries/index.ts';
import {
  majorOf,
  type PerformanceRecord,
  readRecord,
  type Recorded,
  recorded,
  thisMachine,
  withRun,
  writeRecord,
} from './performanceRecord.ts';
import type { CaughtUp, TakenOver } from './world/outages.ts';

const PATH = 'docs/PERFORMANCE.md';
const ROOT = join(import.meta.dirname, '../..');
/** In the order of the page. */
export const SHOWN = [
  'pipeline',
  'paced',
  'lanes',
  'accounts',
  'processes',
  'backlog',
  'evm',
  'cosmos',
  'substrate',
  'mixed',
  'spread',
  'codec',
  'families',
] as const;
type Shown = (typeof SHOWN)[number];
type Results = Readonly<Partial<Record<Shown, BenchResult>>>;

export interface Written {
  readonly path: string;
  /** Transfers lost or doubled in all. */
  readonly losses: number;
  /** Benchmarks that did not come to an end. */
  readonly failed: readonly string[];
  readonly minutes: number;
}

/** Runs those named, or all, and writes the page: each as soon as it is known. One that fails keeps what it said before. */
export async function writePerformancePage(options: BenchOptions, names: readonly string[]): Promise<Written> {
  const failed: string[] = [];
  let [losses, minutes] = [0, 0];
  const machine = thisMachine();
  for (const name of names.length === 0 ? SHOWN : names) {
    options.say(`${name} ...`);
    try {
      const run = await recorded(options.seconds, async () => {
        const result = await runBench(name, options);
        if (result === undefined) throw new Error('there is no such benchmark');
        return result;
      });
      losses += (run.result.lost ?? 0) + (run.result.doubled ?? 0);
      minutes += run.minutes;
      const record = withRun(await readRecord(machine), name, run);
      await writeRecord(record);
      await writeFile(join(ROOT, PATH), performancePage(record));
    } catch (error) {
      failed.push(name);
      options.say(`${name} FAILED: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { path: PATH, losses, failed, minutes: Math.round(minutes * 10) / 10 };
}

export function performancePage({ machine, runs }: PerformanceRecord): string {
  const { cores, cpu, memoryGb } = machine;
  const [major = '', ...others] = Object.keys(runs).sort((a, b) => Number(a) - Number(b));
  const own = runs[major] ?? {};
  const results: Results = Object.fromEntries(Object.entries(own).map(([name, { result }]) => [name, result]));
  const engines = [...new Set(Object.values(own).map(({ keccak }) => keccak))].join(' and ');
  return `# Performance

Written by \`npm run bench -- --write\` on ${cores} cores (${cpu}), ${memoryGb} GB, Node ${major}, Keccak by ${engines}. How each
benchmark was run stands [at the end](#how-it-was-run): on a host with other work, throughput is what was left, CPU time a transfer is
nearly what it would be.

Every run ends with all that was sent delivered once, unchanged, and known as delivered, or it fails. Each section says what is
simulated: the *relayer alone*, the *pipeline with simulated chains*, or *end to end with executing chains*.

## Aims

${table(['benchmark', 'aim', 'bound', 'reached', 'met'], aimRows(results))}
${aimReasons(results)}
## The whole pipeline, with simulated chains

**What is simulated.** ${sentence(results.pipeline?.note ?? '')} p50 and p99 are from
finalized on the source to submitted on the target: from the block with the deposit, final at once, to when the target's node has
the transaction that pays. *Paid* is from there to the block that pays; blocks come every 250 ms on both sides.

${table(
  [
    'run',
    'transfers/s',
    'CPU us each',
    'cores',
    'p50 ms',
    'p99 ms',
    'paid p50',
    'paid p99',
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
    const [perSecond, cpu, cores, p50, p99, rss] = figures(one);
    const paid = ['paidP50Ms', 'paidP99Ms'].map((field) => one[field]);
    const extra = ['gcPercent', 'natsMicrosPerTransfer', 'simulationMicrosPerTransfer'].map((field) => one[field]);
    return [[name, perSecond, cpu, cores, p50, p99, ...paid, rss, ...extra, one.lost, one.doubled]];
  }),
)}

\`pipeline\` is as fast as it goes with 262,144 transfers under way, so that waits say how long that queue is; \`paced\` sends 100,000 a
second. *nats* and *chains* are the CPU time of nats-server and of the simulated chains, which share the cores with the relayer.

CPU microseconds a transfer by stage (main thread sampled, hashing counted for whoever asked for it):

${table(['stage', 'CPU us'], rowsOf(results.pipeline, 'stages', ['stage', 'cpuMicros']))}

*By the sum*: throughput by that of so many single ones, which says something as long as no core is full. *Cores* are those of the
relayer, then of everything on the machine that belongs to the run, then of its busiest thread.

${(['lanes', 'accounts', 'processes', 'backlog'] as const).map((name) => series(name, results[name])).join('\n')}
## End to end, with executing chains

${executing(results)}
## What spreading adds

${sentence(results.spread?.note ?? '')}

${table(['policy', 'measure', 'naive', 'spread', 'gain'], rowsOf(results.spread, 'policies', ['policy', 'measure', 'naive', 'spread', 'gain']))}

## The relayer alone, step by step

CPU microseconds a packet, nothing around it (\`codec\`):

${table(['step', 'CPU us'], rowsOf(results.codec, 'parts', ['part', 'cpuMicros']))}

Each light client and each adapter alone (\`families\`): ${results.families?.note ?? ''}.

${table(['what', 'CPU us', 'for each', 'p50 ms', 'p99 ms'], rowsOf(results.families, 'parts', ['part', 'cpuMicros', 'unit', 'p50Ms', 'p99Ms']))}

${others.length === 0 ? '' : otherVersions(major, runs)}## How it was run

${table(['benchmark', 'Node', 'seconds measured', 'minutes in all', 'load before', 'load after'], Object.values(runs).flatMap(howRun))}
`;
}

function howRun(runs: Readonly<Record<string, Recorded>>): unknown[][] {
  return Object.entries(runs).map(([name, { node, seconds, minutes, load }]) => {
    return [`\`${name}\``, node, seconds, minutes, ...load.map((one) => one.toFixed(1))];
  });
}

/** What was run under another version of Node, below the same under the page's. */
function otherVersions(major: string, runs: PerformanceRecord['runs']): string {
  const names = Object.keys(runs[major] ?? {}).filter((name) =>
    Object.entries(runs).some(([version, row]) => version !== major && row[name] !== undefined),
  );
  const rows = names.flatMap((name) =>
    Object.values(runs).flatMap((row) => {
      const run = row[name];
      return run === undefined ? [] : [[`\`${name}\``, majorOf(run.node), ...figures(run.result)]];
    }),
  );
  const head = ['benchmark', 'Node', 'transfers/s', 'CPU us each', 'cores', 'p50 ms', 'p99 ms', 'MB'];
  return `## Other versions of Node\n\n${table(head, rows)}\n\n`;
}

const SERIES = {
  lanes: 'Lanes that carry transfers, 32,768 under way on each, at most 262,144.',
  accounts:
    'Accounts that submit to one chain with a block a second, 16 transactions of each under way; six blocks of work wait for each.',
  processes:
    'The chains shared out among processes that have every role, or the roles among processes that have every chain. CPU time is that ' +
    'of all of them.',
  backlog: 'Transfers under way at any time; 0: 100,000 a second, none of which waits longer than it takes.',
} as const;

/** Beside its table, what only one of them measured. */
const SERIES_MORE: Readonly<Partial<Record<keyof typeof SERIES, (result: BenchResult) => string>>> = {
  processes: (result) => {
    const one = result['takeOver'] as TakenOver | undefined;
    if (one === undefined) return '';
    return `One of two processes that plan and submit was killed under ${cell(one.perSecond)} transfers a second: a lane stood still for ${cell(one.takeOverSeconds)} s at most,
${cell(one.medianSeconds)} s in the middle of all lanes (${cell(one.stillBeforeSeconds)} s at most before). All was paid ${cell(one.restSeconds)} s after the load ended, ${cell(one.loadSeconds)} s later.\n`;
  },
  backlog: (result) => {
    const one = result['caughtUp'] as CaughtUp | undefined;
    if (one === undefined) return '';
    return `${cell(one.pending)} transfers that were made while the relayer was down were paid ${cell(one.clearedSeconds)} s after its start, of which ${cell(one.startedSeconds)} s went
into starting the process.\n`;
  },
};

function series(name: keyof typeof SERIES, result: BenchResult | undefined): string {
  const rows = rowsOf(result, 'rows', ['of', ...SERIES_FIGURES, 'lost', 'doubled']);
  const head = [
    ...[name, 'transfers/s', 'by the sum', 'CPU us each', 'cores', 'with chains and nats', 'busiest thread'],
    ...['p50 ms', 'p99 ms', 'MB', 'lost', 'doubled'],
  ];
  const more = result === undefined ? '' : (SERIES_MORE[name]?.(result) ?? '');
  return `## ${name[0]?.toUpperCase()}${name.slice(1)}\n\n${SERIES[name]}\n\n${table(head, rows)}\n${more === '' ? '' : `\n${more}`}`;
}

function aimRows(results: Results): unknown[][] {
  return judgeAims(results).map(({ aim, reached, isMet }) => {
    const bound = aim.bound === 'least' ? 'at least' : 'at most';
    return [`\`${aim.bench}\``, aim.what, `${bound} ${cell(aim.value)}`, reached, isMet ? 'yes' : '**no**'];
  });
}

/** Why aims are missed, as the table in `aims.ts` has it. */
function aimReasons(results: Results): string {
  const missed = judgeAims(results).filter(({ isMet }) => !isMet);
  if (missed.length === 0) return '';
  return `\nWhy not:\n\n${missed.map(({ aim }) => `- \`${aim.bench}\`, ${aim.what}: ${aim.whyMissed}.`).join('\n')}\n`;
}

const EXECUTING = ['evm', 'cosmos', 'substrate', 'mixed'] as const;

/** One table for all; what each line is, below it. */
function executing(results: Results): string {
  const rows = EXECUTING.flatMap((name) => {
    const one = results[name];
    if (one === undefined) return [];
    const lines = (one['lines'] ?? []) as readonly Readonly<Record<string, unknown>>[];
    if (lines.length > 0) return lines.map((line) => evmRow(line));
    const gc = (one['full'] ?? one['together']) as Readonly<Record<string, unknown>> | undefined;
    const direct = one['directPerSecond'] ?? one['bestAlonePerSecond'];
    return [[name, one.perSecond, direct, one['ratio'], ...cells(one, gc), one.lost, one.doubled]];
  });
  const head = [
    'run',
    'deliveries/s',
    'directly/s',
    'ratio',
    'CPU us each',
    'p50 ms',
    'p99 ms',
    'MB',
    'gc %',
    'lost',
    'doubled',
  ];
  const notes = EXECUTING.flatMap((name) => {
    const note = results[name]?.note;
    return note === undefined ? [] : [`- \`${name}\`: ${note}.`];
  });
  return `${table(head, rows)}

CPU time is that of the four relayer processes together. *gc* is how long garbage collection held them up, by that: wall time, which a
busy host inflates. p50 and p99 are from finalized on the source to submitted on the target. *Directly* is what the same chain takes without us; of \`mixed\`, the fastest lane alone.

${notes.join('\n')}
${clearing(results)}${mixedLanes(results.mixed)}${executed(results.substrate)}`;
}

/** Backlogs, where they were measured. */
function clearing(results: Results): string {
  const rows = EXECUTING.flatMap((name) => {
    const cleared = results[name]?.['cleared'] as Readonly<Record<string, unknown>> | null | undefined;
    if (cleared === undefined || cleared === null) return [];
    const fields = ['pending', 'seconds', 'tenThousandSeconds', 'perSecond', 'ratio', 'relayerCpuMicros'];
    return [[name, ...fields.map((field) => cleared[field])]];
  });
  if (rows.length === 0) return '';
  const head = ['cleared', 'pending', 'seconds', 'of the first 10,000', 'deliveries/s', 'ratio', 'CPU us each'];
  return `
What had piled up while all processes of the relayer were stopped, from their being up again: the source has nothing to do then but to be
read. *Ratio* is by what the target takes directly, CPU time that of the four relayer processes, all verification in it.

${table(head, rows)}
`;
}

function cells(one: BenchResult, run: Readonly<Record<string, unknown>> | undefined): unknown[] {
  return [one.cpuMicrosPerTransfer, one.p50Ms, one.p99Ms, one.rssMb, run?.['gcPercent']];
}

function evmRow(line: Readonly<Record<string, unknown>>): unknown[] {
  const paced = line['paced'] as { readonly toSubmitted: { readonly p50Ms: number; readonly p99Ms: number } };
  const judgement = line['judgement'] as { readonly doubled: number };
  const name = `evm, ${Number(line['blockGasLimit']) / 1_000_000} M gas, ${String(line['accounts'])} account(s)`;
  const { p50Ms, p99Ms } = paced.toSubmitted;
  const rss = Math.max(...Object.values(line['rssMb'] as Readonly<Record<string, number>>));
  const rates = ['deliveredPerSecond', 'directPerSecond', 'ratio', 'relayerCpuMicros'].map((field) => line[field]);
  return [name, ...rates, p50Ms, p99Ms, rss, line['gcPercent'], line['faults'], judgement.doubled];
}

function mixedLanes(result: BenchResult | undefined): string {
  if (result === undefined) return '';
  const alone = (result['alone'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const { lanes, allAtWork } = result['together'] as {
    readonly lanes: readonly Readonly<Record<string, unknown>>[];
    readonly allAtWork: { readonly seconds: number; readonly perSecond: readonly number[] };
  };
  const rows = lanes.map((lane, index) => [
    lane['name'],
    alone[index]?.['deliveredPerSecond'],
    allAtWork.perSecond[index],
    alone[index]?.['relayerCpuMicros'],
  ]);
  const head = ['lane', 'alone', 'together', 'CPU us each, alone'];
  return `\nLanes of \`mixed\`, deliveries a second:\n\n${table(head, rows)}

Together: the ${cell(allAtWork.seconds)} seconds in which all of them delivered. What each lane delivers together by what it delivers
alone is ${cell(result['shareOfAlone'])} in sum: 1 is what taking turns would make of the same cores.
`;
}

function executed(result: BenchResult | undefined): string {
  const [perSecond, ratio] = [result?.['executedPerSecond'], result?.['ratioToExecuted']];
  if (perSecond === undefined) return '';
  return `
*Directly* for \`substrate\` is all three rounds of each operation. Of the last round alone, with operations that were opened and
approved beforehand, the asset hub's runtime executed ${cell(perSecond)} payments a second; deliveries are ${cell(ratio)} of that.
`;
}

const SERIES_FIGURES = [
  'perSecond',
  'ratio',
  'cpuMicrosPerTransfer',
  'cores',
  'allCores',
  'busiestCore',
  'p50Ms',
  'p99Ms',
  'rssMb',
] as const;
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
