/**
 * The relay chain's genesis: Rococo's own with development validators, Alice as sudo, and one parachain on one core.
 *
 * What the session pallet holds for later (`NextKeys`) covers all development accounts, so that any of them can become
 * a validator by an ordinary call.
 */
import { joinBytes, sizedBytes, u32Bytes, u64Bytes } from '../../../../light-clients/scale.ts';
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import type { DevAccount } from '../accounts.ts';
import { type Patch, patchBalances, patchState, removePrefix, vectorBytes } from '../chain/genesis.ts';
import type { Runtime } from '../chain/runtime.ts';
import type { State } from '../state/state.ts';

export interface ParachainGenesis {
  readonly id: number;
  readonly header: Uint8Array;
  /** Decompressed. */
  readonly code: Uint8Array;
}

export interface RelayGenesis {
  readonly accounts: readonly DevAccount[];
  /** How many of the accounts are validators from the start. */
  readonly validators: number;
  readonly holders: readonly { readonly publicKey: Uint8Array; readonly amount: bigint }[];
  readonly parachain: ParachainGenesis | undefined;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const GRANDPA_AUTHORITIES_KEY = text(':grandpa_authorities');
/** Version of the list under that key. */
const GRANDPA_LIST_VERSION = Uint8Array.of(1);
const WEIGHT = u64Bytes(1n);
const PARACHAIN = Uint8Array.of(2);
const CORE_FREE = Uint8Array.of(0);

export function relayGenesis(runtime: Runtime, state: State, genesis: RelayGenesis): State {
  return patchState(state, (patch) => {
    patchAuthorities(runtime, state, genesis, patch);
    patchSession(runtime, state, genesis, patch);
    patch(runtime.storageKey('Sudo', 'Key'), genesis.accounts[0]?.pair.publicKey);
    patchBalances(runtime, state, genesis.holders, patch);
    if (genesis.parachain !== undefined) patchParachain(runtime, genesis.validators, genesis.parachain, patch);
  });
}

function patchAuthorities(runtime: Runtime, state: State, genesis: RelayGenesis, patch: Patch): void {
  const validators = genesis.accounts.slice(0, genesis.validators);
  const put = (pallet: string, item: string, value: Uint8Array): void => {
    if (runtime.metadata.hasStorage(pallet, item)) patch(runtime.storageKey(pallet, item), value);
  };
  const babe = vectorBytes(validators.map(({ pair }) => joinBytes([pair.publicKey, WEIGHT])));
  put('Babe', 'Authorities', babe);
  put('Babe', 'NextAuthorities', babe);
  const grandpa = vectorBytes(validators.map(({ grandpa: { publicKey } }) => joinBytes([publicKey, WEIGHT])));
  patch(GRANDPA_AUTHORITIES_KEY, joinBytes([GRANDPA_LIST_VERSION, grandpa]));
  const beefy = vectorBytes(validators.map(({ beefy: { publicKey } }) => publicKey));
  put('Beefy', 'Authorities', beefy);
  put('Beefy', 'NextAuthorities', beefy);
  const keys = vectorBytes(validators.map(({ pair }) => pair.publicKey));
  put('AuthorityDiscovery', 'Keys', keys);
  put('AuthorityDiscovery', 'NextKeys', keys);
  put('ImOnline', 'Keys', keys);
  put('ParasShared', 'ActiveValidatorKeys', keys);
  put('ParasShared', 'ActiveValidatorIndices', vectorBytes(validators.map((_, index) => u32Bytes(index))));
  removePrefix(state, runtime.storageKey('ParaSessionInfo', 'Sessions'), patch);
}

function patchSession(runtime: Runtime, state: State, { accounts, validators }: RelayGenesis, patch: Patch): void {
  removePrefix(state, runtime.storageKey('Session', 'NextKeys'), patch);
  removePrefix(state, runtime.storageKey('Session', 'KeyOwner'), patch);
  for (const account of accounts) {
    const stash = account.stash.publicKey;
    patch(runtime.storageKey('Session', 'NextKeys', stash), sessionKeys(account));
    for (const [type, key] of keysByType(account)) {
      patch(runtime.storageKey('Session', 'KeyOwner', joinBytes([text(type), sizedBytes(key)])), stash);
    }
  }
  const active = accounts.slice(0, validators);
  patch(runtime.storageKey('Session', 'Validators'), vectorBytes(active.map(({ stash }) => stash.publicKey)));
  const queued = active.map((account) => joinBytes([account.stash.publicKey, sessionKeys(account)]));
  patch(runtime.storageKey('Session', 'QueuedKeys'), vectorBytes(queued));
}

/** The order of Rococo's `SessionKeys`. */
function keysByType({ pair, grandpa, beefy }: DevAccount): readonly (readonly [string, Uint8Array])[] {
  return [
    ['gran', grandpa.publicKey],
    ['babe', pair.publicKey],
    ['imon', pair.publicKey],
    ['para', pair.publicKey],
    ['asgn', pair.publicKey],
    ['audi', pair.publicKey],
    ['beef', beefy.publicKey],
  ];
}

function sessionKeys(account: DevAccount): Uint8Array {
  return joinBytes(keysByType(account).map(([, key]) => key));
}

/** Registered, with its code, on the only core; all validators are the group that backs it. */
function patchParachain(
  runtime: Runtime,
  validators: number,
  { id, header, code }: ParachainGenesis,
  patch: Patch,
): void {
  const key = runtime.storageKey;
  const para = u32Bytes(id);
  const codeHash = blake2b256(code);
  patch(key('Paras', 'Parachains'), vectorBytes([para]));
  patch(key('Paras', 'ParaLifecycles', para), PARACHAIN);
  patch(key('Paras', 'Heads', para), sizedBytes(header));
  patch(key('Paras', 'CurrentCodeHash', para), codeHash);
  patch(key('Paras', 'CodeByHash', codeHash), sizedBytes(code));
  patch(key('Paras', 'CodeByHashRefs', codeHash), u32Bytes(1));
  const group = vectorBytes(Array.from({ length: validators }, (_, index) => u32Bytes(index)));
  patch(key('ParaScheduler', 'ValidatorGroups'), vectorBytes([group]));
  patch(key('ParaScheduler', 'AvailabilityCores'), vectorBytes([CORE_FREE]));
}
