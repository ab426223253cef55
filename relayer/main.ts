/** The composition root: makes the concrete bus, store, chains and keys of one process, and starts its roles. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { createNatsBus, LEASE_MS, logBusEvents, type NatsBusOptions } from './bus/index.ts';
import { createChain } from './chains.ts';
import { formatFinding, type LoadedConfig, type NatsAuth, type RelayerConfig } from './config/index.ts';
import { bytesToHex, utf8 } from './core/bytes.ts';
import { systemClock } from './core/clock.ts';
import { asViaductError } from './core/errors.ts';
import { keccak256 } from './core/keccak.ts';
import { endOfRun } from './core/ranges.ts';
import { sign } from './core/secp256k1.ts';
import { createSubjects } from './core/subjects.ts';
import { createLogger } from './monitor/log.ts';
import { createTelemetry } from './monitor/telemetry.ts';
import { type Node, startNode } from './node.ts';
import { sequenceOf } from './sequenceOf.ts';
import { createJournal } from './store/journal.ts';
import { createLevelStore } from './store/index.ts';
import { createAccumulateTogether } from './verify/accumulateTogether.ts';
import { createLightClientWorker } from './verify/lightClientWorker.ts';

export interface RunningRelayer {
  readonly node: Node;
  /** Resolves when the signal fired and everything is closed; rejects when a role could not go on. */
  readonly ended: Promise<void>;
}

/** How long the server leaves a work item with a silent submitter, as long as a lease: together they bound a take-over. */
const WORK_ACK_WAIT_MS = LEASE_MS;
const TELEMETRY_PACE = { repeatMs: 5_000, spaceMs: 250 };

export async function startRelayer(
  { config, manifest, warnings }: LoadedConfig,
  signal: AbortSignal,
): Promise<RunningRelayer> {
  const clock = systemClock;
  const name = nameOf(config, manifest.chains.length);
  const log = createLogger({ clock }, config.log).child({ node: name });
  for (const warning of warnings) log.warn({ warning: formatFinding(warning) }, 'config warning');
  const subjects = createSubjects(manifest.network);
  const opened: { close(): Promise<void> }[] = [];

  /** What was opened last is closed first, each whatever the others do: the store ends after all that writes to it. */
  async function closeAll(): Promise<void> {
    for (const part of opened.splice(0).reverse()) {
      await part.close().catch((error: unknown) => {
        log.warn({ code: asViaductError(error).code }, 'could not close everything in order');
      });
    }
  }

  async function start(): Promise<Node> {
    const store = await createLevelStore({ path: join(config.dataDir, 'journal') });
    opened.push(store);
    const journal = createJournal(store);
    const bus = await createNatsBus({
      servers: [config.nats.url],
      name: `viaduct ${name}`,
      ...credentialsOf(config.nats.auth),
      subjects,
      clock,
      ackWaitMs: WORK_ACK_WAIT_MS,
    });
    opened.push(bus);
    logBusEvents(bus, log);
    const telemetry = createTelemetry({ bus, subjects, clock, log, node: name, ...TELEMETRY_PACE });
    const worker = createLightClientWorker();
    const accumulate = createAccumulateTogether(clock);
    opened.push(worker);
    const chains = manifest.chains.flatMap((chain) => {
      const row = config.chains.get(chain.name);
      // Another process has it.
      if (row === undefined) return [];
      return createChain(manifest, chain, row, {
        log,
        clock,
        worker,
        accumulate,
        packetsOf: journal.readRelayedPackets,
        isDelivered: async (lane, first, count) => {
          const { delivered } = await journal.lane(lane);
          return endOfRun(delivered, first) >= first + BigInt(count);
        },
        cursorOf: async (name) => (await journal.chain(name))?.cursor,
        sequenceOf: async (lane, reference) => sequenceOf(journal, lane, reference),
      });
    });
    for (const { source, target } of chains) opened.push(source, target);
    const key = config.attester?.key;
    const signer = key && {
      address: config.attester.address,
      sign: (digest: Uint8Array) => sign(digest, key.reveal()),
    };
    const node = await startNode(
      { manifest, chains, bus, subjects, store, journal, clock, log, telemetry, signer },
      {
        name,
        version: packageJson.version,
        roles: config.roles,
        tuning: config.tuning,
        laneWeight: ({ source, target }) => config.chains.get(target)?.laneWeights.get(source) ?? 1,
        api: config.api,
      },
      signal,
    );
    log.info({ roles: [...config.roles], network: manifest.network, assurance: assurances(chains) }, 'started');
    return node;
  }

  try {
    const node = await start();
    const ended = node.ended.finally(async () => {
      await closeAll();
      log.info({}, 'stopped');
    });
    return { node, ended };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** A stable name: streams remember positions by it, so two processes of one network must not share it. */
function nameOf({ attester, dataDir, roles, chains }: RelayerConfig, chainsInAll: number): string {
  const part = [...chains.keys()].sort().join(' ');
  const own = attester?.name ?? `${basename(dataDir)}-${[...roles].sort().join('-')}`.replace(/[^A-Za-z0-9_-]/g, '-');
  return chains.size === chainsInAll ? own : `${own}-${bytesToHex(keccak256(utf8(part))).slice(0, 8)}`;
}

/** Said at every start: which chains are verified in the weaker way. */
function assurances(
  chains: readonly { readonly name: string; readonly lightClient: { readonly assurance: string } }[],
) {
  return Object.fromEntries(chains.map(({ name, lightClient }) => [name, lightClient.assurance]));
}

function credentialsOf(auth: NatsAuth): Pick<NatsBusOptions, 'credentials'> {
  switch (auth.kind) {
    case 'none':
      return {};
    case 'user':
      return { credentials: { kind: 'userPassword', user: auth.user, password: auth.password.reveal() } };
    case 'token':
      return { credentials: { kind: 'token', token: auth.token.reveal() } };
    case 'creds':
      return { credentials: { kind: 'creds', text: readFileSync(auth.file, 'utf8') } };
  }
}
