/**
 * Public recorded light-client data that others published, read in place from beside the project and never copied into
 * it. Where the folder is not there a suite says so and is skipped.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, FIXTURES, runSuite as run, type SuiteResult } from '../suite.ts';
import { fromHex, toHex } from '../../../relayer/core/bytes.ts';
import {
  createContainers,
  type EthereumParameters,
  type Fork,
  FORK_NAMES,
  type Layout,
  layoutOf,
  MINIMAL_PRESET,
} from '../../../light-clients/ethereum/index.ts';

const ROOT = join(FIXTURES, 'ethereum');

export type { Check, SuiteResult };

/** Runs the cases of a suite, or says why it cannot. */
export function runSuite(name: string, folder: string, cases: (check: Check) => void): SuiteResult {
  return run(name, [`ethereum/${folder}`], cases);
}

export function fixturePath(path: string): string {
  return join(ROOT, path);
}

export function readFixture(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(ROOT, path)));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

/** An object of known fixture files: each value is what the reader says it is. */
export function field<T>(value: unknown, ...path: readonly (string | number)[]): T {
  let current: unknown = value;
  for (const key of path) current = (current as Record<string | number, unknown>)[key];
  return current as T;
}

/** A schedule from the names, epochs and versions of a fixture; a fork that is not there has no date. */
export function forkSchedule(find: (name: string) => { epoch: string; version: string } | undefined): Fork[] {
  return FORK_NAMES.flatMap((name) => {
    const found = find(name);
    return found === undefined ? [] : [{ name, epoch: BigInt(found.epoch), version: fromHex(found.version, 4) }];
  });
}

export function parametersOf(
  given: Pick<EthereumParameters, 'forks' | 'genesisValidatorsRoot'> & Partial<EthereumParameters>,
): EthereumParameters {
  return {
    preset: MINIMAL_PRESET,
    genesisTime: 0n,
    secondsPerSlot: 6n,
    trustedBlockRoot: new Uint8Array(32),
    maxAgeSeconds: 14n * 86_400n,
    ...given,
  };
}

export function forkNamed(parameters: EthereumParameters, name: string): Fork {
  const fork = parameters.forks.find((candidate) => candidate.name === name);
  if (fork === undefined) throw new Error(`The fixture has no fork ${name}.`);
  return fork;
}

export function typesOf(parameters: EthereumParameters, fork: Fork) {
  const layout: Layout | undefined = layoutOf(fork.name);
  if (layout === undefined) throw new Error(`${fork.name} has no layout.`);
  return createContainers(parameters.preset).layouts[layout];
}

export { fromHex, toHex };
