/**
 * The engine from mined deposit to delivered packet, over simulated chains, an in-memory bus and in-memory stores: three
 * attesters and a relayer in this one process, so that its CPU time is that of four nodes and of the simulation.
 *
 * Deposits come in batches, one batch a block, as long as fewer than a bound are under way; every one is then followed to
 * its credit. A receiver of its own for each batch makes what arrives countable: too few is lost, too many is doubled.
 */
import { performance } from 'node:perf_hooks';
import { toHex, utf8 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { createFakeNetwork, type FakeNetwork, TOKEN } from '../../sim/fakeNetwork.ts';
import { type Bench, percentiles, rounded, rssMb, startCpu } from '../bench.ts';

const CHUNK_SIZE = 512;
const BATCH = 2_048;
/** More would measure how long the queue is. */
const UNDER_WAY_MAX = 16 * BATCH;
/** Between blocks; the nodes get the rest. */
const BLOCK_PAUSE_MS = 5;
/** Without one more credit for so long, what is missing is lost. */
const STALL_MS = 20_000;

interface Batch {
  readonly account: string;
  readonly minedAt: number;
  credited: number;
}

export const engine: Bench = {
  name: 'engine',
  shows: 'the engine over simulated chains, mined to delivered: transfers a second, CPU us per transfer',
  run: async ({ seconds, seed, say }) => {
    const network = createFakeNetwork({ chunkSize: CHUNK_SIZE });
    try {
      for (const index of [0, 1, 2]) await network.attester(index);
      await network.relayer();
      return await measure(network, seconds, seed, say);
    } finally {
      await network.stop();
    }
  },
};

async function measure(network: FakeNetwork, seconds: number, seed: number, say: (line: string) => void) {
  const { a, b, lane } = network;
  const sender = keccak256(utf8(`sender ${seed}`)).slice(0, 20);
  const batches: Batch[] = [];
  const latencies: number[] = [];
  let sent = 0;
  let credited = 0;
  let doubled = 0;
  let simulated = 0;

  function deposit(): void {
    const receiver = keccak256(utf8(`receiver ${seed} ${batches.length}`)).slice(0, 20);
    for (let i = 0; i < BATCH; i++) a.send(lane.aToB, { asset: TOKEN, amount: 1n, receiver, sender });
    sent += BATCH;
    batches.push({ account: `${toHex(receiver)}/${TOKEN}`, minedAt: performance.now(), credited: 0 });
  }

  function count(now: number): void {
    for (const batch of batches) {
      if (batch.credited === BATCH) continue;
      const more = Number(b.balances.get(batch.account) ?? 0n) - batch.credited;
      batch.credited += more;
      credited += more;
      for (let i = 0; i < more; i++) latencies.push(now - batch.minedAt);
    }
  }

  const cpu = startCpu();
  const begin = performance.now();
  let lastCredit = begin;
  for (;;) {
    const now = performance.now();
    const stops = now - begin >= seconds * 1_000;
    if (stops && (credited >= sent || now - lastCredit > STALL_MS)) break;
    const cpuBefore = cpu.micros();
    if (!stops && sent - credited < UNDER_WAY_MAX) deposit();
    a.mine();
    b.mine();
    simulated += cpu.micros() - cpuBefore;
    const after = performance.now();
    const before = credited;
    count(after);
    if (credited > before) lastCredit = after;
    await systemClock.sleep(BLOCK_PAUSE_MS);
  }
  const wallMs = lastCredit - begin;
  const cpuMicros = cpu.micros();

  for (const batch of batches) doubled += Math.max(0, Number(b.balances.get(batch.account) ?? 0n) - BATCH);
  for (const times of b.effects.values()) if (times > 1) doubled += times - 1;
  const result = {
    perSecond: rounded((credited * 1_000) / wallMs),
    cpuMicrosPerTransfer: rounded(cpuMicros / credited),
    cores: rounded(cpuMicros / 1_000 / wallMs),
    ...percentiles(latencies),
    rssMb: rssMb(),
    lost: sent - credited,
    doubled,
    transfers: sent,
    chains: 'simulated',
    simulationMicrosPerTransfer: rounded(simulated / credited),
    note:
      'chains are SIMULATED and verify nothing; three attesters and a relayer in one process, in-memory bus and stores; ' +
      'CPU includes the simulation, whose blocks took simulationMicrosPerTransfer of it',
  };
  say(`simulated chains: ${result.perSecond} transfers/s, ${result.cpuMicrosPerTransfer} CPU us each`);
  return result;
}
