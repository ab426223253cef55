/**
 * The relay chain's genesis: the published one with development validators, Alice as sudo, and a core for each parachain.
 *
 * What the session pallet holds for later (`NextKeys`) covers all development accounts, so that any of them can become
 * a validator by an ordinary call; where validators are elected, those of the validators alone (`rotation.ts`).
 */
import { hexOf, joinBytes, sizedBytes, u32Bytes, u64Bytes } from '../../../../light-clients/scale.ts';
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import type { DevAccount } from '../accounts.ts';
import { type Patch, patchBalances, patchState, removePrefix, vectorBytes } from '../chain/genesis.ts';
import type { Runtime } from '../chain/runtime.ts';
import type { State } from '../state/state.ts';
import { encodeSessionKeys, sessionKeys } from './sessionKeys.ts';

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
  readonly parachains: readonly ParachainGenesis[];
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const GRANDPA_AUTHORITIES_KEY = text(':grandpa_authorities');
/** Version of the list under that key. */
const GRANDPA_LIST_VERSION = Uint8Array.of(1);
const WEIGHT = u64Bytes(1n);
const PARACHAIN = Uint8Array.of(2);
const CORE_FREE = Uint8Array.of(0);
const FORCE_NONE = Uint8Array.of(2);

export function relayGenesis(runtime: Runtime, state: State, genesis: RelayGenesis): State {
  return patchState(state, (patch) => {
    patchAuthorities(runtime, state, genesis, patch);
    patchSession(runtime, state, genesis, patch);
    patch(runtime.storageKey('Sudo', 'Key'), genesis.accounts[0]?.pair.publicKey);
    patchBalances(runtime, state, genesis.holders, patch);
    if (genesis.parachains.length > 0) patchParachains(runtime, genesis.validators, genesis.parachains, patch);
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
  const isElected = runtime.metadata.hasPallet('Staking');
  for (const account of isElected ? accounts.slice(0, validators) : accounts) {
    const stash = account.stash.publicKey;
    patch(runtime.storageKey('Session', 'NextKeys', stash), encodeSessionKeys(runtime, account));
    for (const { type, key } of sessionKeys(runtime, account)) {
      patch(runtime.storageKey('Session', 'KeyOwner', joinBytes([text(type), sizedBytes(key)])), stash);
    }
  }
  const active = accounts.slice(0, validators);
  patch(runtime.storageKey('Session', 'Validators'), vectorBytes(active.map(({ stash }) => stash.publicKey)));
  const queued = active.map((account) => joinBytes([account.stash.publicKey, encodeSessionKeys(runtime, account)]));
  patch(runtime.storageKey('Session', 'QueuedKeys'), vectorBytes(queued));
  // No new era, so no election, whose candidates would be those of the live chain.
  if (isElected) patch(runtime.storageKey('Staking', 'ForceEra'), FORCE_NONE);
}

/**
 * Registered, with their code, each on a core of its own. The validators are dealt out to as many groups, as the runtime does at
 * a change of session.
 */
function patchParachains(
  runtime: Runtime,
  validators: number,
  parachains: readonly ParachainGenesis[],
  patch: Patch,
): void {
  const key = runtime.storageKey;
  const sorted = [...parachains].sort((a, b) => a.id - b.id);
  const codes = new Map<string, number>();
  patch(key('Paras', 'Parachains'), vectorBytes(sorted.map(({ id }) => u32Bytes(id))));
  for (const { id, header, code } of sorted) {
    const para = u32Bytes(id);
    const codeHash = blake2b256(code);
    const users = (codes.get(hexOf(codeHash)) ?? 0) + 1;
    codes.set(hexOf(codeHash), users);
    patch(key('Paras', 'ParaLifecycles', para), PARACHAIN);
    patch(key('Paras', 'Heads', para), sizedBytes(header));
    patch(key('Paras', 'CurrentCodeHash', para), codeHash);
    patch(key('Paras', 'CodeByHash', codeHash), sizedBytes(code));
    patch(key('Paras', 'CodeByHashRefs', codeHash), u32Bytes(users));
  }
  patch(key('ParaScheduler', 'ValidatorGroups'), vectorBytes(dealt(validators, sorted.length)));
  patch(key('ParaScheduler', 'AvailabilityCores'), vectorBytes(sorted.map(() => CORE_FREE)));
}

/** Indexes of validators in groups of about the same size, the larger ones first; encoded. */
function dealt(validators: number, groups: number): readonly Uint8Array[] {
  let next = 0;
  return Array.from({ length: groups }, (_, group) => {
    const size = Math.floor(validators / groups) + (group < validators % groups ? 1 : 0);
    return vectorBytes(Array.from({ length: size }, () => u32Bytes(next++)));
  });
}
