/**
 * A relayer's quote as the command line takes it. A relayer is not trusted with money: each leg must go where the person said,
 * over a lane of the person's own manifest, and the legs must add up to what was asked for. How long it takes is hearsay.
 */
import { ViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import { laneBetween, type Manifest } from '../manifest/index.ts';

export interface QuotedLeg {
  readonly target: ChainName;
  /** The chain in the middle that sends on by itself. */
  readonly via: ChainName | undefined;
  /** Canonical units. */
  readonly amount: bigint;
  readonly seconds: number;
}

export interface Quote {
  readonly legs: readonly QuotedLeg[];
  readonly seconds: number;
  readonly explanation: readonly string[];
}

export interface Asked {
  readonly source: ChainName;
  readonly targets: readonly ChainName[];
  /** Canonical units. */
  readonly amount: bigint;
  readonly mayChange: boolean;
}

const LEGS_MAX = 16;
const LINE_MAX = 500;
const LINES_MAX = 64;

/** Best first; those that are not about what was asked are refused as a whole. Throws `ENDPOINT_FAILED`. */
export function readQuotes(
  manifest: Manifest,
  asked: Asked,
  answer: unknown,
): { readonly quotes: readonly Quote[]; readonly notes: readonly string[] } {
  const body = recordOf(answer);
  const rows = body?.['quotes'];
  if (!Array.isArray(rows)) throw notAQuote('it has no quotes');
  return {
    quotes: rows.slice(0, LEGS_MAX).map((row) => readQuote(manifest, asked, row)),
    notes: lines(body?.['notes']),
  };
}

function readQuote(manifest: Manifest, asked: Asked, row: unknown): Quote {
  const quote = recordOf(row);
  const rows = quote?.['legs'];
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > LEGS_MAX) throw notAQuote('it has no legs');
  const legs = rows.map((leg): QuotedLeg => {
    const fields = recordOf(leg);
    const target = asked.targets.find((name) => name === fields?.['target']);
    if (target === undefined) throw notAQuote('a leg goes to a chain that was not named');
    const via = manifest.chains.find(({ name }) => name === fields?.['via'])?.name;
    if (fields?.['via'] !== undefined && (via === undefined || !asked.mayChange)) {
      throw notAQuote('a leg changes lanes where it may not');
    }
    const hops = via === undefined ? [target] : [via, target];
    const lanes = hops.map((end, index) => laneBetween(manifest, index === 0 ? asked.source : (via ?? end), end)?.id);
    if (JSON.stringify(fields?.['lanes']) !== JSON.stringify(lanes)) throw notAQuote('a leg takes another lane');
    const amount = fields?.['amount'];
    if (typeof amount !== 'string' || !/^[1-9]\d{0,38}$/.test(amount)) throw notAQuote('a leg has no amount');
    return { target, via, amount: BigInt(amount), seconds: secondsOf(fields?.['seconds']) };
  });
  if (legs.reduce((sum, { amount }) => sum + amount, 0n) !== asked.amount) throw notAQuote('its legs do not add up');
  return { legs, seconds: secondsOf(quote?.['seconds']), explanation: lines(quote?.['explanation']) };
}

function secondsOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}

/** Text of somebody else for a terminal: bounded, and nothing that moves the cursor. */
function lines(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((line): line is string => typeof line === 'string')
    .slice(0, LINES_MAX)
    .map((line) => line.replace(/\p{C}/gu, '').slice(0, LINE_MAX));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function notAQuote(why: string): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_FAILED',
    shortMessage: `The relayer's quote is not about what was asked: ${why}.`,
    metaMessages: ['Nothing was sent. Ask another relayer with --api, or send to one target without a quote.'],
  });
}
