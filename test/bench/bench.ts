/**
 * What a benchmark is, and how one operation is timed. Benchmarks read the host's clock: they are about this machine, and
 * nothing that is built depends on what they say.
 */
import { performance } from 'node:perf_hooks';

export interface BenchOptions {
  /** About how long it measures, set-up left out. */
  readonly seconds: number;
  readonly seed: number;
  /** For people, while it runs. */
  say(line: string): void;
}

/** Fields that make no sense for a benchmark are null, never made up. */
export interface BenchResult {
  readonly perSecond: number | null;
  /** Of user and system time of this process, all its threads. */
  readonly cpuMicrosPerTransfer: number | null;
  /** CPU time by wall time. */
  readonly cores: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly rssMb: number | null;
  readonly lost: number | null;
  readonly doubled: number | null;
  /** What was measured and how, in a sentence; then figures of its own. */
  readonly note: string;
  readonly [more: string]: unknown;
}

export interface Bench {
  readonly name: string;
  readonly shows: string;
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface Timing {
  readonly iterations: number;
  readonly cpuMicros: number;
  readonly wallMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One operation over and over for about so many seconds, once at least, after one that does not count. */
export function timed(seconds: number, operation: () => void): Timing {
  operation();
  const laps: number[] = [];
  const cpu = startCpu();
  const begin = performance.now();
  let last = begin;
  do {
    operation();
    const now = performance.now();
    laps.push(now - last);
    last = now;
  } while (last - begin < seconds * 1_000 && laps.length < LAPS_MAX);
  return {
    iterations: laps.length,
    cpuMicros: cpu.micros() / laps.length,
    wallMicros: ((last - begin) * 1_000) / laps.length,
    ...percentiles(laps),
  };
}

/** Laps of one measurement: 8 MB of numbers. No further reason. */
const LAPS_MAX = 1_000_000;

export function percentiles(values: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = Float64Array.from(values).sort();
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50Ms: rounded(at(0.5)), p99Ms: rounded(at(0.99)) };
}

export function startCpu(): { micros(): number } {
  const from = process.cpuUsage();
  return {
    micros: () => {
      const { user, system } = process.cpuUsage(from);
      return user + system;
    },
  };
}

export function rssMb(): number {
  return rounded(process.memoryUsage.rss() / 2 ** 20);
}

/** Three significant digits, whole numbers kept. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** A benchmark that does not do its work would be fast. */
export function must(condition: boolean): void {
  if (!condition) throw new Error('The benchmark does not do what it measures.');
}
