/** One message of a transaction: its effect on the state, its events, its answer. */
import { type Context, runMultiSend, runSend } from './bank.ts';
import { sdkError } from './errors.ts';
import { type AppEvent, event, ofMessage } from './events.ts';
import { GAS } from './gas.ts';
import { type Message, signersOf, TYPE_URLS } from './messages.ts';
import { runBurn, runCreateDenom, runMint } from './tokenFactory.ts';
import { bytesField } from '../../../../light-clients/protobuf.ts';

export interface MessageResult {
  readonly events: readonly AppEvent[];
  readonly response: { readonly typeUrl: string; readonly value: Uint8Array };
}

const MODULES: Readonly<Record<Message['kind'], string>> = {
  send: 'bank',
  multiSend: 'bank',
  createDenom: 'tokenfactory',
  mint: 'tokenfactory',
  burn: 'tokenfactory',
  exec: 'authz',
};

export function runMessage(context: Context, message: Message, index: number): MessageResult {
  const { events, value } = effectOf(context, message);
  const typeUrl = TYPE_URLS[message.kind];
  const head = event('message', {
    action: typeUrl,
    sender: signersOf(message)[0] ?? '',
    module: MODULES[message.kind],
  });
  return { events: ofMessage([head, ...events], index), response: { typeUrl: `${typeUrl}Response`, value } };
}

function effectOf(context: Context, message: Message): { events: readonly AppEvent[]; value: Uint8Array } {
  const value = new Uint8Array(0);
  switch (message.kind) {
    case 'send':
      return { events: runSend(context, message), value };
    case 'multiSend':
      return { events: runMultiSend(context, message), value };
    case 'createDenom': {
      const { events, denom } = runCreateDenom(context, message);
      return { events, value: bytesField(1, new TextEncoder().encode(denom)) };
    }
    case 'mint':
      return { events: runMint(context, message), value };
    case 'burn':
      return { events: runBurn(context, message), value };
    case 'exec': {
      // Grants are not kept here: one may act for oneself without any, which is enough to wrap a message.
      if (message.messages.flatMap(signersOf).some((signer) => signer !== message.grantee)) {
        throw sdkError('unauthorized', 'failed to update grant with key: authorization not found');
      }
      context.gas.use(GAS.exec, 'ReadFlat');
      return { events: message.messages.flatMap((inner) => effectOf(context, inner).events), value };
    }
  }
}
