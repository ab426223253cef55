/** The command line of the load: `npm run load -- --chain anvil-a --rate 2000 --seconds 30`. */
import { parseArgs } from 'node:util';
import { createApiClient } from '../../relayer/cli/apiClient.ts';
import { EXIT } from '../../relayer/cli/exitCodes.ts';
import { type Output, table } from '../../relayer/cli/output.ts';
import { apiUrl } from '../../relayer/cli/apiUrl.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type LoadReport, runLoad } from './load.ts';
import { type LaneLoad, LOADED_FAMILIES, type LoadNetwork, openLaneLoad, openNetwork } from './networkLoad.ts';

interface Options {
  readonly network: string;
  readonly chains: readonly string[];
  readonly to: string | undefined;
  readonly asset: string | undefined;
  readonly perSecond: number | undefined;
  readonly seconds: number;
  readonly count: number;
  readonly batch: number;
  readonly holders: number;
  readonly freshPercent: number;
  readonly senders: number;
  readonly seed: string;
  readonly follow: boolean;
}

/** Deposits that the senders are funded for when only seconds are given: what the fastest local chain takes. */
const MOST_PER_SECOND = 50_000;
const FOLLOW_MS = 500;
/** Without one more delivery for so long, following ends. */
const STALL_MS = 120_000;

export function parseOptions(args: readonly string[]): Options {
  const { values } = parseStrictly(args);
  const number = (name: keyof typeof values, least: number, most: number): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw usage(`--${name} takes a whole number from ${least} to ${most}, got ${JSON.stringify(values[name])}.`);
  };
  const seconds = number('seconds', 1, 86_400);
  const perSecond = values.rate === 'max' ? undefined : number('rate', 1, 1_000_000);
  const count = values.count === undefined ? (perSecond ?? MOST_PER_SECOND) * seconds : number('count', 1, 1e9);
  if (values.chain === undefined) throw usage('--chain names the chain to load, or "all".');
  return {
    network: values.network,
    chains: values.chain.split(','),
    to: values.to,
    asset: values.asset,
    perSecond,
    seconds,
    count,
    batch: number('batch', 1, 100_000),
    holders: number('holders', 1, 1_000_000),
    freshPercent: number('fresh', 0, 100),
    senders: number('senders', 1, 64),
    seed: values.seed,
    follow: values.follow,
  };
}

/** The exit code: 0 when every deposit that was sent is on its chain, and delivered where that was waited for. */
export async function loadCommand(
  args: readonly string[],
  deps: { readonly clock: Clock; readonly output: Output },
  signal: AbortSignal,
): Promise<number> {
  const { clock, output } = deps;
  const options = parseOptions(args);
  const network = openNetwork(options.network);
  const loadable = network.loaded.manifest.chains.filter(({ family }) => LOADED_FAMILIES.includes(family));
  const names = loadable.map(({ name }) => name);
  const chains = options.chains[0] === 'all' ? names : options.chains;
  const loads = chains.map((source) => openLaneLoad(deps, network, { ...options, source, target: options.to }));
  for (const { source, target, asset } of loads) output.line(`${asset.symbol}: ${source.name} -> ${target.name}`);

  const reports = await Promise.all(
    loads.map(async (load) => {
      const { perSecond, count, seconds, batch } = options;
      const onProgress = ({ sent, waiting, seconds: at }: { sent: number; waiting: number; seconds: number }): void => {
        output.line(`${at.toFixed(0).padStart(4)} s  ${load.source.name}: ${sent} sent, ${waiting} wait for a block`);
      };
      // A rate has its count; the seconds then only end what the chain does not take.
      const plan = { perSecond, count, batch, seconds: perSecond === undefined ? seconds : seconds * 2 };
      return { load, report: await runLoad(load.driver, plan, { clock, onProgress }, signal) };
    }),
  );
  output.line(table([['lane', 'deposits', 'failed', 'transactions', 'per second'], ...reports.map(rowOf)]));
  const delivered = options.follow ? await follow(network, loads, deps, signal) : undefined;
  const rows = reports.map(({ load, report }) => ({
    source: load.source.name,
    target: load.target.name,
    asset: load.asset.symbol,
    asked: options.perSecond ?? null,
    ...figuresOf(report),
    amount: report.batches
      .filter(({ succeeded }) => succeeded)
      .reduce((sum, { first, count }) => sum + load.receivers.total(first, count) * load.step, 0n),
  }));
  output.result({ loads: rows, seed: options.seed, ...(delivered === undefined ? {} : { delivered }) });
  const failed = reports.some(({ report }) => report.failed > 0 || report.included === 0);
  return failed || delivered === false ? EXIT.failed : EXIT.ok;
}

/** Waits until the relayer says that all of the lanes is delivered; true when it is. */
async function follow(
  { loaded }: LoadNetwork,
  loads: readonly LaneLoad[],
  { clock, output }: { readonly clock: Clock; readonly output: Output },
  signal: AbortSignal,
): Promise<boolean> {
  const api = createApiClient(apiUrl(loaded));
  const ids = new Set<string>(loads.map(({ lane }) => lane.id));
  const started = clock.now();
  let [told, lastMs] = ['', started];
  for (;;) {
    const { lanes } = (await api.get('/v1/lanes')) as { lanes: { id: string; derived: string; delivered: string }[] };
    const ours = lanes.filter(({ id }) => ids.has(id));
    const now = clock.now();
    const news = ours.map(({ derived, delivered }) => `${delivered} of ${derived}`).join(', ');
    if (news !== told) {
      [told, lastMs] = [news, now];
      output.line(`${((now - started) / 1_000).toFixed(1).padStart(6)} s  delivered ${news}`);
    }
    // What is not derived yet will be within a poll or two: all is quiet only after some looks.
    const isDone = ours.length > 0 && ours.every(({ derived, delivered }) => derived === delivered);
    if (isDone && now - lastMs >= QUIET_MS) return true;
    if (now - lastMs >= STALL_MS) return false;
    await clock.sleep(FOLLOW_MS, signal);
  }
}

/** Finality takes seconds on the local network: so long nothing new may show before all counts as seen. */
const QUIET_MS = 15_000;

function rowOf({ load, report }: { load: LaneLoad; report: LoadReport }): string[] {
  const { included, failed, transactions, perSecond } = figuresOf(report);
  const lane = `${load.source.name} -> ${load.target.name}`;
  return [lane, String(included), String(failed), String(transactions), String(perSecond)];
}

function figuresOf({ included, failed, transactions, seconds, perSecond }: LoadReport) {
  return { included, failed, transactions, seconds, perSecond: Math.round(perSecond) };
}

function parseStrictly(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        network: { type: 'string', default: '.devnet' },
        chain: { type: 'string' },
        to: { type: 'string' },
        asset: { type: 'string' },
        rate: { type: 'string', default: 'max' },
        seconds: { type: 'string', default: '30' },
        count: { type: 'string' },
        batch: { type: 'string', default: '500' },
        holders: { type: 'string', default: '4096' },
        fresh: { type: 'string', default: '0' },
        senders: { type: 'string', default: '4' },
        seed: { type: 'string', default: '1' },
        follow: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(shortMessage: string): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage, metaMessages: [HELP] });
}

const HELP =
  'Usage: --chain NAME[,NAME...]|all [--network FOLDER] [--to CHAIN] [--asset SYMBOL] [--rate N|max] [--seconds N] ' +
  '[--count N] [--batch N] [--holders N] [--fresh PERCENT] [--senders N] [--seed TEXT] [--follow] [--json]';
