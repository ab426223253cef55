/** The whole pipeline at its peak and at a given pace: 32 simulated chains, real nats-server, journal synced on disk. */
import type { Bench, BenchResult } from '../bench.ts';
import { type LoadResult, type LoadRun, runLoad, USUAL_RUN } from '../world/measure.ts';

/** Transfers under way at the peak: more only wait longer. */
export const PEAK_UNDER_WAY = 262_144;
const PACED_PER_SECOND = 100_000;

export const SIMULATED =
  'chains are SIMULATED in a process of their own (true headers, storage proofs and accumulators of EVM gateways, flat ' +
  'bytes in place of JSON-RPC, transactions signed without hashing their packets again, no EVM); nats-server, LevelDB synced on disk, light client, derivation, signatures and all ' +
  'roles are the real ones; a signer set of one; CPU is that of the relayer alone';

export const pipeline: Bench = {
  name: 'pipeline',
  shows: 'the whole pipeline over 32 simulated chains, as fast as it goes: transfers a second, CPU us by stage',
  run: async ({ seconds, say }) =>
    bench({ ...USUAL_RUN, seconds, say, load: { kind: 'peak', underWay: PEAK_UNDER_WAY }, profile: true }),
};

export const paced: Bench = {
  name: 'paced',
  shows: 'the whole pipeline at 100,000 transfers a second: cores, waits, memory',
  run: async ({ seconds, say }) =>
    bench({ ...USUAL_RUN, seconds, say, load: { kind: 'paced', perSecond: PACED_PER_SECOND } }),
};

export async function bench(run: LoadRun): Promise<BenchResult> {
  const result = await runLoad(run);
  run.say(summary(result));
  const { profile: _, ...figures } = result;
  return { ...figures, doubled: result.doubled + result.altered, chains: 'simulated', note: SIMULATED };
}

export function summary({ perSecond, cpuMicrosPerTransfer, cores, gcPercent, stages }: LoadResult): string {
  const parts = stages === null ? '' : `; ${stages.map(({ stage, cpuMicros }) => `${stage} ${cpuMicros}`).join(', ')}`;
  return `simulated chains: ${perSecond} transfers/s, ${cpuMicrosPerTransfer} CPU us each, ${cores} cores, gc ${gcPercent} %${parts}`;
}
