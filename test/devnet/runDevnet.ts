/** `viaduct devnet`: the local network left up, and what runs where. */
import { toHex } from '../../relayer/core/bytes.ts';
import {
  formatAccount,
  gatewayBytes,
  isHomeLane,
  type ManifestChain,
  type Representation,
} from '../../relayer/manifest/index.ts';
import { createWallet } from '../../relayer/cli/wallet.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type Output, table } from '../../relayer/cli/output.ts';
import { relative } from 'node:path';
import { DEV_MNEMONIC } from './anvil.ts';
import { type LocalChain, type LocalNetwork, startLocalNetwork } from './localNetwork.ts';
import { parseExtra, parseFamilies } from './networkPlan.ts';
import { SLOT_MS } from './proofOfStake.ts';

export interface DevnetOptions {
  readonly dir: string;
  readonly apiPort: string;
  /** `evm,cosmos`. */
  readonly families: string;
  /** `asset-hub-b`, or nothing. */
  readonly with: string;
  /** `local` or `tokend`. */
  readonly cosmos: string;
}

/** Resolves after the signal, when everything is stopped. */
export async function runDevnet(options: DevnetOptions, output: Output, signal: AbortSignal): Promise<void> {
  if (!/^\d{1,5}$/.test(options.apiPort) || Number(options.apiPort) > 65_535) {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--api-port takes a port number, 0 for any free one.' });
  }
  if (options.cosmos !== 'local' && options.cosmos !== 'tokend') {
    throw new ViaductError({ code: 'USAGE', shortMessage: '--cosmos takes local or tokend.' });
  }
  const families = parseFamilies(options.families);
  const extraChains = parseExtra(options.with);
  const clock = systemClock;
  const say = (line: string): void => {
    output.say(`devnet: ${line}`);
  };
  const { dir, cosmos } = options;
  const started = { dir, apiPort: Number(options.apiPort), clock, families, extraChains, cosmos, say } as const;
  const network = await startLocalNetwork(started, signal);
  const config = relative(process.cwd(), network.config);
  const wallet = createWallet(
    { clock },
    {
      manifest: network.manifest,
      key: () => network.user.key,
      endpoint: (name) => network.chains.find((chain) => chain.name === name)?.url ?? '',
    },
  );
  const accounts = await Promise.all(
    network.manifest.chains.map(async (chain): Promise<[string, string]> => {
      return [chain.name, formatAccount(chain, (await wallet.on(chain)).account)];
    }),
  );
  output.line(
    table([
      ...network.chains.flatMap(chainRows),
      ...network.manifest.chains.flatMap((chain) => [
        [`gateway on ${chain.name}`, formatAccount(chain, gatewayBytes(chain.gateway)), gatewayNote(chain)],
      ]),
      ...network.manifest.assets.flatMap(({ symbol, representations }) =>
        representations.map((row) => [
          `${symbol} on ${row.chain}`,
          tokenText(row),
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
      ...accounts.map(([chain, address]) => [`your account on ${chain}`, address, '']),
      ['your key', `${relative(process.cwd(), network.dir)}/user.key`, 'one for all chains'],
      ['mnemonic', DEV_MNEMONIC, 'known to everybody'],
    ]),
  );
  output.line('');
  for (const line of assurances(network)) output.line(line);
  output.line('Try, in another terminal:');
  for (const { source, target, symbol } of examples(network)) {
    const route = `--from ${source} --to ${target} --asset ${symbol} --amount 1.5`;
    output.line(`  npm run viaduct -- transfer --config ${config} ${route}`);
  }
  output.line(`  npm run viaduct -- status --config ${config}`);
  output.line('Ctrl-C ends it.');
  output.result({
    chains: network.manifest.chains.map(({ name, id }) => {
      return { name, id, url: network.chains.find((chain) => chain.name === name)?.url };
    }),
    natsUrl: network.natsUrl,
    apiUrl: network.apiUrl,
    config: network.config,
    user: Object.fromEntries(accounts),
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

function chainRows(chain: LocalChain): string[][] {
  const { name, url } = chain;
  if (chain.family === 'cosmos') return [[name, url, `CometBFT RPC, blocks every ${chain.blockMs} ms`]];
  if (chain.family === 'substrate') {
    const { relayUrl } = chain.node;
    return [
      [name, url, `JSON-RPC, blocks every ${chain.blockMs} ms`],
      [`relay chain of ${name}`, relayUrl, 'JSON-RPC, finalizes it'],
    ];
  }
  const { anvil, beacon } = chain;
  const pace = beacon === undefined ? 'second' : `${SLOT_MS} ms`;
  return [
    [name, url, `eip155:${anvil.chainId}, blocks every ${pace}`],
    ...(beacon === undefined ? [] : [[`beacon of ${name}`, beacon.url, 'Beacon API, minimal preset']]),
  ];
}

function gatewayNote({ gateway }: ManifestChain): string {
  if (gateway.kind === 'contract') return 'a contract';
  const { shards, threshold } = gateway;
  const members = shards[0]?.members.length ?? 0;
  return `a vault of ${shards.length} accounts, ${threshold} of ${members} sign`;
}

function tokenText(row: Representation): string {
  if (row.family === 'cosmos') return row.denom;
  if (row.family === 'substrate') return row.assetId === undefined ? 'the native coin' : `asset ${row.assetId}`;
  return row.custody === 'native' ? 'the native coin' : toHex(row.token);
}

function assurances({ manifest, speed }: LocalNetwork): string[] {
  const kinds = new Map(manifest.chains.map(({ family, lightClient }) => [family, lightClient.kind]));
  return [...kinds].map(([family, kind]) => {
    if (kind === 'confirmations')
      return `Chains of family ${family} are followed by confirmations, weaker than a light client.`;
    const time = family === 'evm' && speed !== 1 ? ` Their time runs ${speed} times the wall clock's.` : '';
    return `Chains of family ${family} are followed by the ${kind} light client.${time}`;
  });
}

/** One lane for each pair of families, with an asset that is at home there. */
function examples({ manifest }: LocalNetwork): { source: string; target: string; symbol: string }[] {
  const seen = new Set<string>();
  const familyOf = (name: string): string => manifest.chains.find((chain) => chain.name === name)?.family ?? '';
  return manifest.lanes.flatMap((lane) => {
    const { source, target } = lane;
    const pair = `${familyOf(source)} ${familyOf(target)}`;
    const asset = manifest.assets.find(({ representations }) =>
      representations.some((row) => row.chain === source && isAtHome(row)),
    );
    if (isHomeLane(lane) || asset === undefined || seen.has(pair)) return [];
    seen.add(pair);
    return [{ source, target, symbol: asset.symbol }];
  });
}

/** The coin of an EVM chain pays for gas as well: a token shows better what a transfer does. */
function isAtHome({ custody, family }: Representation): boolean {
  return custody === 'lock' || (custody === 'native' && family !== 'evm');
}
