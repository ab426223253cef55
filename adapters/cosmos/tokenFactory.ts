/**
 * The token factory's messages for cosmjs, which does not know them: protobuf for its registry, Amino JSON for multisigs.
 * Chains with `osmosis.tokenfactory.v1beta1` (Osmosis, and those that took the module from it) have them; their Amino JSON
 * is camel case, and an empty address stays in it.
 */
import type { AminoConverters } from '@cosmjs/stargate';
import type { GeneratedType } from '@cosmjs/proto-signing';
import { BinaryReader, BinaryWriter } from 'cosmjs-types/binary';
import { Coin } from 'cosmjs-types/cosmos/base/v1beta1/coin';

export interface MsgCreateDenom {
  readonly sender: string;
  readonly subdenom: string;
}

export interface MsgMint {
  readonly sender: string;
  readonly amount: Coin;
  /** The sender when empty. */
  readonly mintToAddress: string;
}

export interface MsgBurn {
  readonly sender: string;
  readonly amount: Coin;
  /** The sender when empty. */
  readonly burnFromAddress: string;
}

export const CREATE_DENOM = '/osmosis.tokenfactory.v1beta1.MsgCreateDenom';
export const MINT = '/osmosis.tokenfactory.v1beta1.MsgMint';
export const BURN = '/osmosis.tokenfactory.v1beta1.MsgBurn';

/** The full name of a token that an account made. */
export function factoryDenom(creator: string, subdenom: string): string {
  return `factory/${creator}/${subdenom}`;
}

interface Parts {
  readonly texts: ReadonlyMap<number, string>;
  readonly coin: Coin | undefined;
}

/** For `new Registry(...)`. */
export const tokenFactoryTypes: readonly [string, GeneratedType][] = [
  [
    CREATE_DENOM,
    typeOf<MsgCreateDenom>(
      ({ sender, subdenom }) => ({
        texts: new Map([
          [1, sender],
          [2, subdenom],
        ]),
        coin: undefined,
      }),
      ({ texts }) => ({ sender: texts.get(1) ?? '', subdenom: texts.get(2) ?? '' }),
    ),
  ],
  [
    MINT,
    typeOf<MsgMint>(
      ({ sender, amount, mintToAddress }) => ({
        texts: new Map([
          [1, sender],
          [3, mintToAddress],
        ]),
        coin: amount,
      }),
      ({ texts, coin }) => ({ sender: texts.get(1) ?? '', amount: coin ?? NO_COIN, mintToAddress: texts.get(3) ?? '' }),
    ),
  ],
  [
    BURN,
    typeOf<MsgBurn>(
      ({ sender, amount, burnFromAddress }) => ({
        texts: new Map([
          [1, sender],
          [3, burnFromAddress],
        ]),
        coin: amount,
      }),
      ({ texts, coin }) => ({
        sender: texts.get(1) ?? '',
        amount: coin ?? NO_COIN,
        burnFromAddress: texts.get(3) ?? '',
      }),
    ),
  ],
];

/** For `new AminoTypes(...)`. */
export const tokenFactoryAmino: AminoConverters = {
  [CREATE_DENOM]: converter<MsgCreateDenom>('osmosis/tokenfactory/create-denom', ({ sender, subdenom }) => ({
    sender,
    subdenom,
  })),
  [MINT]: converter<MsgMint>('osmosis/tokenfactory/mint', ({ sender, amount, mintToAddress }) => ({
    sender,
    amount,
    mintToAddress,
  })),
  [BURN]: converter<MsgBurn>('osmosis/tokenfactory/burn', ({ sender, amount, burnFromAddress }) => ({
    sender,
    amount,
    burnFromAddress,
  })),
};

const NO_COIN: Coin = { denom: '', amount: '' };

/** Texts in fields of their number, a coin in field 2. */
function typeOf<T>(toParts: (message: T) => Parts, fromParts: (parts: Parts) => T): GeneratedType {
  return {
    encode: (message: T, writer: BinaryWriter = BinaryWriter.create()) => {
      const { texts, coin } = toParts(message);
      for (const field of [1, 2, 3]) {
        const text = texts.get(field) ?? '';
        if (text !== '') writer.uint32((field << 3) | 2).string(text);
        if (field === 2 && coin !== undefined) Coin.encode(coin, writer.uint32((2 << 3) | 2).fork()).ldelim();
      }
      return writer;
    },
    decode: (input: Uint8Array) => {
      const reader = new BinaryReader(input);
      const texts = new Map<number, string>();
      let coin: Coin | undefined;
      const isCoin = fromParts({ texts, coin: { denom: 'denom', amount: '1' } });
      const hasCoin = typeof isCoin === 'object' && isCoin !== null && 'amount' in isCoin;
      while (reader.pos < reader.len) {
        const tag = reader.uint32();
        if ((tag & 7) !== 2) reader.skipType(tag & 7);
        else if (tag >>> 3 === 2 && hasCoin) coin = Coin.decode(reader.bytes());
        else texts.set(tag >>> 3, reader.string());
      }
      return fromParts({ texts, coin });
    },
    fromPartial: (message: T) => message,
  };
}

/** The names are the same on both sides. */
function converter<T>(aminoType: string, copy: (message: T) => T): AminoConverters[string] {
  return { aminoType, toAmino: copy, fromAmino: copy };
}
