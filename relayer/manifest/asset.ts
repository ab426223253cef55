/** Assets, and how each chain represents them: one row of the union per custody. */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { type AssetId, assetId, type ChainName, chainName } from '../core/ids.ts';
import { evmAddressField, integerField, labelField, slugField, symbolField } from './fields.ts';

interface RepresentationBase {
  readonly chain: ChainName;
  /** Decimals of the token on this chain. */
  readonly decimals: number;
}

/** The token's home: the gateway holds what is away. */
export interface LockedToken extends RepresentationBase {
  readonly custody: 'lock';
  /** 20 bytes. */
  readonly token: Uint8Array;
}

/** A bridged representation: the gateway mints and burns it. */
export interface MintedToken extends RepresentationBase {
  readonly custody: 'mint';
  /** 20 bytes. */
  readonly token: Uint8Array;
}

/** The chain's own coin, at its home. */
export interface NativeCoin extends RepresentationBase {
  readonly custody: 'native';
}

export type Representation = LockedToken | MintedToken | NativeCoin;

export interface Asset {
  readonly id: AssetId;
  readonly symbol: string;
  /** Of the canonical units that packets carry. */
  readonly decimals: number;
  readonly representations: readonly Representation[];
  /** Why there is more than one home, when there is. */
  readonly homesReason: string | undefined;
}

/** Assets of a network: as many as a gateway registers. */
export const ASSETS_MAX = 256;
export const DECIMALS_MAX = 36;

const base = {
  chain: slugField().describe('Name of the chain.'),
  decimals: integerField(0, DECIMALS_MAX).describe('Decimals of the token on this chain.'),
};

const representationSchema = z.discriminatedUnion(
  'custody',
  [
    z.strictObject({
      ...base,
      custody: z.literal('lock').describe('Home of the token: the gateway locks and releases it.'),
      token: evmAddressField().describe('Address of the token contract.'),
    }),
    z.strictObject({
      ...base,
      custody: z.literal('mint').describe('Bridged representation: the gateway mints and burns it.'),
      token: evmAddressField().describe('Address of the token contract.'),
    }),
    z.strictObject({
      ...base,
      custody: z.literal('native').describe("The chain's own coin, at its home."),
    }),
  ],
  { error: 'a representation with custody "lock", "mint" or "native"' },
);

/** Decimals of the coin of every EVM chain, whatever a wallet shows. */
export const EVM_COIN_DECIMALS = 18;

const REPRESENTATIONS = 'a list of 2 to 64 representations';

export const assetSchema = z
  .strictObject(
    {
      id: integerField(0, 0xffff_ffff).describe('Number of the asset in packets.'),
      symbol: symbolField().describe('Symbol shown to people.'),
      decimals: integerField(0, DECIMALS_MAX).describe('Decimals of the canonical units that packets carry.'),
      representations: z
        .array(representationSchema, { error: REPRESENTATIONS })
        .min(2, { error: REPRESENTATIONS })
        .max(64, { error: REPRESENTATIONS })
        .describe('What the asset is on each chain.'),
      homesReason: labelField()
        .optional()
        .describe('Why the asset has more than one home (lock or native); without it there must be exactly one.'),
    },
    { error: 'an asset: an object with id, symbol, decimals and representations' },
  )
  .describe('An asset and its representations.');

export function toAsset(raw: z.output<typeof assetSchema>): Asset {
  return {
    id: assetId(raw.id),
    symbol: raw.symbol,
    decimals: raw.decimals,
    representations: raw.representations.map(toRepresentation),
    homesReason: raw.homesReason,
  };
}

function toRepresentation(raw: z.output<typeof representationSchema>): Representation {
  const common = { chain: chainName(raw.chain), decimals: raw.decimals };
  switch (raw.custody) {
    case 'lock':
      return { ...common, custody: raw.custody, token: fromHex(raw.token, 20) };
    case 'mint':
      return { ...common, custody: raw.custody, token: fromHex(raw.token, 20) };
    case 'native':
      return { ...common, custody: raw.custody };
  }
}
