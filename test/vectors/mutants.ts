/**
 * `npm run mutants -- --count N --seed S`: corrupted headers, updates and proofs offered to the light clients. Exits
 * non-zero when one is accepted.
 */
import { parseArgs } from 'node:util';
import { forksCorrupted, sepoliaCorrupted } from './ethereum/index.ts';
import { substrateMutants } from './substrate/mutants.ts';

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

let { tried, accepted } = substrateMutants(count, seed);
process.stdout.write(`substrate: ${tried} tried, ${accepted} accepted\n`);
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
