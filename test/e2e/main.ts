/**
 * `npm run e2e -- --from F --to F --transfers N --faults kill,wipe --seed S`: transfers on the local network, judged by
 * the chains. F is a family (`evm`), a chain of the local network, or `all`. Exits non-zero when something was lost or
 * doubled, when supply and locked amounts differ, or when a refused transfer did not come back.
 */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { createOutput } from '../../relayer/cli/output.ts';
import { asViaductError, ViaductError } from '../../relayer/core/errors.ts';
import { exitCodeOf, EXIT } from '../../relayer/cli/exitCodes.ts';
import { parseFaults, runE2e } from './runE2e.ts';

const stop = new AbortController();
setMaxListeners(0, stop.signal);
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    stop.abort();
  });

let json = process.argv.includes('--json');
try {
  const { values } = parseArgs({
    options: {
      from: { type: 'string', default: 'evm' },
      to: { type: 'string', default: 'evm' },
      transfers: { type: 'string', default: '100' },
      faults: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      dir: { type: 'string', default: '.devnet-e2e' },
      'light-client': { type: 'string', default: 'ethereum' },
      cosmos: { type: 'string', default: 'local' },
      substrate: { type: 'string', default: 'local' },
      json: { type: 'boolean', default: false },
    },
  });
  json = values.json;
  const transfers = Number(values.transfers);
  if (!Number.isInteger(transfers) || transfers < 1 || transfers > 1_000_000) {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--transfers takes a number from 1 to 1000000.' });
  }
  const lightClient = values['light-client'];
  if (lightClient !== 'confirmations' && lightClient !== 'ethereum') {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--light-client takes ethereum or confirmations.' });
  }
  const { cosmos } = values;
  if (cosmos !== 'local' && cosmos !== 'tokend') {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--cosmos takes local or tokend.' });
  }
  const { substrate } = values;
  if (substrate !== 'local' && substrate !== 'modern') {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--substrate takes local or modern.' });
  }
  const output = createOutput(json);
  const result = await runE2e(
    {
      from: values.from,
      to: values.to,
      transfers,
      faults: parseFaults(values.faults),
      seed: values.seed,
      dir: values.dir,
      lightClient,
      cosmos,
      substrate,
    },
    output,
    stop.signal,
  );
  // The contract of this command: the last line of stdout is one JSON object, with or without --json.
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.holds ? EXIT.ok : EXIT.failed;
} catch (thrown) {
  const isUsage = thrown instanceof TypeError && 'code' in thrown;
  const error = isUsage ? new ViaductError({ code: 'USAGE', shortMessage: thrown.message }) : asViaductError(thrown);
  process.stderr.write(`e2e: ${error.message}\n${error.code === 'BUG' ? (error.stack ?? '') : ''}\n`);
  process.exitCode = stop.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
}
