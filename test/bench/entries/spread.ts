/**
 * What each policy of spreading adds against the naive way, on simulated chains in simulated time, then all of one target
 * chain together. The same seed gives the same figures. A ratio of 1 means that a policy adds nothing here, and is said so.
 */
import { answersPerSecond } from '../spread/endpoints.ts';
import { runChunks } from '../spread/chunks.ts';
import { runRoutes } from '../spread/routes.ts';
import { runTarget } from '../spread/target.ts';
import { type Bench, rounded } from '../bench.ts';

const NONE = { lanes: false, accounts: false, processes: false };
const ALL = { lanes: true, accounts: true, processes: true };
/** Within that it adds nothing worth its lines. */
const NOTHING = 0.05;

interface Row {
  readonly policy: string;
  readonly measure: string;
  readonly naive: number;
  readonly spread: number;
  /** Above 1 is better, whichever way the measure counts. */
  readonly gain: number;
}

export const spread: Bench = {
  name: 'spread',
  shows: 'what each policy of spreading adds against the naive way, in simulated time, alone and together',
  run: async ({ seed, say }) => {
    const rows = await Promise.resolve(measure(seed));
    for (const { policy, measure: what, naive, spread: ours, gain } of rows) {
      const verdict =
        Math.abs(gain - 1) <= NOTHING
          ? 'adds nothing here'
          : gain > 1
            ? `${rounded(gain)} x`
            : `WORSE: ${rounded(gain)} x`;
      say(`${policy.padEnd(10)} ${what.padEnd(52)} naive ${naive}  spread ${ours}  ${verdict}`);
    }
    return {
      perSecond: null,
      cpuMicrosPerTransfer: null,
      cores: null,
      p50Ms: null,
      p99Ms: null,
      rssMb: null,
      lost: null,
      doubled: null,
      policies: rows,
      note: 'simulated chains and time; nothing here is a speed of this machine',
    };
  },
};

function measure(seed: number): Row[] {
  const more = (policy: string, what: string, naive: number, ours: number): Row =>
    row(policy, what, naive, ours, ours / naive);
  const less = (policy: string, what: string, naive: number, ours: number): Row =>
    row(policy, what, naive, ours, (naive + 1) / (ours + 1));
  const base = runTarget(seed, NONE);
  // Beside three planners that all hand out, nothing else could be seen: these two are measured with one.
  const processes = runTarget(seed, { ...NONE, processes: true });
  const lanes = runTarget(seed, { ...NONE, processes: true, lanes: true });
  const accounts = runTarget(seed, { ...NONE, processes: true, accounts: true });
  const together = runTarget(seed, ALL);
  const [chunksNaive, chunks] = [runChunks(seed, false), runChunks(seed, true)];
  const [routesNaive, routes] = [runRoutes(seed, false), runRoutes(seed, true)];
  return [
    more(
      'endpoints',
      'answers a second, three unlike endpoints',
      answersPerSecond(seed, false),
      answersPerSecond(seed, true),
    ),
    less('lanes', 'blocks a small lane waits beside a stuck one (+1)', processes.smallWaits, lanes.smallWaits),
    more('lanes', 'chunks delivered', processes.delivered, lanes.delivered),
    more('accounts', 'chunks delivered, two of six accounts broke', processes.delivered, accounts.delivered),
    less('processes', 'chunks submitted in vain, three planners (+1)', base.inVain, processes.inVain),
    more('processes', 'chunks delivered', base.delivered, processes.delivered),
    more('chunks', 'packets delivered, four lanes of unlike cost', chunksNaive.delivered, chunks.delivered),
    less('chunks', 'gas a packet of those', chunksNaive.gasPerPacket, chunks.gasPerPacket),
    more('routes', 'bulk transfers that could go', routesNaive.served, routes.served),
    less('routes', 'seconds of those', routesNaive.seconds, routes.seconds),
    more('together', 'chunks delivered: lanes, accounts, processes', base.delivered, together.delivered),
    less('together', 'blocks a small lane waits (+1)', base.smallWaits, together.smallWaits),
    less('together', 'chunks submitted in vain (+1)', base.inVain, together.inVain),
  ];
}

function row(policy: string, what: string, naive: number, ours: number, gain: number): Row {
  return { policy, measure: what, naive: rounded(naive), spread: rounded(ours), gain };
}
