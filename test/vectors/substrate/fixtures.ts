/** Reading the shared Substrate fixtures, which lie beside the project and are not part of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, FIXTURES, runSuite as run, type SuiteResult } from '../suite.ts';

export type { Check, SuiteResult };

/** Runs a suite over files of one fixture folder; each `check` is one vector. */
export function runSuite(
  name: string,
  folder: string,
  files: readonly string[],
  suite: (contents: readonly Uint8Array[], check: Check) => void,
): SuiteResult {
  const paths = files.map((file) => join(folder, file));
  return run(name, paths, (check) => {
    suite(
      paths.map((path) => new Uint8Array(readFileSync(join(FIXTURES, path)))),
      check,
    );
  });
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
