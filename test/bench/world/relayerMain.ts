/**
 * One relayer process of a load benchmark: the product's own node, store, bus and telemetry over simulated chains. What it
 * used is asked from outside, so that nothing of the measuring runs in it but the counting of garbage collections.
 */
import { join } from 'node:path';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { createNatsBus, LEASE_MS } from '../../../relayer/bus/index.ts';
import { DEFAULT_TUNING, type Role, type Tuning } from '../../../relayer/config/index.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { keccakEngine } from '../../../relayer/core/keccak.ts';
import type { LogFields, Logger } from '../../../relayer/core/log.ts';
import { addressOf, sign } from '../../../relayer/core/secp256k1.ts';
import { createSubjects } from '../../../relayer/core/subjects.ts';
import { createTelemetry } from '../../../relayer/monitor/telemetry.ts';
import { startNode } from '../../../relayer/node.ts';
import { createLevelStore } from '../../../relayer/store/index.ts';
import { createJournal } from '../../../relayer/store/journal.ts';
import { ATTESTER_KEY, benchManifest } from './network.ts';
import { answerParent, cpuMicrosOf } from './processes.ts';
import { startProfile, stopProfile } from './profile.ts';
import { connectWorld } from './worldClient.ts';

export interface RelayerOptions {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly chains: number;
  /** The chains [first, end) that this process follows. */
  readonly part: readonly [first: number, end: number];
  readonly chunkSize: number;
  readonly accounts: number;
  readonly pollMs: number;
  /** Where the simulated chains listen. */
  readonly world: string;
  readonly natsUrl: string;
  readonly folder: string;
  readonly tuning: Partial<Tuning>;
}

export interface RelayerStats {
  /** Packets that its own verification knows as delivered. */
  readonly settled: number;
  readonly gcMs: number;
  /** Wall time in which the main thread was busy, and its CPU time where the host tells it for one thread. */
  readonly activeMs: number;
  readonly mainMicros: number | null;
  readonly heapBytes: number;
  readonly storeWrites: number;
  readonly syncedCommits: number;
  readonly bytesWritten: number;
  readonly published: number;
  /** Warnings and errors by their text. */
  readonly complaints: Readonly<Record<string, number>>;
  readonly keccak: string;
}

const options = JSON.parse(process.argv[2] ?? '') as RelayerOptions;
const clock = systemClock;
const stop = new AbortController();
const complaints = new Map<string, number>();
const log = createCountingLog();
let gcMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) gcMs += duration;
}).observe({ entryTypes: ['gc'] });

const manifest = benchManifest(options.chains, options.chunkSize);
const subjects = createSubjects(manifest.network);
const store = await createLevelStore({ path: join(options.folder, options.name) });
const journal = createJournal(store);
const bus = await createNatsBus({
  servers: [options.natsUrl],
  name: options.name,
  subjects,
  clock,
  ackWaitMs: LEASE_MS,
});
const pace = { repeatMs: 5_000, spaceMs: 250 };
const telemetry = createTelemetry({ bus, subjects, clock, log, node: options.name, ...pace });
const world = await connectWorld(options.world, manifest);
const accounts = options.roles.includes('submit') ? options.accounts : 0;
const node = await startNode(
  {
    manifest,
    chains: manifest.chains
      .map((_, index) => index)
      .slice(...options.part)
      .map((index) => world.chain(index, accounts, options.name, options.pollMs)),
    bus,
    subjects,
    store,
    journal,
    clock,
    log,
    telemetry,
    signer: { address: addressOf(ATTESTER_KEY), sign: (digest) => sign(digest, ATTESTER_KEY) },
  },
  {
    name: options.name,
    version: '0.0.0',
    roles: new Set(options.roles),
    tuning: { ...DEFAULT_TUNING, ...options.tuning },
    api: { host: '127.0.0.1', port: 0 },
  },
  stop.signal,
);
node.ended.catch((error: unknown) => {
  throw error;
});

answerParent({ stats, profileStart: startProfile, profileStop: stopProfile }, {}, async () => {
  stop.abort();
  await node.ended.catch(() => undefined);
  await bus.close({ drain: false });
  await store.close();
  world.close();
});

async function stats(): Promise<RelayerStats> {
  let settled = 0;
  for (const { id } of manifest.lanes) {
    const { delivered } = await journal.lane(id);
    settled += Number(delivered.through);
    for (const [first, end] of delivered.above) settled += Number(end - first);
  }
  const { writes, syncedCommits, bytesWritten } = store.stats();
  return {
    settled,
    gcMs,
    activeMs: performance.eventLoopUtilization().active,
    mainMicros: await cpuMicrosOf(`/proc/self/task/${process.pid}/stat`),
    heapBytes: process.memoryUsage().heapUsed,
    storeWrites: writes,
    syncedCommits,
    bytesWritten,
    published: bus.stats().published,
    complaints: Object.fromEntries(complaints),
    keccak: keccakEngine.name,
  };
}

function createCountingLog(): Logger {
  const count = ({ code, detail, problem, reason }: LogFields, message: string): void => {
    const text = [message, code, detail, problem, reason].filter((part) => typeof part === 'string').join(': ');
    if (complaints.size < 50 || complaints.has(text)) complaints.set(text, (complaints.get(text) ?? 0) + 1);
  };
  const silent = (): void => undefined;
  const logger: Logger = { debug: silent, info: silent, warn: count, error: count, child: () => logger };
  return logger;
}
