/** The command line of the benchmarks. */
import { parseArgs } from 'node:util';
import { BENCHES, runBench } from './entries/index.ts';
import { SHOWN, writePerformancePage } from './performancePage.ts';

const USAGE = 2;
const USUAL_SECONDS = 5;
const PAGE_SECONDS = 10;

export interface Output {
  /** A line of stdout. */
  say(line: string): void;
  /** A line of stderr. */
  complain(line: string): void;
}

/** Runs or lists; the exit code. The last line said is one JSON object. */
export async function benchCommand(args: readonly string[], { say, complain }: Output): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    complain(`bench: ${options}`);
    return USAGE;
  }
  const { names, seconds, seed, write } = options;
  const unknown = names.find((one) => !BENCHES.some((bench) => bench.name === one));
  if (unknown !== undefined) {
    complain(`bench: no ${JSON.stringify(unknown)}; there are ${BENCHES.map((b) => b.name).join(', ')}.`);
    return USAGE;
  }
  if (write) {
    const page = await writePerformancePage({ seconds, seed, say }, names);
    const { path: written, losses, failed, minutes } = page;
    say(JSON.stringify({ written, losses, failed, minutes }));
    return losses === 0 && failed.length === 0 ? 0 : 1;
  }
  const [name] = names;
  if (name === undefined) {
    for (const bench of BENCHES) say(`${bench.name.padEnd(14)} ${bench.shows}`);
    say(JSON.stringify({ benches: BENCHES.map((bench) => bench.name) }));
    return 0;
  }
  const result = await runBench(name, { seconds, seed, say });
  say(JSON.stringify(result));
  return (result?.lost ?? 0) === 0 && (result?.doubled ?? 0) === 0 ? 0 : 1;
}

interface Options {
  readonly names: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  readonly write: boolean;
}

function parse(args: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        // Of each benchmark, set-up and what it waits for left out: 5 for one, 10 for the page, which then takes some 20 minutes.
        seconds: { type: 'string' },
        seed: { type: 'string', default: '1' },
        // The last line is JSON with and without it.
        json: { type: 'boolean', default: false },
        // Runs what docs/PERFORMANCE.md shows, or those of it that are named, and writes it.
        write: { type: 'boolean', default: false },
      },
    });
    const [seconds, seed] = [
      Number(values.seconds ?? (values.write ? PAGE_SECONDS : USUAL_SECONDS)),
      Number(values.seed),
    ];
    if (!(seconds > 0 && seconds <= 3_600)) return '--seconds takes a number above 0, at most 3600.';
    if (!Number.isInteger(seed)) return '--seed takes a whole number.';
    if (positionals.length > 1 && !values.write) return 'one name at a time; several with --write.';
    const other = values.write ? positionals.find((name) => !SHOWN.some((shown) => shown === name)) : undefined;
    if (other !== undefined) return `the page shows no ${JSON.stringify(other)}; it shows ${SHOWN.join(', ')}.`;
    return { names: positionals, seconds, seed, write: values.write };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
