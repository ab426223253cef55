/**
 * The query of `GET /v1/quote` to a wish that the manifest allows, and the answer as JSON. Total: anybody may ask anything.
 *
 * | parameter  | is                                                                                         |
 * |------------|--------------------------------------------------------------------------------------------|
 * | `source`   | a chain of the manifest                                                                    |
 * | `target`   | another one; several when any of them will do                                              |
 * | `asset`    | symbol or number                                                                           |
 * | `amount`   | canonical units of the asset, a decimal integer                                            |
 * | `receiver` | optional: an account for each target, in the order of the targets, as people write it there |
 * | `split`    | optional, `true`: the amount may arrive in several transfers                               |
 * | `via`      | optional: a chain to change lanes on, or `any`                                             |
 */
import type { ChainName, LaneId } from '../core/ids.ts';
import { type Asset, type Manifest, type ManifestChain, parseAccount } from '../manifest/index.ts';

export interface QuoteTarget {
  readonly chain: ChainName;
  /** Account bytes on it, where they were said. */
  readonly receiver: Uint8Array | undefined;
}

export interface QuoteRequest {
  readonly asset: Asset;
  /** Canonical units. */
  readonly amount: bigint;
  readonly source: ChainName;
  readonly targets: readonly QuoteTarget[];
  readonly maySplit: boolean;
  readonly via: 'no' | 'any' | ChainName;
}

export interface QuotedPart {
  readonly target: ChainName;
  readonly lanes: readonly LaneId[];
  readonly via: ChainName | undefined;
  readonly amount: bigint;
  readonly arrives: bigint;
  readonly seconds: number;
  readonly deliveryCosts: readonly string[];
}

export interface Quoted {
  readonly quotes: readonly {
    readonly targets: readonly ChainName[];
    readonly parts: readonly QuotedPart[];
    readonly seconds: number;
    readonly fee: bigint;
    readonly explanation: readonly string[];
  }[];
  readonly notes: readonly string[];
}

export type QuoteReading =
  | { readonly kind: 'valid'; readonly request: QuoteRequest }
  | { readonly kind: 'invalid'; readonly code: string; readonly message: string };

/** Targets of one request. No further reason. */
export const QUOTE_TARGETS_MAX = 16;
const KNOWN = ['source', 'target', 'asset', 'amount', 'receiver', 'split', 'via'];
const AMOUNT_MAX = (1n << 128n) - 1n;

export function readQuoteRequest(manifest: Manifest, query: Readonly<Record<string, unknown>>): QuoteReading {
  const unknown = Object.keys(query).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) return invalid('BAD_QUERY', `The parameters are ${KNOWN.join(', ')}.`);
  const source = chainOf(manifest, query['source']);
  if (source === undefined) return invalid('BAD_CHAIN', `source is a chain of the manifest: ${namesOf(manifest)}.`);
  const names = listOf(query['target']);
  const targets = names.map((name) => chainOf(manifest, name));
  if (names.length < 1 || names.length > QUOTE_TARGETS_MAX || new Set(names).size !== names.length) {
    return invalid('BAD_CHAIN', `Give target once for each chain that will do, at most ${QUOTE_TARGETS_MAX}.`);
  }
  const ends = targets.filter((chain) => chain !== undefined && chain.name !== source.name) as ManifestChain[];
  if (ends.length !== names.length) {
    return invalid('BAD_CHAIN', `target is another chain of the manifest than the source: ${namesOf(manifest)}.`);
  }
  const asset = manifest.assets.find(({ id, symbol }) => symbol === query['asset'] || String(id) === query['asset']);
  if (asset === undefined) {
    return invalid('BAD_ASSET', `asset is one of ${manifest.assets.map(({ symbol }) => symbol).join(', ')}.`);
  }
  const text = query['amount'];
  const amount = typeof text === 'string' && /^\d{1,39}$/.test(text) ? BigInt(text) : 0n;
  if (amount <= 0n || amount > AMOUNT_MAX) {
    return invalid('BAD_AMOUNT', `amount is an integer above zero, in canonical units of 10^-${asset.decimals}.`);
  }
  const accounts = listOf(query['receiver']);
  if (accounts.length > 0 && accounts.length !== ends.length) {
    return invalid('BAD_RECEIVER', 'Give receiver once for each target, in the order of the targets, or not at all.');
  }
  const receivers = ends.map((chain, index) => receiverOf(chain, accounts[index]));
  const bad = receivers.find((read) => typeof read === 'string');
  if (typeof bad === 'string') return invalid('BAD_RECEIVER', bad);
  const split = query['split'];
  if (split !== undefined && split !== 'true' && split !== 'false') {
    return invalid('BAD_QUERY', 'split is true or false.');
  }
  const via = query['via'];
  const middle = via === undefined ? 'no' : via === 'any' ? 'any' : chainOf(manifest, via)?.name;
  if (middle === undefined)
    return invalid('BAD_CHAIN', `via is "any" or a chain of the manifest: ${namesOf(manifest)}.`);
  return {
    kind: 'valid',
    request: {
      asset,
      amount,
      source: source.name,
      targets: ends.map(({ name }, index) => ({ chain: name, receiver: receivers[index] as Uint8Array | undefined })),
      maySplit: split === 'true',
      via: middle,
    },
  };
}

/** Amounts are canonical units, as decimal strings; seconds are whole. */
export function renderQuotes(
  { asset, amount, source }: QuoteRequest,
  { quotes, notes }: Quoted,
): Record<string, unknown> {
  return {
    source,
    asset: asset.id,
    symbol: asset.symbol,
    decimals: asset.decimals,
    amount: amount.toString(),
    quotes: quotes.map(({ targets, parts, seconds, fee, explanation }) => ({
      targets,
      seconds: Math.ceil(seconds),
      fee: fee.toString(),
      legs: parts.map((part) => ({
        target: part.target,
        ...(part.via === undefined ? {} : { via: part.via }),
        lanes: part.lanes,
        amount: part.amount.toString(),
        arrives: part.arrives.toString(),
        seconds: Math.ceil(part.seconds),
        ...(part.deliveryCosts.length === 0 ? {} : { deliveryCosts: part.deliveryCosts }),
      })),
      explanation,
    })),
    notes,
  };
}

/** Account bytes; undefined when none was said; text says what is wrong. */
function receiverOf(chain: ManifestChain, text: unknown): Uint8Array | string | undefined {
  if (text === undefined) return undefined;
  const read = typeof text === 'string' ? parseAccount(chain, text.slice(0, ACCOUNT_TEXT_MAX)) : undefined;
  if (read?.kind === 'valid') return read.bytes;
  return `Not an account of ${chain.name}${read === undefined ? '' : `: ${read.reason}`}.`;
}

/** Longer than any account as people write it. */
const ACCOUNT_TEXT_MAX = 200;

function chainOf(manifest: Manifest, name: unknown): ManifestChain | undefined {
  return manifest.chains.find((chain) => chain.name === name);
}

function namesOf(manifest: Manifest): string {
  return manifest.chains.map(({ name }) => name).join(', ');
}

/** A parameter given once or more often. */
function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function invalid(code: string, message: string): QuoteReading {
  return { kind: 'invalid', code, message };
}
