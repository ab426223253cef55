/**
 * The relayer between two chains that execute: real anvils on both ends, real nats-server, journals on disk, three attesters and a
 * relayer as processes of their own, deposits by real transactions. Nothing is simulated.
 *
 * Beside it, in the same run and on the same chain, the same deliveries sent straight to the target without us: the ratio of the
 * two says what the relayer takes away. Anvil mines in one thread and computes the state root of every block from all accounts, so
 * that the chains are what limits; the second line, with a larger block, shows where.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devAccounts } from '../../devnet/anvil.ts';
import { createEvmLoad } from '../../load/evmLoad.ts';
import { createReceivers } from '../../load/receivers.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { type Bench, rounded } from '../bench.ts';
import { createDirectFeed } from '../evm/directFeed.ts';
import { judge, type Judgement } from '../evm/judge.ts';
import { type Cleared, measureCleared, PENDING } from '../relayed/measureCleared.ts';
import { type BenchNetwork, CONFIRMATIONS, eyeOf, FIRST_SUBMITTER, startBenchNetwork } from '../evm/network.ts';
import {
  type LaneRun,
  type LanesRun,
  type LaneUnderLoad,
  measureLanes,
  measureRest,
  show,
} from '../relayed/measureLanes.ts';

export interface EvmLine {
  readonly blockGasLimit: number;
  readonly accounts: number;
  /** The chain fed directly. */
  readonly directPerSecond: number;
  /** Deposits as fast as A takes them. */
  readonly depositsPerSecond: number;
  readonly deliveredPerSecond: number;
  /** Delivered through the relayer, by delivered directly. */
  readonly ratio: number;
  /** Of the four relayer processes together: all of it, and what is above rest. */
  readonly relayerCpuMicros: number;
  readonly relayerCpuMicrosAboveRest: number;
  readonly cpuMicros: LanesRun['cpuMicros'];
  readonly cpuMicrosAboveRest: LanesRun['cpuMicrosAboveRest'];
  /** CPU milliseconds a second when nothing is sent. */
  readonly restMillis: Readonly<Record<string, number>>;
  readonly gcPercent: number | null;
  readonly rssMb: LanesRun['rssMb'];
  /** With deposits at half of what is delivered under full load. */
  readonly paced: Pick<LaneRun, 'depositsPerSecond' | 'deliveredPerSecond' | 'toSubmitted' | 'toIncluded'> &
    Pick<LanesRun, 'cpuMicrosAboveRest'>;
  /** What piled up while the relayer was away; null where it was not measured. */
  readonly cleared: Cleared | null;
  readonly judgement: Judgement;
  readonly transfers: number;
  /** Of any kind but doubled ones. */
  readonly faults: number;
}

export interface EvmLineOptions {
  readonly gasLimit: bigint;
  readonly accounts: number;
  /** Whether a backlog is cleared at the end as well. */
  readonly clears: boolean;
  readonly seconds: number;
  readonly seed: number;
  say(line: string): void;
}

/** A block limit that real networks had for years, and one that anvil's execution does not fill; that one by more accounts too. */
const LINES = [
  { gasLimit: 30_000_000n, accounts: 1, clears: false },
  { gasLimit: 300_000_000n, accounts: 1, clears: false },
  { gasLimit: 300_000_000n, accounts: 4, clears: true },
] as const;
const BLOCK_SECONDS = 1;
const CHUNK_SIZE = 512;
const BATCH = 500;
const PACED_BATCH = 100;
const QUEUE = 1.25;
/** Of what the target takes directly: how much piles up to be cleared. */
const CLEARED_SECONDS = 3;
const HOLDERS = 4_096;
const SENDERS = 4;
/** Chunks that are ready for each block's worth of gas: existing holders take 4.9 M a chunk. */
const CHUNK_GAS = 4_900_000n;

