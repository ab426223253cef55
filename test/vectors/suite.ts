/**
 * What a vector suite is: a name, and how many of its checks passed. The shared fixtures lie beside the project and are
 * not part of it; where they are not there, a suite says so and is skipped.
 */
import { existsSync } from 'node:fs';
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

/** One vector. A check that throws has not passed. */
export type Check = (what: string, passes: boolean | (() => boolean)) => void;

export const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');

/** Runs a suite over paths below the fixtures folder, or says which one is missing. */
export function runSuite(name: string, needs: readonly string[], suite: (check: Check) => void): SuiteResult {
  const absent = needs.find((path) => !existsSync(join(FIXTURES, path)));
  if (absent !== undefined) {
    return { name, passed: 0, total: 0, skipped: `no ../shared/fixtures/${absent}`, failures: [] };
  }
  let passed = 0;
  const failures: string[] = [];
  suite((what, passes) => {
    let reason = '';
    let holds = false;
    try {
      holds = typeof passes === 'function' ? passes() : passes;
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (holds) passed++;
    else failures.push(`${what}${reason}`);
  });
  return { name, passed, total: passed + failures.length, failures };
}
