/** One message of a transaction: its effect on the state, its events, its answer. */
import { type Context, runMultiSend, runSend } from './bank.ts';
import { moduleError } from './errors.ts';
import { type AppEvent, event, withPlace } from './events.ts';
import { GAS } from './gas.ts';
import { type Message, signersOf, TYPE_URLS } from './messages.ts';
import { runBurn, runCreateDenom, runMint } from './tokenFactory.ts';
import { bytesField, joinBytes, messageField } from '../../../../light-clients/protobuf.ts';

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
  return {
    events: withPlace([head, ...events], 'msg_index', index),
    response: { typeUrl: `${typeUrl}Response`, value },
  };
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
      for (const inner of message.messages) {
        const granter = signersOf(inner).find((signer) => signer !== message.grantee);
        if (granter === undefined) continue;
        const asked = `granter: ${granter}, grantee: ${message.grantee} & msgType: ${TYPE_URLS[inner.kind]} `;
        throw moduleError('authz', 2, `failed to get grant with given ${asked}: authorization not found`);
      }
      context.gas.use(GAS.exec, 'ReadFlat');
      const effects = message.messages.map((inner, at) => {
        const effect = effectOf(context, inner);
        return { ...effect, events: withPlace(effect.events, 'authz_msg_index', at) };
      });
      return {
        events: effects.flatMap(({ events }) => events),
        value: joinBytes(effects.map((effect) => messageField(1, effect.value))),
      };
    }
  }
}
