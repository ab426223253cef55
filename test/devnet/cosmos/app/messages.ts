/** The messages this chain takes: from protobuf to values, who must sign them, and their Amino JSON. */
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgMultiSend, MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { readMessage } from '../../../../light-clients/protobuf.ts';
import { sdkError } from './errors.ts';

export interface Coin {
  readonly denom: string;
  readonly amount: string;
}

export interface Party {
  readonly address: string;
  readonly coins: readonly Coin[];
}

export type Message =
  | { readonly kind: 'send'; readonly from: string; readonly to: string; readonly amount: readonly Coin[] }
  | { readonly kind: 'multiSend'; readonly inputs: readonly Party[]; readonly outputs: readonly Party[] }
  | { readonly kind: 'createDenom'; readonly sender: string; readonly subdenom: string }
  | { readonly kind: 'mint'; readonly sender: string; readonly amount: Coin; readonly to: string }
  | { readonly kind: 'burn'; readonly sender: string; readonly amount: Coin; readonly from: string }
  | { readonly kind: 'exec'; readonly grantee: string; readonly messages: readonly Message[] };

export interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

const FACTORY = '/osmosis.tokenfactory.v1beta1.';
export const TYPE_URLS: Readonly<Record<Message['kind'], string>> = {
  send: '/cosmos.bank.v1beta1.MsgSend',
  multiSend: '/cosmos.bank.v1beta1.MsgMultiSend',
  createDenom: `${FACTORY}MsgCreateDenom`,
  mint: `${FACTORY}MsgMint`,
  burn: `${FACTORY}MsgBurn`,
  exec: '/cosmos.authz.v1beta1.MsgExec',
};

/** Throws what the decoders throw; the caller says that the transaction does not parse. */
export function decodeMessage({ typeUrl, value }: AnyMessage): Message {
  switch (typeUrl) {
    case TYPE_URLS.send: {
      const { fromAddress: from, toAddress: to, amount } = MsgSend.decode(value);
      return { kind: 'send', from, to, amount: amount.map(coinOf) };
    }
    case TYPE_URLS.multiSend: {
      const { inputs, outputs } = MsgMultiSend.decode(value);
      const party = ({ address, coins }: { address: string; coins: readonly Coin[] }): Party => ({
        address,
        coins: coins.map(coinOf),
      });
      return { kind: 'multiSend', inputs: inputs.map(party), outputs: outputs.map(party) };
    }
    case TYPE_URLS.createDenom: {
      const message = readMessage(value, { 1: 'bytes', 2: 'bytes' }, 'MsgCreateDenom');
      return { kind: 'createDenom', sender: message.text(1), subdenom: message.text(2) };
    }
    case TYPE_URLS.mint: {
      const message = readMessage(value, { 1: 'bytes', 2: 'bytes', 3: 'bytes' }, 'MsgMint');
      return { kind: 'mint', sender: message.text(1), amount: readCoin(message.bytes(2)), to: message.text(3) };
    }
    case TYPE_URLS.burn: {
      const message = readMessage(value, { 1: 'bytes', 2: 'bytes', 3: 'bytes' }, 'MsgBurn');
      return { kind: 'burn', sender: message.text(1), amount: readCoin(message.bytes(2)), from: message.text(3) };
    }
    case TYPE_URLS.exec: {
      const { grantee, msgs } = MsgExec.decode(value);
      return { kind: 'exec', grantee, messages: msgs.map(decodeMessage) };
    }
    default:
      // Wrapped twice, as the SDK does.
      throw sdkError('txDecode', `unable to resolve type URL ${typeUrl}: tx parse error`);
  }
}

export function signersOf(message: Message): readonly string[] {
  switch (message.kind) {
    case 'send':
      return [message.from];
    case 'multiSend':
      return message.inputs.map(({ address }) => address);
    case 'createDenom':
    case 'mint':
    case 'burn':
      return [message.sender];
    case 'exec':
      return [message.grantee];
  }
}

/** The legacy JSON form that Amino signatures cover; undefined where the SDK has none. */
export function aminoOf(message: Message): unknown {
  switch (message.kind) {
    case 'send':
      return {
        type: 'cosmos-sdk/MsgSend',
        value: { from_address: message.from, to_address: message.to, amount: message.amount },
      };
    case 'multiSend':
      return { type: 'cosmos-sdk/MsgMultiSend', value: { inputs: message.inputs, outputs: message.outputs } };
    case 'createDenom':
      return {
        type: 'osmosis/tokenfactory/create-denom',
        value: { sender: message.sender, subdenom: message.subdenom },
      };
    // Their keys are camel case, and stay when the address is empty.
    case 'mint':
      return {
        type: 'osmosis/tokenfactory/mint',
        value: { sender: message.sender, amount: message.amount, mintToAddress: message.to },
      };
    case 'burn':
      return {
        type: 'osmosis/tokenfactory/burn',
        value: { sender: message.sender, amount: message.amount, burnFromAddress: message.from },
      };
    case 'exec':
      return undefined;
  }
}

function readCoin(bytes: Uint8Array): Coin {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes' }, 'Coin');
  return { denom: message.text(1), amount: message.text(2) };
}

function coinOf({ denom, amount }: Coin): Coin {
  return { denom, amount };
}
