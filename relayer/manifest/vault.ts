/**
 * A vault: a gateway that is no contract but accounts that the attesters own together, k of n, by the chain's own
 * multisig. What all families' vaults have in common; what is special is in the families' own files.
 */
import { z } from 'zod';
import { CHUNK_PACKETS_MAX, VAULT_ACCOUNTS_MAX } from '../core/limits.ts';
import { integerField, u64Field } from './fields.ts';
import { SIGNERS_MAX } from '../core/limits.ts';

export interface VaultShard {
  /** Native account bytes, which follow from the keys and the threshold. */
  readonly account: Uint8Array;
  /** Public keys, in the order of the signer set's members in the manifest. */
  readonly members: readonly Uint8Array[];
}

export interface VaultGateway {
  readonly kind: 'vault';
  /** Members that must sign a payment. */
  readonly threshold: number;
  /** They pay in parallel. The first one's account stands for the gateway in lane ids. */
  readonly shards: readonly VaultShard[];
  /** The first block that can hold anything of the gateway. */
  readonly startHeight: bigint;
  /** Packets in a chunk of the lane on which deposits that cannot travel go back. */
  readonly homeChunkSize: number;
}

const SHARDS = `a list of 1 to ${VAULT_ACCOUNTS_MAX} shards, each with address and members`;

/** The fields that every family's vault has. `address` and `key` are as the family writes them. */
export function vaultFields<S extends Readonly<Record<string, z.ZodString>> = Record<never, z.ZodString>>(
  address: z.ZodString,
  key: z.ZodString,
  membersMax: number,
  /** What a shard of the family has beside them. */
  shardFields: S = {} as S,
) {
  const MEMBERS = `a list of 1 to ${membersMax} public keys, in the order of the signer set's members`;
  return {
    kind: z.literal('vault').describe('Accounts that the attesters own together, k of n.'),
    threshold: integerField(1, SIGNERS_MAX)
      .optional()
      .describe('Members that must sign a payment; as many as the signer set says when left out.'),
    shards: z
      .array(
        z
          .strictObject(
            {
              address: address.describe('Address of the account: follows from the keys and the threshold.'),
              members: z
                .array(key, { error: MEMBERS })
                .min(1, { error: MEMBERS })
                .max(membersMax, { error: MEMBERS })
                .describe("The members' public keys for this account, in the order of the signer set."),
              ...shardFields,
            },
            { error: 'an object with address and members' },
          )
          .describe('One account of the vault.'),
        { error: SHARDS },
      )
      .min(1, { error: SHARDS })
      .max(VAULT_ACCOUNTS_MAX, { error: SHARDS })
      .describe('The accounts of the vault. They pay in parallel; the first one stands for the gateway.'),
    startHeight: u64Field().describe('Height of the first block that can hold anything of the gateway.'),
    homeChunkSize: integerField(1, CHUNK_PACKETS_MAX).describe(
      'Deposits sent back by one transaction, when they cannot travel.',
    ),
  };
}
