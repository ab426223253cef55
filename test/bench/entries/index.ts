/** The benchmarks there are. */
import type { Bench, BenchOptions, BenchResult } from '../bench.ts';
import { codec } from './codec.ts';
import { cosmos } from './cosmos.ts';
import { engine } from './engine.ts';
import { evm } from './evm.ts';
import { families } from './families.ts';
import { mixed } from './mixed.ts';
import { paced, pipeline } from './pipeline.ts';
import { accounts, backlog, lanes, processes } from './scaling.ts';
import { spread } from './spread.ts';
import { substrate } from './substrate.ts';

export const BENCHES: readonly Bench[] = [
  codec,
  families,
  engine,
  pipeline,
  paced,
  lanes,
  accounts,
  processes,
  backlog,
  evm,
  cosmos,
  substrate,
  mixed,
  spread,
];

/** Undefined when there is no benchmark of that name. */
export async function runBench(
  name: string,
  options: BenchOptions,
): Promise<({ readonly name: string } & BenchResult) | undefined> {
  const bench = BENCHES.find((one) => one.name === name);
  if (bench === undefined) return undefined;
  return { name, ...(await bench.run(options)) };
}
