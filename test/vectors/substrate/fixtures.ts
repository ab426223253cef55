/** Reading the shared Substrate fixtures, which lie beside the project and are not part of it. */
import { existsSync, readFileSync } from 'node:fs';
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

export type Check = (what: string, passes: boolean) => void;

const ROOT = join(import.meta.dirname, '../../../../shared/fixtures');

/** Runs a suite over files of one fixture folder; each `check` is one vector. */
export function runSuite(
  name: string,
  folder: string,
  files: readonly string[],
  suite: (contents: readonly Uint8Array[], check: Check) => void,
): SuiteResult {
  const paths = files.map((file) => join(ROOT, folder, file));
  const absent = files.find((_, index) => !existsSync(paths[index] as string));
  if (absent !== undefined) {
    return { name, passed: 0, total: 0, skipped: `no ../shared/fixtures/${folder}/${absent}`, failures: [] };
  }
  let passed = 0;
  const failures: string[] = [];
  suite(
    paths.map((path) => new Uint8Array(readFileSync(path))),
    (what, passes) => {
      if (passes) passed++;
      else failures.push(what);
    },
  );
  return { name, passed, total: passed + failures.length, failures };
}

export function parseJson<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}

/** Bytes of hex with or without `0x`. */
export function unhex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/^0x/, ''), 'hex'));
}

/** `bytes` with each byte changed in turn (one bit), after the other. */
export function* corruptions(bytes: Uint8Array, stride = 1): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += stride) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ (1 << (at % 8));
    yield changed;
  }
}
