/**
 * `npm run load -- --chain anvil-a --rate 2000 --seconds 30`: deposits on the local network, as many as asked for or as the chain
 * takes. Exits non-zero when a deposit failed, or with `--follow` when not all was delivered.
 */
import { setMaxListeners } from 'node:events';
import { exitCodeOf } from '../../relayer/cli/exitCodes.ts';
import { createOutput, toJson } from '../../relayer/cli/output.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { loadCommand } from './loadCommand.ts';

const stop = new AbortController();
setMaxListeners(0, stop.signal);
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    stop.abort();
  });

const args = process.argv.slice(2);
const json = args.includes('--json');
try {
  process.exitCode = await loadCommand(args, { clock: systemClock, output: createOutput(json) }, stop.signal);
} catch (thrown) {
  const error = asViaductError(thrown);
  process.stderr.write(`load: ${error.message}\n`);
  if (json) process.stdout.write(`${toJson({ error: { code: error.code, shortMessage: error.shortMessage } })}\n`);
  process.exitCode = exitCodeOf(error);
}
