/**
 * docs/performance.json: what benchmarks said last, each with how it was run, all on one machine. The page is made from it, so
 * that one benchmark can be run again without all the others.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { keccakEngine } from '../../relayer/core/keccak.ts';
import type { BenchResult } from './bench.ts';

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
}

export interface Recorded {
  /** `v20.20.2`. */
  readonly node: string;
  readonly keccak: string;
  readonly seconds: number;
  readonly minutes: number;
  /** Load averages before and after: work of others shows here. */
  readonly load: readonly [before: number, after: number];
  readonly result: BenchResult;
}

export interface PerformanceRecord {
  readonly machine: Machine;
  /** By major version of Node, then by benchmark. */
  readonly runs: Readonly<Record<string, Readonly<Record<string, Recorded>>>>;
}

const FILE = join(import.meta.dirname, '../../docs/performance.json');

export function thisMachine(): Machine {
  const cpu = (cpus()[0]?.model ?? 'unknown').trim();
  return { cores: availableParallelism(), cpu, memoryGb: Math.round(totalmem() / 2 ** 30) };
}

/** Without what is of another machine. */
export async function readRecord(machine: Machine): Promise<PerformanceRecord> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  const record = text === undefined ? undefined : (JSON.parse(text) as PerformanceRecord);
  const isSame = record !== undefined && JSON.stringify(record.machine) === JSON.stringify(machine);
  return isSame ? record : { machine, runs: {} };
}

export async function writeRecord(record: PerformanceRecord): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(record, null, 1)}\n`);
}

export function withRun(record: PerformanceRecord, name: string, run: Recorded): PerformanceRecord {
  const major = majorOf(run.node);
  return { ...record, runs: { ...record.runs, [major]: { ...record.runs[major], [name]: run } } };
}

/** Runs it and says how it was run. */
export async function recorded(seconds: number, run: () => Promise<BenchResult>): Promise<Recorded> {
  const began = performance.now();
  const [before = 0] = loadavg();
  const result = await run();
  const [after = 0] = loadavg();
  const minutes = Math.round((performance.now() - began) / 6_000) / 10;
  return { node: process.version, keccak: keccakEngine.name, seconds, minutes, load: [before, after], result };
}

export function majorOf(version: string): string {
  return /^v(\d+)/.exec(version)?.[1] ?? version;
}
