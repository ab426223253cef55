/** `viaduct quote`: which ways a transfer could go, and why the first one is the best. Nothing is sent. */
import { loadConfig, systemSources } from '../config/index.ts';
import { ViaductError } from '../core/errors.ts';
import { chainName } from '../core/ids.ts';
import { parseUnits } from '../core/units.ts';
import type { Manifest } from '../manifest/index.ts';
import { type ApiClient, createApiClient } from './apiClient.ts';
import { EXIT } from './exitCodes.ts';
import type { Output } from './output.ts';
import { type Quote, readQuotes } from './quoteAnswer.ts';
import { apiUrl } from './apiUrl.ts';

export interface QuoteQuestion {
  readonly from: string;
  readonly to: readonly string[];
  readonly asset: string;
  readonly amount: string;
  /** One for each of `to`, or none. */
  readonly receiver?: readonly string[];
  readonly split?: boolean;
  readonly via?: string;
}

export interface QuoteOptions extends QuoteQuestion {
  readonly config: string;
  readonly api?: string;
}

/** The exit code: 0 when there is a way. */
export async function quote(options: QuoteOptions, output: Output): Promise<number> {
  const loaded = loadConfig(options.config, systemSources());
  const api = createApiClient(options.api ?? apiUrl(loaded));
  const { quotes, notes, answer } = await askQuotes(api, loaded.manifest, options);
  for (const [index, one] of quotes.entries()) {
    output.line(`${index + 1}. about ${one.seconds} s`);
    for (const line of one.explanation) output.line(`   ${line}`);
  }
  if (quotes.length === 0) output.line('There is no way now.');
  for (const note of notes) output.line(`note: ${note}`);
  output.result(answer);
  return quotes.length > 0 ? EXIT.ok : EXIT.failed;
}

export async function askQuotes(
  api: ApiClient,
  manifest: Manifest,
  { from, to, asset: symbol, amount: text, receiver = [], split = false, via }: QuoteQuestion,
): Promise<{
  readonly quotes: readonly Quote[];
  readonly notes: readonly string[];
  readonly answer: Readonly<Record<string, unknown>>;
}> {
  const asset = manifest.assets.find((row) => row.symbol === symbol || String(row.id) === symbol);
  if (asset === undefined) {
    throw usage(`There is no asset ${JSON.stringify(symbol.slice(0, 40))} in the manifest.`, [
      `It has ${manifest.assets.map((row) => row.symbol).join(', ')}.`,
    ]);
  }
  for (const name of [from, ...to]) {
    if (manifest.chains.some((chain) => chain.name === name)) continue;
    throw usage(`There is no chain ${JSON.stringify(name.slice(0, 40))} in the manifest.`, [
      `It has ${manifest.chains.map((chain) => chain.name).join(', ')}.`,
    ]);
  }
  const amount = parseUnits(text, asset.decimals);
  const query = new URLSearchParams({ source: from, asset: String(asset.id), amount: amount.toString() });
  for (const name of to) query.append('target', name);
  for (const account of receiver) query.append('receiver', account);
  if (split) query.set('split', 'true');
  if (via !== undefined) query.set('via', via);
  const answer = (await api.get(`/v1/quote?${query.toString()}`)) as Readonly<Record<string, unknown>>;
  const asked = { source: chainName(from), targets: to.map(chainName), amount, mayChange: via !== undefined };
  return { ...readQuotes(manifest, asked, answer), answer };
}

function usage(shortMessage: string, metaMessages: readonly string[]): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage, metaMessages });
}
