/**
 * `npm run mutants -- --count N --seed S`: corrupted headers, updates and proofs offered to the light clients: N seeded
 * ones over all families, then every single-field change of the recorded sync-committee messages. Exits non-zero when one is
 * accepted.
 */
import { parseArgs } from 'node:util';
import { forksCorrupted, sepoliaCorrupted } from './ethereum/index.ts';
import { countAccepted, FAMILIES } from './mutants/index.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
  process.stderr.write('mutants: --count takes a number from 1, --seed a whole number.\n');
  process.exit(2);
}

let tried = 0;
let accepted = 0;
for (const [index, family] of FAMILIES.entries()) {
  const share = Math.floor(count / FAMILIES.length) + (index < count % FAMILIES.length ? 1 : 0);
  const result = countAccepted(family.targets(), share, seed);
  const note = result.failures.length === 0 ? '' : `: ${result.failures.join(', ')}`;
  process.stdout.write(`${family.name}: ${result.tried} tried, ${result.accepted} accepted${note}\n`);
  tried += result.tried;
  accepted += result.accepted;
}
for (const suite of [forksCorrupted, sepoliaCorrupted]) {
  const { name, passed, total, skipped } = suite();
  process.stdout.write(
    `${name}: ${total} tried, ${total - passed} accepted${skipped === undefined ? '' : ` (skipped: ${skipped})`}\n`,
  );
  tried += total;
  accepted += total - passed;
}
process.stdout.write(`${JSON.stringify({ tried, accepted })}\n`);
process.exitCode = accepted === 0 ? 0 : 1;
