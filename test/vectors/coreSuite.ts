/** The project's own golden vectors: the committed file against a fresh generation. Solidity checks the same file. */
import { readFileSync } from 'node:fs';
import { vectorsText } from './generate.ts';
import { runSuite, type SuiteResult } from './suite.ts';

export function core(): SuiteResult {
  return runSuite('core wire format', [], (check) => {
    const committed = JSON.parse(readFileSync(new URL('core-v1.json', import.meta.url), 'utf8')) as Record<
      string,
      unknown
    >;
    const fresh = JSON.parse(vectorsText()) as Record<string, unknown>;
    for (const [part, value] of Object.entries(fresh)) {
      const rows = Array.isArray(value) ? value : [value];
      const known = Array.isArray(committed[part]) ? (committed[part] as unknown[]) : [committed[part]];
      rows.forEach((row, i) => {
        check(`${part} ${i}`, JSON.stringify(row) === JSON.stringify(known[i]));
      });
      check(`${part} has as many rows`, rows.length === known.length);
    }
  });
}
