/**
 * How fast the relayer clears what piled up while it was away: deposits are made first, with all of its processes stopped, and
 * deliveries are timed once they run. The source has nothing more to do meanwhile than to be read, as nearly nothing of this
 * machine is taken from the relayer and the target: what both of them can do shows here, and not what is left of two cores.
 */
import { systemClock } from '../../../relayer/core/clock.ts';
import { type LoadDriver, type LoadReport, runLoad } from '../../load/load.ts';
import { rounded } from '../bench.ts';
import type { PaidChunk } from './chainEye.ts';
import { followPayments, type LaneUnderLoad, type Measured, rateOf, sumCounts, timesOf } from './measureLanes.ts';
import { startMeter } from './processes.ts';
import { watchEyes } from './watchEyes.ts';

/** What the issues of other relayers name as a backlog: Hermes was timed with 2,000, and never cleared 10,000. */
export const PENDING = 10_000;

export interface Cleared {
  readonly pending: number;
  /** From the first block with a delivery to the last. */
  readonly perSecond: number;
  /** By what the chain takes when it is fed directly. */
  readonly ratio: number;
  /** From all processes being up to the block with the last delivery, and to that with the 10,000th: all is verified in it. */
  readonly seconds: number;
  readonly tenThousandSeconds: number;
  /** Of the four relayer processes together, in that time; and of all processes, by name. */
  readonly relayerCpuMicros: number;
  readonly cpuMicros: Readonly<Record<string, number>>;
}

export interface ClearedRun {
  readonly figures: Cleared;
  readonly report: LoadReport;
  readonly chunks: readonly PaidChunk[];
}

export interface Restarted extends Measured {
  startRelayers(): Promise<void>;
  stopRelayers(): Promise<void>;
}

/** Patient enough for a chain that takes a tenth of what it should. */
const LOAD_SECONDS_MAX = 120;
const LOOK_MS = 50;

export async function measureCleared(
  measured: Restarted,
  lane: LaneUnderLoad,
  { pending, directPerSecond }: { readonly pending: number; readonly directPerSecond: number },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ClearedRun> {
  const { source, target, driver, batch } = lane;
  await measured.stopRelayers();
  await driver.prepare(pending, batch, signal);
  const prepared: LoadDriver = { ...driver, prepare: async () => Promise.resolve() };
  const plan = { perSecond: undefined, seconds: LOAD_SECONDS_MAX, batch, count: pending };
  const report = await runLoad(prepared, plan, { clock: systemClock }, signal);
  const last = report.batches.reduce((height, one) => (one.height > height ? one.height : height), 0n);
  while ((await source.finalized(signal)) < last) await systemClock.sleep(LOOK_MS, signal);

  const watches = await watchEyes([target]);
  await measured.startRelayers();
  const meter = startMeter(measured.pids());
  const startedMs = systemClock.now();
  const [chunks = []] = await followPayments([lane], [report], signal);
  const cpu = meter.cpuMicros();
  await watches.stop();

  const delivered = sumCounts(chunks);
  const per = (name: string): number => (cpu.get(name) ?? 0) / Math.max(1, delivered);
  const secondsTo = (count: number): number => {
    const height = heightOf(chunks, Math.min(count, delivered));
    return rounded(((watches.of(target).headMs(height) ?? Number.NaN) - startedMs) / 1_000);
  };
  const perSecond = rateOf(timesOf(lane, chunks, watches));
  const figures: Cleared = {
    pending: report.included,
    perSecond: rounded(perSecond),
    ratio: rounded(perSecond / directPerSecond),
    seconds: secondsTo(report.included),
    tenThousandSeconds: secondsTo(PENDING),
    relayerCpuMicros: rounded(measured.relayers.reduce((sum, name) => sum + per(name), 0)),
    cpuMicros: Object.fromEntries([...cpu.keys()].map((name) => [name, rounded(per(name))])),
  };
  say(
    `  ${figures.pending} pending cleared in ${figures.seconds} s (10,000 in ${figures.tenThousandSeconds} s): ` +
      `${figures.perSecond} deliveries/s, ${figures.ratio} of what it takes directly, ${figures.relayerCpuMicros} CPU us each`,
  );
  return { figures, report, chunks };
}

/** The block in which so many were delivered. */
function heightOf(chunks: readonly PaidChunk[], count: number): bigint {
  let sum = 0;
  for (const chunk of chunks) {
    sum += chunk.count;
    if (sum >= count) return chunk.height;
  }
  return 0n;
}
