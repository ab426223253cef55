/** `npm run vectors`: light clients and proofs on recorded vectors. Exits non-zero when one of them does not hold. */
import { COSMOS_SUITES } from './cosmos/index.ts';
import * as ethereum from './ethereum/index.ts';
import { core } from './coreSuite.ts';
import * as substrate from './substrate/index.ts';
import type { SuiteResult } from './suite.ts';

const SUITES: readonly (() => SuiteResult)[] = [
  core,
  ...Object.values(ethereum),
  ...COSMOS_SUITES,
  ...Object.values(substrate),
];

const suites: Record<string, { passed: number; total: number; skipped?: string }> = {};
let holds = true;
for (const suite of SUITES) {
  const { name, passed, total, skipped, failures } = suite();
  suites[name] = { passed, total, ...(skipped === undefined ? {} : { skipped }) };
  const note = skipped === undefined ? '' : `  SKIPPED: ${skipped}`;
  process.stdout.write(`${name.padEnd(34)} ${String(passed).padStart(5)} / ${total}${note}\n`);
  for (const failure of failures.slice(0, 20)) process.stdout.write(`    did not hold: ${failure}\n`);
  if (failures.length > 0) holds = false;
}
process.stdout.write(`${JSON.stringify({ suites })}\n`);
process.exitCode = holds ? 0 : 1;