export const evm: Bench = {
  name: 'evm',
  shows: 'two real anvils and the relayer as its own processes: deliveries a second, beside the chain fed directly',
  run: async ({ seconds, seed, say }) => {
    const lines: EvmLine[] = [];
    for (const setting of LINES) {
      lines.push(await evmLine({ ...setting, seconds: Math.max(MIN_SECONDS, seconds / LINES.length), seed, say }));
    }
    const [line] = lines as [EvmLine, ...EvmLine[]];
    return {
      perSecond: line.deliveredPerSecond,
      cpuMicrosPerTransfer: line.relayerCpuMicros,
      cores: rounded((line.relayerCpuMicros * line.deliveredPerSecond) / 1_000_000),
      p50Ms: line.paced.toSubmitted.p50Ms,
      p99Ms: line.paced.toSubmitted.p99Ms,
      rssMb: Math.max(...Object.values(line.rssMb)),
      lost: lines.reduce((sum, { faults }) => sum + faults, 0),
      doubled: lines.reduce((sum, { judgement }) => sum + judgement.doubled, 0),
      ratio: line.ratio,
      cleared: lines.find(({ cleared }) => cleared !== null)?.cleared ?? null,
      lines,
      note:
        'nothing is simulated: two anvils with a block a second, confirmations light client, nats-server, journals on disk, three ' +
        'attesters and a relayer as processes of their own, all on this machine; CPU and cores are those of the four relayer ' +
        'processes; p50 and p99 are from finalized on the source to submitted on the target, at half the load; anvil executes ' +
        'in one thread; what is cleared was deposited while all processes of the relayer were stopped',
    };
  },
};

/** Blocks in which a relayer on a busy machine has surely asked for the one before. */
const VERIFY_BLOCKS = 4;
/** Fewer would be ramp alone. */
const MIN_SECONDS = 8;

