/** Reading the shared fixtures, which lie beside the project and are not part of it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly total: number;
  /** Why nothing ran. */
  readonly skipped?: string;
  /** What did not pass, for people. */
  readonly failures: readonly string[];
}

const ROOT = join(import.meta.dirname, '../../../../shared/fixtures');

/** Runs a suite over a fixture folder; `check` is called once per vector. */
export function runSuite(
  name: string,
  folder: string,
  suite: (directory: string, check: (what: string, passes: () => boolean) => void) => void,
): SuiteResult {
  const directory = join(ROOT, folder);
  if (!existsSync(directory)) {
    return { name, passed: 0, total: 0, skipped: `no fixtures at ../shared/fixtures/${folder}`, failures: [] };
  }
  let passed = 0;
  const failures: string[] = [];
  suite(directory, (what, passes) => {
    let reason = '';
    let ok = false;
    try {
      ok = passes();
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (ok) passed++;
    else failures.push(`${what}${reason}`);
  });
  return { name, passed, total: passed + failures.length, failures };
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
