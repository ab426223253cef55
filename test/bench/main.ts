/**
 * `npm run bench -- NAME --seconds N --seed S --json`: one benchmark; without a name lists them. The last line of stdout
 * is one JSON object. Exits non-zero when a benchmark lost or doubled something.
 */
import { benchCommand } from './benchCommand.ts';

process.exitCode = await benchCommand(process.argv.slice(2), {
  say: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
});
