/** Calls of Rococo that change who validates: by sudo, taking effect two sessions later. */
import { joinBytes } from '../../../../light-clients/scale.ts';
import type { KeyringPair } from '@polkadot/keyring/types';
import type { Chain } from '../chain/createChain.ts';
import { vectorBytes } from '../chain/genesis.ts';
import { nonceOf, signTransaction } from '../chain/signTransaction.ts';
import type { DevAccount } from '../accounts.ts';

export interface ValidatorChange {
  readonly add?: readonly DevAccount[];
  readonly remove?: readonly DevAccount[];
}

export function validatorTransactions(
  chain: Chain,
  sudo: KeyringPair,
  { add = [], remove = [] }: ValidatorChange,
): readonly Uint8Array[] {
  const first = nonceOf(chain, sudo.publicKey);
  const calls = (
    [
      ['register_validators', add],
      ['deregister_validators', remove],
    ] as const
  ).filter(([, accounts]) => accounts.length > 0);
  return calls.map(([name, accounts], index) => {
    const stashes = vectorBytes(accounts.map(({ stash }) => stash.publicKey));
    const call = chain.runtime.encodeCall('ValidatorManager', name, stashes);
    return signTransaction(chain, sudo, sudoCall(chain, call), { nonce: first + index });
  });
}

export function sudoCall(chain: Chain, call: Uint8Array): Uint8Array {
  return joinBytes([chain.runtime.metadata.callIndex('Sudo', 'sudo'), call]);
}
