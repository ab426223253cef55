/**
 * `viaduct forward`: pokes a forwarder from the person's own account, or has it give back what it holds. For when no relayer does:
 * whoever has the terms needs nobody.
 */
import { readFileSync } from 'node:fs';
import { createEvmSender, createForwarding, createRpcEndpoint } from '../../adapters/evm/index.ts';
import type { Forwarding, ForwardTerms } from '../core/forward.ts';
import { readForward } from '../api/forwardRequest.ts';
import { type LoadedConfig, loadConfig, systemSources } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import { type EvmChain, formatAccount } from '../manifest/index.ts';
import { tokenOf } from './evmWallet.ts';
import { EXIT } from './exitCodes.ts';
import type { Output } from './output.ts';
import { userKey } from './userKey.ts';

export interface ForwardOptions {
  readonly config: string;
  /** The terms as `viaduct transfer` printed them, or a file with them. */
  readonly terms: string;
  readonly recover?: boolean;
  readonly keyFile?: string;
}

const TERMS_BYTES_MAX = 4_096;

/** The exit code: 0 when it was sent on, or given back, now or before. */
export async function forward(
  options: ForwardOptions,
  { clock, output }: { readonly clock: Clock; readonly output: Output },
  signal: AbortSignal,
): Promise<number> {
  const loaded = loadConfig(options.config, systemSources());
  const { chain, terms } = readTerms(loaded, options.terms);
  const row = loaded.config.chains.get(chain.name);
  const [endpoint] = row?.endpoints ?? [];
  if (row?.family !== 'evm' || row.forward === undefined || endpoint === undefined) {
    throw usage(`The config names no factory of forwarders on ${chain.name}.`);
  }
  const rpc = createRpcEndpoint({ clock }, { url: endpoint.url.reveal(), chainId: chain.chainId });
  const sender = { endpoint: rpc, chainId: chain.chainId, privateKey: userKey(options)('evm') };
  const forwarding = createForwarding(row.forward.factory, createEvmSender({ clock }, sender));
  const forwarder = formatAccount(chain, forwarding.addressOf(terms));
  const local = loaded.manifest.assets
    .find(({ id }) => id === terms.asset)
    ?.representations.find((one) => one.chain === chain.name);
  const result =
    options.recover === true
      ? await recoverFrom(forwarding, terms, local === undefined ? undefined : tokenOf(local), signal)
      : await forwarding.poke(terms, signal);
  output.line(`${forwarder} on ${chain.name}: ${SAID[result.kind]}${'reason' in result ? `: ${result.reason}` : ''}`);
  output.result({ forwarder, chain: chain.name, ...result });
  return DONE.has(result.kind) ? EXIT.ok : EXIT.failed;
}

const SAID = {
  sent: 'sent on',
  done: 'was sent on before',
  waiting: 'does not hold the whole amount yet',
  expired: 'its time is over: --recover gives back what it holds',
  blocked: 'cannot go on now',
  recovered: 'gave back what it held',
  empty: 'holds nothing',
} as const;
const DONE: ReadonlySet<string> = new Set(['sent', 'done', 'recovered']);

type Recovery = { readonly kind: 'recovered'; readonly transaction: string } | { readonly kind: 'empty' };

async function recoverFrom(
  forwarding: Forwarding,
  terms: ForwardTerms,
  token: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Recovery> {
  const transaction = await forwarding.recover(terms, token, signal);
  return transaction === undefined ? { kind: 'empty' } : { kind: 'recovered', transaction };
}

/** The same reading as the API's, but that their time may be over. */
function readTerms({ manifest }: LoadedConfig, given: string): { chain: EvmChain; terms: ForwardTerms } {
  let body: unknown;
  try {
    const text = given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8');
    if (text.length > TERMS_BYTES_MAX) throw new RangeError('too long');
    body = JSON.parse(text);
  } catch {
    throw usage('--terms takes the JSON that `viaduct transfer` printed, or a file with it.');
  }
  const expiry = (body as { expiry?: unknown } | null)?.expiry;
  const read = readForward(manifest, body, () => (typeof expiry === 'number' ? expiry - 1 : 0));
  if (read.kind === 'invalid') throw usage(`These are no terms of a forwarder: ${read.message}`);
  const chain = manifest.chains.find(({ name }) => name === read.chain);
  if (chain?.family !== 'evm') throw usage(`Forwarders are on EVM chains; ${read.chain} is none.`);
  return { chain, terms: read.terms };
}

function usage(shortMessage: string): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage });
}
