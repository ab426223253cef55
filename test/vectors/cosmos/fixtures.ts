/** Reading the shared fixtures, which lie beside the project and are not part of it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, FIXTURES, runSuite as run, type SuiteResult } from '../suite.ts';

export type { SuiteResult };

/** Runs a suite over a fixture folder; `check` is called once per vector. */
export function runSuite(name: string, folder: string, suite: (directory: string, check: Check) => void): SuiteResult {
  return run(name, [folder], (check) => {
    suite(join(FIXTURES, folder), check);
  });
}

export function listJson(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort();
}

export function readJson<T = unknown>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

/** The value of a verdict that must be valid. */
export function must<T>(
  verdict: { readonly kind: 'valid'; readonly value: T } | { readonly kind: string; readonly reason: string },
): T {
  if ('value' in verdict) return verdict.value;
  throw new Error(`${verdict.kind}: ${verdict.reason}`);
}