export async function evmLine(options: EvmLineOptions): Promise<EvmLine> {
  const { gasLimit, accounts, say } = options;
  const dir = mkdtempSync(join(tmpdir(), 'viaduct-bench-'));
  const signal = new AbortController().signal;
  const blockSeconds = BLOCK_SECONDS;
  const quiet = { clock: systemClock, say: () => undefined };
  const network = await startBenchNetwork(
    { dir, blockSeconds, gasLimit, chunkSize: CHUNK_SIZE, accounts, ...quiet },
    signal,
  );
  try {
    say(`two anvils, ${gasLimit / 1_000_000n} M gas a block, a block a second, ${accounts} account(s) on the target`);
    return await measureLine(network, options, signal);
  } finally {
    await network.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measureLine(network: BenchNetwork, options: EvmLineOptions, signal: AbortSignal): Promise<EvmLine> {
  const { gasLimit, accounts, clears, seconds, seed, say } = options;
  const { a, lane, asset } = network;
  const receivers = createReceivers({
    seed: `bench ${seed}`,
    holders: HOLDERS,
    freshPercent: 0,
    per: 'deposit',
    length: 20,
  });

  // 1. The chain alone. Its holders are existing ones from then on, for the relayer too.
  const keys = devAccounts(FIRST_SUBMITTER + accounts)
    .slice(FIRST_SUBMITTER)
    .map(({ privateKey }) => privateKey);
  const direct = createDirectFeed(network, receivers, keys, CHUNK_SIZE);
  direct.prepare(HOLDERS / CHUNK_SIZE);
  const warmUp = await direct.run(60, signal);
  direct.prepare(Math.min(DIRECT_CHUNKS_MAX, Math.ceil(seconds / BLOCK_SECONDS) * Number(gasLimit / CHUNK_GAS)));
  const alone = await direct.run(seconds, signal);
  say(`  fed directly: ${rounded(alone.perSecond)} deliveries/s`);

  // 2. The same through the relayer, deposits as fast as A takes them.
  await network.startRelayers();
  const makeLoad = (name: string) =>
    createEvmLoad(
      { clock: systemClock },
      {
        url: a.anvil.url,
        chainId: a.anvil.chainId,
        gateway: a.gateway,
        lane,
        asset,
        token: a.token,
        needsApproval: true,
        unit: 1n,
        receivers,
        funder: network.funder,
        senders: SENDERS,
        seed: `${name} ${seed}`,
      },
    );
  const rest = await measureRest(network, signal);
  const eyes = { source: eyeOf('A', a), target: eyeOf('B', network.b) };
  const run = async (
    name: string,
    plan: Pick<LaneUnderLoad, 'perSecond' | 'batch' | 'countMax' | 'before'>,
  ): Promise<LanesRun> =>
    measureLanes(
      network,
      [{ name: 'A -> B', lane, ...eyes, driver: makeLoad(name), ...plan }],
      { seconds, rest },
      say,
      signal,
    );
  // As much as the target can take in that time and a quarter more: a longer queue would only wait longer.
  const countMax = BATCH * Math.ceil((alone.perSecond * seconds * QUEUE) / BATCH);
  const full = await run('full', { perSecond: undefined, batch: BATCH, countMax, before: 0 });
  const [fullLane] = full.lanes as readonly [LaneRun];
  say(`  through the relayer: ${full.deliveredPerSecond} deliveries/s`);
  say(`  CPU us per transfer: ${show(full.cpuMicros)}`);
  say(`  above rest: ${show(full.cpuMicrosAboveRest)}`);

  // 3. Half of it: what a transfer waits for when nothing queues.
  const half = Math.max(BATCH, Math.floor(full.deliveredPerSecond / 2));
  const paced = await run('half', { perSecond: half, batch: PACED_BATCH, before: fullLane.deposits });
  const [pacedLane] = paced.lanes as readonly [LaneRun];
  const { p50Ms, p99Ms } = pacedLane.toSubmitted;
  say(`  at half of it: submitted ${p50Ms} ms (p50), ${p99Ms} ms (p99) after finalized`);

  // 4. What piled up while nobody relayed.
  const before = fullLane.deposits + pacedLane.deposits;
  const pending = BATCH * Math.ceil(Math.max(PENDING, alone.perSecond * CLEARED_SECONDS) / BATCH);
  const backlog: LaneUnderLoad = {
    ...{ name: 'A -> B', lane, ...eyes, driver: makeLoad('cleared') },
    ...{ perSecond: undefined, batch: BATCH, before },
  };
  const cleared = clears
    ? await measureCleared(network, backlog, { pending, directPerSecond: alone.perSecond }, say, signal)
    : undefined;

  // 5. The books, when the relayers have seen the last block with its confirmations.
  await systemClock.sleep((CONFIRMATIONS + VERIFY_BLOCKS) * BLOCK_SECONDS * 1_000, signal);
  await network.stopRelayers();
  const runs = [fullLane, pacedLane, ...(cleared === undefined ? [] : [cleared])];
  const deposits = runs.reduce((sum, { report }) => sum + report.included, 0);
  const relayed = runs.flatMap(({ report }) => report.batches.filter(({ succeeded }) => succeeded));
  const credits = receivers.credits([...relayed, { first: 0, count: warmUp.delivered + alone.delivered }]);
  const amount = relayed.reduce((sum, { first, count }) => sum + receivers.total(first, count), 0n);
  const judgement = await judge(
    network,
    runs.flatMap(({ chunks }) => chunks),
    { deposits, amount, credits },
    signal,
  );
  say(`  ${deposits} transfers: ${JSON.stringify(judgement)}`);
  return {
    blockGasLimit: Number(gasLimit),
    accounts,
    directPerSecond: rounded(alone.perSecond),
    depositsPerSecond: fullLane.depositsPerSecond,
    deliveredPerSecond: full.deliveredPerSecond,
    ratio: rounded(full.deliveredPerSecond / alone.perSecond),
    relayerCpuMicros: full.relayerCpuMicros,
    relayerCpuMicrosAboveRest: full.relayerCpuMicrosAboveRest,
    cpuMicros: full.cpuMicros,
    cpuMicrosAboveRest: full.cpuMicrosAboveRest,
    restMillis: Object.fromEntries([...rest].map(([name, micros]) => [name, rounded(micros / 1_000)])),
    gcPercent: full.gcPercent,
    rssMb: full.rssMb,
    paced: {
      depositsPerSecond: pacedLane.depositsPerSecond,
      deliveredPerSecond: pacedLane.deliveredPerSecond,
      toSubmitted: pacedLane.toSubmitted,
      toIncluded: pacedLane.toIncluded,
      cpuMicrosAboveRest: paced.cpuMicrosAboveRest,
    },
    cleared: cleared?.figures ?? null,
    judgement,
    transfers: deposits,
    faults: faultsOf(judgement),
  };
}

/** Encoded ahead, 140 kB each. */
const DIRECT_CHUNKS_MAX = 600;

/** What counts as lost when a sum is wrong although every sequence was delivered. */
function faultsOf({ lost, refused, wrongBalances, supplyHolds, accumulatorHolds, booksHold }: Judgement): number {
  const held = [supplyHolds, accumulatorHolds, booksHold].filter((one) => one === false).length;
  return lost + refused + wrongBalances + held;
}
