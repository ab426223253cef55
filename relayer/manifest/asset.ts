/** Assets, and how each chain represents them: one row of the union per custody, decoded by the family of its chain. */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { assert } from '../core/errors.ts';
import { type AssetId, assetId, type ChainName, chainName, type Family } from '../core/ids.ts';
import {
  amountField,
  denomField,
  evmAddressField,
  integerField,
  labelField,
  slugField,
  symbolField,
  u64Field,
} from './fields.ts';

interface RepresentationBase {
  readonly chain: ChainName;
  /** Decimals of the token on this chain. */
  readonly decimals: number;
}

/** The token's home on an EVM chain: the gateway holds what is away. */
export interface LockedToken extends RepresentationBase {
  readonly family: 'evm';
  readonly custody: 'lock';
  /** 20 bytes. */
  readonly token: Uint8Array;
}

/** A bridged representation on an EVM chain: the gateway mints and burns it. */
export interface MintedToken extends RepresentationBase {
  readonly family: 'evm';
  readonly custody: 'mint';
  /** 20 bytes. */
  readonly token: Uint8Array;
}

/** The coin of an EVM chain, at its home. */
export interface NativeCoin extends RepresentationBase {
  readonly family: 'evm';
  readonly custody: 'native';
}

/** A coin of a Cosmos chain: at its home, or made by a vault through the chain's token factory. */
export interface CosmosCoin extends RepresentationBase {
  readonly family: 'cosmos';
  readonly custody: 'lock' | 'mint';
  readonly denom: string;
  /** In the coin's own units: a deposit below this that cannot travel is kept, since sending it back costs more. */
  readonly refundMinimum: bigint;
}

/** On a Substrate chain: its own coin, or an asset of pallet-assets, held or issued by the vault. */
export interface SubstrateToken extends RepresentationBase {
  readonly family: 'substrate';
  readonly custody: 'native' | 'lock' | 'mint';
  /** Of pallet-assets; undefined for the chain's own coin. */
  readonly assetId: bigint | undefined;
  /** In the token's own units: a deposit below this that cannot travel is kept, since sending it back costs more. */
  readonly refundMinimum: bigint;
}

export type Representation = LockedToken | MintedToken | NativeCoin | CosmosCoin | SubstrateToken;

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

/** Which of them a representation has follows from the family of its chain: see `checkRepresentation.ts`. */
const byFamily = {
  token: evmAddressField().optional().describe('On an EVM chain: address of the token contract.'),
  denom: denomField().optional().describe('On a Cosmos chain: the coin.'),
  assetId: u64Field().optional().describe('On a Substrate chain: number of the asset in pallet-assets.'),
  refundMinimum: refundMinimum(),
};

export const representationSchema = z.discriminatedUnion(
  'custody',
  [
    z.strictObject({
      ...base,
      custody: z.literal('lock').describe('Home of the token: the gateway locks and releases it.'),
      ...byFamily,
    }),
    z.strictObject({
      ...base,
      custody: z.literal('mint').describe('Bridged representation: the gateway mints and burns it.'),
      ...byFamily,
    }),
    z.strictObject({
      ...base,
      custody: z.literal('native').describe("The chain's own coin, at its home."),
      refundMinimum: refundMinimum(),
    }),
  ],
  { error: 'a representation with custody "lock", "mint" or "native"' },
);

export type RawRepresentation = z.output<typeof representationSchema>;

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

/** `familyOf`: of the chains of the manifest. The document is checked. */
export function toAsset(raw: z.output<typeof assetSchema>, familyOf: (chain: string) => Family | undefined): Asset {
  return {
    id: assetId(raw.id),
    symbol: raw.symbol,
    decimals: raw.decimals,
    representations: raw.representations.map((one) => toRepresentation(one, familyOf(one.chain))),
    homesReason: raw.homesReason,
  };
}

function toRepresentation(raw: RawRepresentation, family: Family | undefined): Representation {
  const common = { chain: chainName(raw.chain), decimals: raw.decimals };
  if (family === 'substrate') return { ...common, family, ...toSubstrateToken(raw) };
  if (raw.custody === 'native') return { ...common, family: 'evm', custody: raw.custody };
  const { custody, token, denom, refundMinimum } = raw;
  if (family === 'cosmos') {
    assert(denom !== undefined && refundMinimum !== undefined, 'checked: a coin of a Cosmos chain names its denom');
    return { ...common, family, custody, denom, refundMinimum: BigInt(refundMinimum) };
  }
  assert(token !== undefined, 'checked: a token of an EVM chain names its contract');
  return { ...common, family: 'evm', custody, token: fromHex(token, 20) };
}

function toSubstrateToken(raw: RawRepresentation): Pick<SubstrateToken, 'custody' | 'assetId' | 'refundMinimum'> {
  const { custody, refundMinimum } = raw;
  const id = raw.custody === 'native' ? undefined : raw.assetId;
  assert(refundMinimum !== undefined, 'checked: a token of a Substrate chain has a least refund');
  assert((id === undefined) === (custody === 'native'), 'checked: a token of pallet-assets names its number');
  return { custody, assetId: id === undefined ? undefined : BigInt(id), refundMinimum: BigInt(refundMinimum) };
}

function refundMinimum(): z.ZodOptional<z.ZodString> {
  return amountField()
    .optional()
    .describe("On a chain with a vault: least amount, in the token's own units, that goes back when it cannot travel.");
}
