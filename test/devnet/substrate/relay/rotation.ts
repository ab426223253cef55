/**
 * Calls that change who validates, taking effect two sessions later. Rococo's validators are a list that sudo changes. Runtimes
 * whose validators are elected keep who they are here, since nobody holds elections; a validator takes other session keys.
 */
import { compactBytes, createScaleReader, joinBytes, sizedBytes } from '../../../../light-clients/scale.ts';
import type { KeyringPair } from '@polkadot/keyring/types';
import { stateOf } from '../chain/block.ts';
import type { Chain } from '../chain/createChain.ts';
import { vectorBytes } from '../chain/genesis.ts';
import { nonceOf, signTransaction } from '../chain/signTransaction.ts';
import type { DevAccount } from '../accounts.ts';
import { encodeSessionKeys, sessionKeys } from './sessionKeys.ts';

export interface ValidatorChange {
  readonly add?: readonly DevAccount[];
  readonly remove?: readonly DevAccount[];
}

/** More than any runtime asks of a stash for its existence. */
const BOND = 10n ** 12n;
/** `RewardDestination::Staked` */
const STAKED = Uint8Array.of(0);
const NO_PROOF = sizedBytes(new Uint8Array(0));

/** The first account is sudo. */
export function validatorTransactions(
  chain: Chain,
  accounts: readonly DevAccount[],
  change: ValidatorChange,
): readonly Uint8Array[] {
  return hasValidatorList(chain) ? listTransactions(chain, accounts, change) : keyTransactions(chain, accounts, change);
}

function hasValidatorList({ runtime }: Chain): boolean {
  return runtime.metadata.hasPallet('ValidatorManager');
}

function listTransactions(
  chain: Chain,
  [sudo]: readonly DevAccount[],
  { add = [], remove = [] }: ValidatorChange,
): readonly Uint8Array[] {
  if (sudo === undefined) return [];
  const first = nonceOf(chain, sudo.pair.publicKey);
  const calls = (
    [
      ['register_validators', add],
      ['deregister_validators', remove],
    ] as const
  ).filter(([, accounts]) => accounts.length > 0);
  return calls.map(([name, accounts], index) => {
    const stashes = vectorBytes(accounts.map(({ stash }) => stash.publicKey));
    const call = chain.runtime.encodeCall('ValidatorManager', name, stashes);
    return signTransaction(chain, sudo.pair, sudoCall(chain, call), { nonce: first + index });
  });
}

/** Whoever validates with a removed account's keys takes those of an added one. */
function keyTransactions(
  chain: Chain,
  accounts: readonly DevAccount[],
  { add = [], remove = [] }: ValidatorChange,
): readonly Uint8Array[] {
  if (add.length !== remove.length) throw new Error('validators of this runtime change their keys: one for one');
  const { runtime } = chain;
  return remove.flatMap((removed, index) => {
    const added = add[index];
    if (added === undefined) return [];
    const stash = ownerOf(chain, accounts, removed);
    const keys = encodeSessionKeys(runtime, added);
    const calls = [runtime.encodeCall('Session', 'set_keys', keys, NO_PROOF)];
    // Only who has something bonded may.
    if (stateOf(chain.best()).get(runtime.storageKey('Staking', 'Bonded', stash.publicKey)) === undefined) {
      calls.unshift(runtime.encodeCall('Staking', 'bond', compactBytes(BOND), STAKED));
    }
    const first = nonceOf(chain, stash.publicKey);
    return calls.map((call, at) => signTransaction(chain, stash, call, { nonce: first + at }));
  });
}

function ownerOf(chain: Chain, accounts: readonly DevAccount[], holder: DevAccount): KeyringPair {
  const [first] = sessionKeys(chain.runtime, holder);
  if (first === undefined) throw new Error('the runtime has no session keys');
  const id = joinBytes([new TextEncoder().encode(first.type), sizedBytes(first.key)]);
  const bytes = stateOf(chain.best()).get(chain.runtime.storageKey('Session', 'KeyOwner', id));
  const owner = bytes === undefined ? undefined : createScaleReader(bytes, 'owner of a key').bytes(32);
  const found = accounts.find(({ stash }) => owner !== undefined && Buffer.compare(stash.publicKey, owner) === 0);
  if (found === undefined) throw new Error(`nobody validates with the keys of ${holder.name}`);
  return found.stash;
}

export function sudoCall(chain: Chain, call: Uint8Array): Uint8Array {
  return joinBytes([chain.runtime.metadata.callIndex('Sudo', 'sudo'), call]);
}
