/**
 * `viaduct transfer`: sends a transfer and follows it to its end, each step with its time and transaction. With several
 * targets, or leave to split, a relayer's quote says which way it goes; each leg of it is an ordinary transfer.
 */
import { type LoadedConfig, loadConfig, systemSources } from '../config/index.ts';
import { type Clock, systemRandomness } from '../core/clock.ts';
import { asViaductError, ViaductError } from '../core/errors.ts';
import { formatUnits } from '../core/units.ts';
import { type ApiClient, createApiClient } from './apiClient.ts';
import { apiUrl } from './apiUrl.ts';
import { EXIT } from './exitCodes.ts';
import { prepareForward } from './forwarder.ts';
import { type Leg, legResult, runLegs } from './legs.ts';
import type { Output } from './output.ts';
import { askQuotes } from './quote.ts';
import type { QuotedLeg } from './quoteAnswer.ts';
import { userKey } from './userKey.ts';
import { createWallet, type TransferRequest } from './wallet.ts';

export interface TransferOptions {
  readonly config: string;
  readonly from: string;
  /** Any of these will do; the first where nobody can say which is best. */
  readonly to: readonly string[];
  readonly asset: string;
  readonly amount: string;
  /** One for each of `to`, in its order, or none. */
  readonly receiver?: readonly string[];
  readonly split?: boolean;
  /** A chain in the middle that sends it on, or `any` where a quote says so. */
  readonly via?: string;
  readonly deadline?: string;
  readonly keyFile?: string;
  readonly api?: string;
  readonly timeout: string;
}

/** The exit code: 0 when everything was delivered, 1 when something came back. */
export async function transfer(
  options: TransferOptions,
  deps: { readonly clock: Clock; readonly output: Output },
  signal: AbortSignal,
): Promise<number> {
  const { clock, output } = deps;
  const loaded = loadConfig(options.config, systemSources());
  const { config, manifest } = loaded;
  checkOptions(options);
  const api = createApiClient(options.api ?? apiUrl(loaded));
  const wallet = createWallet(deps, {
    manifest,
    key: userKey(options),
    endpoint: (chain) => config.chains.get(chain)?.endpoints[0]?.url.reveal() ?? '',
  });
  const deadline = BigInt(seconds(options.deadline ?? '0', '--deadline'));
  const timeoutMs = seconds(options.timeout, '--timeout') * 1000;
  const started = clock.now();
  const wishes = await wishesOf(options, loaded, api, output);
  const legs: Leg[] = [];
  for (const wish of wishes) {
    const request = requestOf(options, wish, deadline);
    if (wish.via === undefined) legs.push({ route: await wallet.route(request) });
    else {
      const forwarderDeps = { clock, randomness: systemRandomness, wallet, api };
      const { route, ...forward } = await prepareForward(forwarderDeps, loaded, request, wish.via);
      legs.push({ route, forward });
    }
  }
  const ends = await runLegs({ clock, output, wallet, api }, legs, { deadline, timeoutMs }, signal);
  const [only] = ends;
  if (ends.length === 1 && only !== undefined) output.result(legResult(only));
  else output.result({ legs: ends.map(legResult), seconds: (clock.now() - started) / 1000 });
  return ends.every(({ isDelivered }) => isDelivered) ? EXIT.ok : EXIT.failed;
}

type Wish = Pick<TransferRequest, 'to' | 'amount'> & { readonly via?: string | undefined };

/** The whole amount to the one target, or what the best quote makes of it. */
async function wishesOf(
  options: TransferOptions,
  { manifest }: LoadedConfig,
  api: ApiClient,
  output: Output,
): Promise<readonly Wish[]> {
  const [first = ''] = options.to;
  const { via } = options;
  const whole = [{ to: first, amount: options.amount, via }];
  if (options.to.length === 1 && options.split !== true && via !== 'any') return whole;
  const asset = manifest.assets.find(({ id, symbol }) => symbol === options.asset || String(id) === options.asset);
  try {
    const { quotes, notes } = await askQuotes(api, manifest, options);
    const [best] = quotes;
    if (best === undefined) throw noWay(notes);
    for (const line of best.explanation) output.line(line);
    const toWish = ({ target, amount, via: middle }: QuotedLeg): Wish => ({
      to: target,
      via: middle,
      amount: formatUnits(amount, asset?.decimals ?? 0),
    });
    return best.legs.map(toWish);
  } catch (thrown) {
    const error = asViaductError(thrown);
    // An answer that says no has no cause; where nobody answers, there is one.
    if (error.code !== 'ENDPOINT_FAILED' || error.cause === undefined || via !== undefined) throw error;
    output.say(`No relayer to ask for a quote: the whole amount goes to ${first}, the first target.`);
    return whole;
  }
}

function requestOf(options: TransferOptions, { to, amount }: Wish, deadline: bigint): TransferRequest {
  const receiver = options.receiver?.[options.to.indexOf(to)];
  return { from: options.from, to, asset: options.asset, amount, receiver, deadline };
}

function checkOptions({ to, receiver = [] }: TransferOptions): void {
  if (new Set(to).size !== to.length) throw usage('--to names a chain twice.');
  if (receiver.length > 0 && receiver.length !== to.length) {
    throw usage('Give --receiver once for each --to, in the same order, or not at all.');
  }
}

function noWay(notes: readonly string[]): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage: 'There is no way for it now.', metaMessages: notes });
}

function seconds(text: string, option: string): number {
  if (!/^\d{1,12}$/.test(text)) throw usage(`${option} takes whole seconds, got ${JSON.stringify(text)}.`);
  return Number(text);
}

function usage(shortMessage: string): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage });
}
