/**
 * The account that pallet-multisig gives a set of signatories with a threshold. The chain derives it, so nothing has to be
 * deployed: an account of the vault exists as soon as it has money.
 *
 * A vault's account has two signatories beside its members, the opener and the executor, and a threshold of two more than the
 * members': see docs/adr/007.
 *
 * Source: pallet-multisig `multi_account_id`.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { compactBytes } from '../../light-clients/scale.ts';
import { compareBytes, equalBytes, utf8 } from '../../relayer/core/bytes.ts';
import { assert } from '../../relayer/core/errors.ts';
import { littleEndian } from './codec.ts';
import type { VaultAccount } from './gateway.ts';

export interface VaultSigners {
  /** Accounts of the members. */
  readonly members: readonly Uint8Array[];
  /** How many of the members a release needs. */
  readonly threshold: number;
}

export function multisigAccount(signatories: readonly Uint8Array[], threshold: number): Uint8Array {
  const sorted = [...signatories].sort(compareBytes);
  return blake2b256(
    utf8('modlpy/utilisuba'),
    compactBytes(sorted.length),
    ...sorted,
    littleEndian(BigInt(threshold), 2),
  );
}

/** One account of a vault, from its members and from who opens and carries out its operations. */
export function vaultAccount(signers: VaultSigners, opener: Uint8Array, executor: Uint8Array): VaultAccount {
  const signatories = [...signers.members, opener, executor];
  const isDistinct = signatories.every((one, i) => signatories.findIndex((other) => equalBytes(one, other)) === i);
  assert(isDistinct, 'members, opener and executor are different accounts');
  return { account: multisigAccount(signatories, signers.threshold + 2), opener, executor };
}
