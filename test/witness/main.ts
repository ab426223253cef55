/**
 * `npm run witness -- NAME --seed S --json`: real node software as the judge of what is built here; without a name lists the
 * witnesses. Skipped loudly where the system lacks the toolchain to build one. Exits non-zero when what it shows does not hold.
 */
import { setMaxListeners } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../relayer/core/clock.ts';
import { cosmosWitness } from './cosmos/index.ts';
import { substrateModernWitness } from './substrateModern/index.ts';
import { replaceSection } from './section.ts';
import { witnessCommand } from './witnessCommand.ts';

const PAGE = fileURLToPath(new URL('../../docs/WITNESSES.md', import.meta.url));

const stop = new AbortController();
setMaxListeners(0, stop.signal);
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    stop.abort();
  });
}

const code = await witnessCommand(
  process.argv.slice(2),
  {
    witnesses: [cosmosWitness, substrateModernWitness],
    clock: systemClock,
    say: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    writeSection: async (name, section) => {
      await writeFile(PAGE, replaceSection(await readFile(PAGE, 'utf8'), name, section));
    },
  },
  stop.signal,
);

// Not left to itself: a WebSocket of cosmjs tries to reconnect for ever, even after it was told to disconnect.
process.exit(code);
