/**
 * The submitter's intents: for each slot of an account, the chunk it is for and every transaction signed for it. They are
 * on disk before the first broadcast, so a restart goes on with the same bytes.
 */
import { ViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import { decodeIntent, encodeIntent, type Intent } from './intentCodec.ts';
import { rangeOf, storeKey } from './keys.ts';
import { del, put, type Store } from './port.ts';

export interface Intents {
  load(): Promise<Intent[]>;
  /** Resolves when it is on disk. */
  put(intent: Intent): Promise<void>;
  remove(slot: bigint): Promise<void>;
}

export function createIntents(store: Store, chain: ChainName, account: string): Intents {
  return {
    async load() {
      const intents: Intent[] = [];
      for await (const { value } of store.range(rangeOf('intent', chain, account))) intents.push(read(value));
      return intents;
    },
    async put(intent) {
      await store.write([put(storeKey('intent', chain, account, intent.slot), encodeIntent(intent))], { sync: true });
    },
    async remove(slot) {
      await store.write([del(storeKey('intent', chain, account, slot))], { sync: false });
    },
  };
}

function read(value: Uint8Array): Intent {
  try {
    return decodeIntent(value);
  } catch (cause) {
    throw new ViaductError({
      code: 'STORE_CORRUPT',
      shortMessage: 'The journal holds an intent that does not decode.',
      metaMessages: ['Stop the process, move the data directory away and start again: deliveries are planned anew.'],
      cause,
    });
  }
}
