/** `viaduct devnet`: the local network left up, and what runs where. */
import { toHex } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type Output, table } from '../../relayer/cli/output.ts';
import { relative } from 'node:path';
import { DEV_MNEMONIC } from './anvil.ts';
import { startLocalNetwork } from './localNetwork.ts';
import { SLOT_MS } from './proofOfStake.ts';

export interface DevnetOptions {
  readonly dir: string;
  readonly apiPort: string;
}

/** Resolves after the signal, when everything is stopped. */
export async function runDevnet(options: DevnetOptions, output: Output, signal: AbortSignal): Promise<void> {
  if (!/^\d{1,5}$/.test(options.apiPort) || Number(options.apiPort) > 65_535) {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--api-port takes a port number, 0 for any free one.' });
  }
  const clock = systemClock;
  const say = (line: string): void => {
    output.say(`devnet: ${line}`);
  };
  const network = await startLocalNetwork({ dir: options.dir, apiPort: Number(options.apiPort), clock, say }, signal);
  const config = relative(process.cwd(), network.config);
  output.line(
    table([
      ...network.chains.flatMap(({ name, anvil, beacon }) => [
        [name, anvil.url, `eip155:${anvil.chainId}, blocks every ${beacon === undefined ? 'second' : `${SLOT_MS} ms`}`],
        ...(beacon === undefined ? [] : [[`beacon of ${name}`, beacon.url, 'Beacon API, minimal preset']]),
      ]),
      ...network.manifest.chains.map(({ name, gateway }) => [`gateway on ${name}`, toHex(gateway.address), '']),
      ...network.manifest.assets.flatMap(({ symbol, representations }) =>
        representations.map((row) => [
          `${symbol} on ${row.chain}`,
          row.custody === 'native' ? 'the native coin' : toHex(row.token),
          `${row.custody}, ${row.decimals} decimals`,
        ]),
      ),
      ['NATS', network.natsUrl, 'subjects viaduct.v1.mon.>, viaduct.v1.alert.>'],
      [
        'relayer',
        network.apiUrl,
        `process ${network.relayer.pid}, log ${relative(process.cwd(), network.relayer.logFile)}`,
      ],
      ...network.attesters.map(({ name, pid, logFile }) => [
        name,
        '',
        `process ${pid}, log ${relative(process.cwd(), logFile)}`,
      ]),
      ['your account', toHex(network.user.address), `key in ${relative(process.cwd(), network.dir)}/user.key`],
      ['mnemonic', DEV_MNEMONIC, 'known to everybody'],
    ]),
  );
  output.line('');
  output.line(
    network.speed === 1
      ? 'Both chains are followed by confirmations, which is weaker than a light client.'
      : `Both chains are followed by the ethereum light client. Their time runs ${network.speed} times the wall clock's.`,
  );
  output.line('Try, in another terminal:');
  output.line(`  npm run viaduct -- transfer --config ${config} --from anvil-a --to anvil-b --asset TEST --amount 1.5`);
  output.line(`  npm run viaduct -- status --config ${config}`);
  output.line('Ctrl-C ends it.');
  output.result({
    chains: network.chains.map(({ name, anvil }) => ({ name, url: anvil.url, chainId: anvil.chainId })),
    natsUrl: network.natsUrl,
    apiUrl: network.apiUrl,
    config: network.config,
    user: toHex(network.user.address),
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  say('stopping');
  await network.stop();
  say('stopped');
}
