/** A process that starts a server, prints its pid and waits to be killed: the victim of a test. Arguments: the binary, a folder. */
import { systemClock as clock } from '../../../relayer/core/clock.ts';
import { startNatsServer } from './startNatsServer.ts';

const [binary, folder] = process.argv.slice(2);
const server = await startNatsServer({ binary: binary as string, clock, parentFolder: folder as string });
process.stdout.write(`${server.pid}\n`);
await clock.sleep(60_000);
