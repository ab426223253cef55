/** The vault of a Cosmos chain: accounts of the SDK's amino multisig, which takes at most 7 members. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { concatBytes, fromHex } from '../core/bytes.ts';
import { decodeBech32 } from './bech32.ts';
import { bech32Field, integerField, publicKeyField } from './fields.ts';
import { vaultFields, type VaultGateway } from './vault.ts';

export interface CosmosVault extends VaultGateway {
  /** Blocks that a payment may wait for its inclusion; after them it cannot happen any more. */
  readonly releaseExpiryBlocks: number;
  /** How coins that are not minted are paid: a MsgSend each, or all in one MsgMultiSend. */
  readonly payoutForm: (typeof PAYOUT_FORMS)[number];
  /** Accounts that the chain pays nothing to, such as those of its modules. */
  readonly blockedReceivers: readonly Uint8Array[];
}

/** The SDK's default `TxSigLimit`, which counts the keys of a multisig. */
export const COSMOS_MEMBERS_MAX = 7;
const PAYOUT_FORMS = ['send', 'multiSend'] as const;
const PAYOUT_FORM = '"send" or "multiSend"';
const BLOCKED_MAX = 256;
const BLOCKED = `a list of at most ${BLOCKED_MAX} addresses`;

export const cosmosVaultSchema = z
  .strictObject({
    ...vaultFields(bech32Field(), publicKeyField(), COSMOS_MEMBERS_MAX),
    releaseExpiryBlocks: integerField(5, 100_000).describe(
      'Blocks that a payment may wait for its inclusion before it is signed anew for another slot.',
    ),
    payoutForm: z
      .enum(PAYOUT_FORMS, { error: PAYOUT_FORM })
      .default('send')
      .describe('How coins that are not minted are paid: a MsgSend each, or all in one MsgMultiSend.'),
    blockedReceivers: z
      .array(bech32Field(), { error: BLOCKED })
      .max(BLOCKED_MAX, { error: BLOCKED })
      .default([])
      .describe('Accounts that the chain pays nothing to, such as those of its modules: packets to them are refused.'),
  })
  .describe('Accounts of a Cosmos chain that the attesters own together.');

export const cosmosGatewaySchema = z
  .discriminatedUnion('kind', [cosmosVaultSchema], { error: 'a gateway of kind "vault"' })
  .describe("The bridge's presence on this chain.");

export function toCosmosVault(raw: z.output<typeof cosmosVaultSchema>, signersThreshold: number): CosmosVault {
  const threshold = raw.threshold ?? signersThreshold;
  return {
    kind: raw.kind,
    threshold,
    shards: raw.shards.map(({ members }) => {
      const keys = members.map((key) => fromHex(key, 33));
      return { account: multisigAccount(threshold, keys), members: keys };
    }),
    startHeight: BigInt(raw.startHeight),
    homeChunkSize: raw.homeChunkSize,
    releaseExpiryBlocks: raw.releaseExpiryBlocks,
    payoutForm: raw.payoutForm,
    blockedReceivers: raw.blockedReceivers.map(bytesOf),
  };
}

/** Of a checked text. */
function bytesOf(address: string): Uint8Array {
  const read = decodeBech32(address);
  return read.kind === 'valid' ? read.bytes : new Uint8Array(0);
}

/** Amino's prefix of `tendermint/PubKeyMultisigThreshold`, and of `tendermint/PubKeySecp256k1` with its length. */
const MULTISIG = Uint8Array.of(0x22, 0xc1, 0xf7, 0xe2);
const SECP256K1 = Uint8Array.of(0xeb, 0x5a, 0xe9, 0x87, 0x21);

/**
 * The account of a multisig (20 bytes): the first bytes of SHA-256 over the amino form of its key, in which the threshold
 * is field 1 and each member's key field 2, in the order given.
 */
export function multisigAccount(threshold: number, keys: readonly Uint8Array[]): Uint8Array {
  const members = keys.map((key) => {
    return concatBytes(Uint8Array.of(0x12, SECP256K1.length + key.length), SECP256K1, key);
  });
  const bytes = concatBytes(MULTISIG, Uint8Array.of(0x08, threshold), ...members);
  return Uint8Array.from(createHash('sha256').update(bytes).digest().subarray(0, 20));
}
