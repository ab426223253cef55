/**
 * Public recorded light-client data that others published, read in place from beside the project and never copied into
 * it. Where the folder is not there a suite says so and is skipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

const ROOT = new URL('../../../../shared/fixtures/ethereum/', import.meta.url);

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly total: number;
  /** Why nothing was run. */
  readonly skipped?: string;
  /** What did not hold, one line each. */
  readonly failures: readonly string[];
}

/** Runs the cases of a suite, or says why it cannot. */
export function runSuite(name: string, folder: string, cases: (check: Check) => void): SuiteResult {
  if (!existsSync(new URL(`${folder}/`, ROOT))) {
    return { name, passed: 0, total: 0, skipped: `shared/fixtures/ethereum/${folder} is not here`, failures: [] };
  }
  let total = 0;
  const failures: string[] = [];
  cases((label, holds) => {
    total += 1;
    if (!holds) failures.push(label);
  });
  return { name, passed: total - failures.length, total, failures };
}

export type Check = (label: string, holds: boolean) => void;

export function fixturePath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

export function readFixture(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, ROOT)));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'));
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
