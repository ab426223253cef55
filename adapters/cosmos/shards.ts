/**
 * A shard: one account of a vault, owned k of n by Amino multisig. Its address is a hash of its members' keys in their order
 * and of the threshold, so whoever knows the keys knows the address, and nothing has to be created on the chain.
 * Source: cosmos-sdk crypto/keys/multisig/multisig.go; at most 7 keys sign (`tx_sig_limit`).
 */
import {
  createMultisigThresholdPubkey,
  encodeSecp256k1Pubkey,
  type MultisigThresholdPubkey,
  pubkeyToRawAddress,
} from '@cosmjs/amino';
import { encodePubkey } from '@cosmjs/proto-signing';
import { ViaductError } from '../../relayer/core/errors.ts';

export interface VaultShard {
  /** Account bytes, 20. */
  readonly account: Uint8Array;
  /** Compressed secp256k1 keys of 33 bytes. Their order is part of the address. */
  readonly members: readonly Uint8Array[];
  readonly threshold: number;
}

/** Keys of one multisig: the SDK's default limit of signatures counts all of them. */
export const SHARD_MEMBERS_MAX = 7;

/** Throws `CONFIG_INVALID`. */
export function makeShard(members: readonly Uint8Array[], threshold: number): VaultShard {
  const sound =
    members.length <= SHARD_MEMBERS_MAX &&
    Number.isInteger(threshold) &&
    threshold >= 1 &&
    threshold <= members.length &&
    new Set(members.map((key) => key.toString())).size === members.length &&
    members.every((key) => key.length === 33 && (key[0] === 2 || key[0] === 3));
  if (!sound) {
    throw new ViaductError({
      code: 'CONFIG_INVALID',
      shortMessage: 'A vault account needs distinct compressed secp256k1 keys and a threshold of 1 to their number.',
      metaMessages: [`At most ${SHARD_MEMBERS_MAX} keys; got ${members.length} with the threshold ${threshold}.`],
    });
  }
  const publicKey = multisigKey({ members, threshold });
  return { account: pubkeyToRawAddress(publicKey), members, threshold };
}

/** As cosmjs has it. */
export function multisigKey({ members, threshold }: Omit<VaultShard, 'account'>): MultisigThresholdPubkey {
  return createMultisigThresholdPubkey(members.map(encodeSecp256k1Pubkey), threshold, true);
}

/** The protobuf `Any` of the key, as a transaction carries it. */
export function multisigKeyAny(shard: Omit<VaultShard, 'account'>): { typeUrl: string; value: Uint8Array } {
  const { typeUrl, value } = encodePubkey(multisigKey(shard));
  return { typeUrl, value: Uint8Array.from(value) };
}
