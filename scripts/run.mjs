/**
 * Every npm script goes through here: `node scripts/run.mjs <command> [arguments]`. It installs what the command lacks
 * (see install.mjs; entries fetch their own servers), saying on stderr what it does, then runs the command's entry with
 * the terminal's own stdin, stdout and stderr, and exits with its code.
 *
 * The entry runs in a process group of its own: one Ctrl-C reaches it once, and what it leaves behind is ended with it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { supervise } from './supervise.mjs';

/** Command -> entry, and arguments that always come first. */
const COMMANDS = {
  demo: { entry: 'test/e2e/demo.ts', shows: 'transfers crossing a local network, then ends' },
  devnet: { entry: 'relayer/cli/main.ts', args: ['devnet'], shows: 'the local network, left up until Ctrl-C' },
  test: { entry: 'scripts/test.mjs', shows: 'everything CI runs' },
  e2e: { entry: 'test/e2e/main.ts', shows: 'N transfers on the local network, with faults on the way' },
  vectors: { entry: 'test/vectors/main.ts', shows: 'proofs and light clients on recorded vectors' },
  mutants: { entry: 'test/vectors/mutants.ts', shows: 'corrupted headers and proofs: none may be accepted' },
  load: { entry: 'test/load/main.ts', shows: 'many deposits a second on a running local network' },
  gas: { entry: 'test/bench/gas.ts', shows: 'gas per transfer, written to docs/GAS.md' },
  bench: { entry: 'test/bench/main.ts', shows: 'one benchmark; without a name lists them' },
  witness: { entry: 'test/witness/main.ts', shows: 'real node software as the judge; without a name lists it' },
  oracle: { entry: 'test/devnet/substrate/oracle/main.ts', shows: 'the GRANDPA client beside a runtime that judges' },
  viaduct: { entry: 'relayer/cli/main.ts', shows: 'the command line itself' },
};

const NODE_MINIMUM = [20, 19];
const USAGE = 2;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...args] = process.argv.slice(2);
stopWithParent();
process.exitCode = await run(name, args);

async function run(name, args) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor < NODE_MINIMUM[1])) {
    say(`Node ${NODE_MINIMUM.join('.')} or newer is needed; this is ${process.version} (${process.execPath}).`);
    return USAGE;
  }
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined) {
    if (name !== undefined) say(`There is no command ${JSON.stringify(name)}.`);
    say('Usage: npm run <command> -- [arguments]. Commands:');
    for (const [key, { shows }] of Object.entries(COMMANDS)) say(`  ${key.padEnd(9)} ${shows}`);
    return USAGE;
  }
  const entry = join(root, command.entry);
  if (!existsSync(entry)) {
    say(`The entry of "${name}", ${command.entry}, is not in this checkout.`);
    return USAGE;
  }
  if (!(await ensureInstalled(root, say))) return 1;
  return supervise(start(entry, [...(command.args ?? []), ...args]));
}

function start(entry, args) {
  const grouped = process.platform !== 'win32';
  const load = (file) => ['--import', pathToFileURL(join(root, file)).href];
  const loaders = entry.endsWith('.ts') ? load('node_modules/tsx/dist/loader.mjs') : [];
  const child = spawn(process.execPath, [...loaders, ...load('scripts/lifeline.mjs'), entry, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    detached: grouped,
    env: { ...process.env, VIADUCT_LIFELINE: '3' },
  });
  child.once('exit', () => {
    try {
      if (grouped && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // Nothing is left of the group.
    }
  });
  return child;
}

/** npm answers SIGTERM by ending the shell between it and us, which tells nobody else: being orphaned is the signal. */
function stopWithParent() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(143);
  }, 500);
  timer.unref();
}

function say(text) {
  process.stderr.write(`viaduct: ${text}\n`);
}
