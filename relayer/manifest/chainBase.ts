/** What the chains of all families have in the manifest. */
import { z } from 'zod';
import { type Caip2, caip2, type ChainName, chainName } from '../core/ids.ts';
import { slugField } from './fields.ts';

export interface ChainBase {
  readonly name: ChainName;
  readonly id: Caip2;
  /** Link to a transaction, with `{tx}` for its hash. */
  readonly explorer: string | undefined;
}

const EXPLORER = 'an http(s) address with {tx} where the transaction hash goes';

/** The fields in front of a family's own, and behind them. */
export function nameField(): z.ZodString {
  return slugField().describe('Short name of the chain, used in lanes, in the relayer config and in logs.');
}

export function idField(pattern: RegExp, error: string): z.ZodString {
  return z.string({ error }).regex(pattern, { error }).describe('CAIP-2 id of the chain.');
}

export function explorerField(): z.ZodOptional<z.ZodString> {
  return z
    .string({ error: EXPLORER })
    .regex(/^https?:\/\/[\x21-\x7e]{1,200}$/, { error: EXPLORER, abort: true })
    .refine((text) => text.includes('{tx}'), { error: EXPLORER })
    .optional()
    .describe('Link to a transaction in a block explorer, with {tx} where its hash goes.');
}

export function toChainBase(raw: { name: string; id: string; explorer?: string | undefined }): ChainBase {
  return { name: chainName(raw.name), id: caip2(raw.id), explorer: raw.explorer };
}
