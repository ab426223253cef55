/** The command line. Results on stdout, logs on stderr; exit codes in `exitCodes.ts`. */
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { formatFinding, loadConfig, systemSources } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { asViaductError, type ViaductError } from '../core/errors.ts';
import { startRelayer } from '../main.ts';
import { EXIT, exitCodeOf } from './exitCodes.ts';
import { forward, type ForwardOptions } from './forward.ts';
import { createOutput, toJson } from './output.ts';
import { quote, type QuoteOptions } from './quote.ts';
import { status } from './status.ts';
import { transfer, type TransferOptions } from './transfer.ts';
import { vaultKeys, type VaultKeysOptions } from './vaultKeys.ts';

interface DevnetOptions {
  readonly dir: string;
  readonly apiPort: string;
  readonly families: string;
  readonly with: string;
  readonly cosmos: string;
}

const DEFAULT_CONFIG = process.env['VIADUCT_CONFIG'] ?? '.devnet/relayer.yaml';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second time, the person means now.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  });
}

const program = new Command('viaduct')
  .description('Cross-chain bridge relayer: light-client verified, attested by a signer set, delivered in batches.')
  .version(packageJson.version)
  .exitOverride()
  .showHelpAfterError()
  .configureOutput({ writeErr: (text) => void process.stderr.write(text) });

program
  .command('start')
  .description('run the roles of a config until Ctrl-C')
  .requiredOption('--config <file>', 'relayer.yaml')
  .action(async ({ config }: { config: string }) => {
    const { ended } = await startRelayer(loadConfig(config, systemSources()), stop.signal);
    await ended;
  });

const config = program.command('config').description('work with config files');
config
  .command('validate')
  .description('check a config and its manifest, and say every mistake at once')
  .option('--config <file>', 'relayer.yaml', DEFAULT_CONFIG)
  .option('--json', 'one JSON object on stdout')
  .action((options: { config: string; json?: true }) => {
    const output = createOutput(options.json === true);
    const { manifest, warnings, config: checked } = loadConfig(options.config, systemSources());
    for (const warning of warnings) output.line(formatFinding(warning));
    output.line(`${options.config} is valid: ${manifest.network}, roles ${[...checked.roles].join(', ')}.`);
    output.result({ valid: true, network: manifest.network, roles: [...checked.roles], warnings });
  });

wished(program.command('transfer').description('send a transfer and follow it to its end'))
  .option('--deadline <seconds>', 'Unix time after which it is sent back instead')
  .option('--config <file>', 'relayer.yaml: the manifest and endpoints to use', DEFAULT_CONFIG)
  .option('--key-file <file>', 'file with your private key; the local network leaves one beside its config')
  .option('--api <url>', "the relayer's API; the config's when left out")
  .option('--timeout <seconds>', 'how long to follow', '300')
  .option('--json', 'one JSON object on stdout')
  .action(async (options: TransferOptions & { json?: true }) => {
    const output = createOutput(options.json === true);
    process.exitCode = await transfer(options, { clock: systemClock, output }, stop.signal);
  });

wished(program.command('quote').description('which ways a transfer could go, how long each takes, and why'))
  .option('--config <file>', 'relayer.yaml', DEFAULT_CONFIG)
  .option('--api <url>', "the relayer's API; the config's when left out")
  .option('--json', 'one JSON object on stdout')
  .action(async (options: QuoteOptions & { json?: true }) => {
    process.exitCode = await quote(options, createOutput(options.json === true));
  });

program
  .command('forward')
  .description('poke the forwarder of a transfer through a third chain, or take back what it holds')
  .requiredOption('--terms <json>', 'its terms as `viaduct transfer` printed them, or a file with them')
  .option('--recover', 'give what it holds to its recovery account, instead of sending it on')
  .option('--config <file>', 'relayer.yaml: the manifest, endpoints and factory to use', DEFAULT_CONFIG)
  .option('--key-file <file>', 'file with your private key, which pays for it')
  .option('--json', 'one JSON object on stdout')
  .action(async (options: ForwardOptions & { json?: true }) => {
    const output = createOutput(options.json === true);
    process.exitCode = await forward(options, { clock: systemClock, output }, stop.signal);
  });

const keys = program.command('keys').description('keys of a member');
keys
  .command('vault')
  .description(
    "what an operator gives to the manifest of a vault: a member's public keys, and on Substrate submitters'",
  )
  .option('--chain-id <id>', 'a Cosmos chain as in its headers, such as cosmoshub-4')
  .option('--ss58-prefix <number>', 'a Substrate chain, by the prefix of its addresses, such as 0 for Polkadot')
  .option('--key-file <file>', "file with the member's secret, that vaultKey will refer to")
  .option('--submitter-key-file <file>', 'file with the seed that submitterKey will refer to (Substrate)')
  .option('--shards <number>', 'accounts of the vault', '1')
  .option('--json', 'one JSON object on stdout')
  .action((options: VaultKeysOptions & { json?: true }) => {
    vaultKeys(options, createOutput(options.json === true));
  });

program
  .command('status')
  .description('lanes and chains of a running relayer')
  .option('--config <file>', 'relayer.yaml', DEFAULT_CONFIG)
  .option('--api <url>', "the relayer's API; the config's when left out")
  .option('--json', 'one JSON object on stdout')
  .action(async (options: { config: string; api?: string; json?: true }) => {
    process.exitCode = await status(options, createOutput(options.json === true));
  });

program
  .command('devnet')
  .description('the local network: chains of every family, nats-server, three attesters and a relayer, until Ctrl-C')
  .option('--dir <folder>', 'where its files go', '.devnet')
  .option('--api-port <port>', "port of the relayer's API", '7717')
  .option('--families <list>', 'families of its chains', 'evm,cosmos,substrate')
  .option('--with <chains>', 'chains that are not there otherwise: asset-hub-b', '')
  .option('--cosmos <kind>', 'Cosmos chains: local, or tokend for real nodes (needs Go)', 'local')
  .option('--json', 'what runs where, as JSON')
  .action(async (options: DevnetOptions & { json?: true }) => {
    // The local network is test equipment: it is loaded only when asked for.
    const { runDevnet } = await import('../../test/devnet/runDevnet.ts');
    await runDevnet(options, createOutput(options.json === true), stop.signal);
  });

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = thrown instanceof CommanderError ? usageCode(thrown) : fail(asViaductError(thrown));
}

/** What is to be moved: the same for asking and for sending. */
function wished(command: Command): Command {
  return command
    .requiredOption('--from <chain>', 'source chain')
    .requiredOption('--to <chain>', 'target chain; several times when any of them will do', collect)
    .requiredOption('--asset <symbol>', 'what to send')
    .requiredOption('--amount <number>', 'how much, in whole tokens, such as 1.5')
    .option('--receiver <account>', 'account on the target chain, for each --to; your own when left out', collect)
    .option('--split', 'the amount may arrive in several transfers, as a quote says')
    .option('--via <chain>', 'through a third EVM chain, whose forwarder sends it on; any: where a quote says so');
}

/** Values of an option that may be given several times. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

function fail(error: ViaductError): number {
  if (stop.signal.aborted && error.code === 'ABORTED') return EXIT.interrupted;
  process.stderr.write(`viaduct: ${error.message}\n`);
  if (process.argv.includes('--json')) {
    const { code, shortMessage, metaMessages } = error;
    process.stdout.write(`${toJson({ error: { code, shortMessage, metaMessages } })}\n`);
  }
  if (error.code === 'BUG') process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCodeOf(error);
}
