/**
 * The session keys of development accounts, in the order in which the runtime has them: which ones a validator needs, and in
 * what order they are laid, differs from runtime to runtime.
 */
import { joinBytes } from '../../../../light-clients/scale.ts';
import type { DevAccount } from '../accounts.ts';
import type { Runtime } from '../chain/runtime.ts';

export interface SessionKey {
  /** Four letters: what the session pallet looks the owner up by. */
  readonly type: string;
  readonly key: Uint8Array;
}

type KeyChoice = readonly [type: string, pick: (account: DevAccount) => Uint8Array];

const ownKey = ({ pair }: DevAccount): Uint8Array => pair.publicKey;

/** By the field of the runtime's `SessionKeys`. */
const KEYS: ReadonlyMap<string, KeyChoice> = new Map<string, KeyChoice>([
  ['grandpa', ['gran', ({ grandpa }) => grandpa.publicKey]],
  ['babe', ['babe', ownKey]],
  ['im_online', ['imon', ownKey]],
  ['para_validator', ['para', ownKey]],
  ['para_assignment', ['asgn', ownKey]],
  ['authority_discovery', ['audi', ownKey]],
  ['beefy', ['beef', ({ beefy }) => beefy.publicKey]],
]);

export function sessionKeys(runtime: Runtime, account: DevAccount): readonly SessionKey[] {
  return runtime.metadata.fields('Session', 'NextKeys').map((field) => {
    const choice = KEYS.get(field);
    if (choice === undefined) throw new Error(`no development key is the session key ${field}`);
    return { type: choice[0], key: choice[1](account) };
  });
}

/** As the session pallet keeps them. */
export function encodeSessionKeys(runtime: Runtime, account: DevAccount): Uint8Array {
  return joinBytes(sessionKeys(runtime, account).map(({ key }) => key));
}
