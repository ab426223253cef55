/** The vault of a Substrate chain: accounts of pallet-multisig, each with an opener and an executor beside the members. */
import { blake2b } from '@noble/hashes/blake2.js';
import { z } from 'zod';
import { compareBytes, concatBytes, fromHex, utf8 } from '../core/bytes.ts';
import { assert } from '../core/errors.ts';
import { SIGNERS_MAX } from '../core/limits.ts';
import { accountKeyField } from './fields.ts';
import { vaultFields, type VaultGateway, type VaultShard } from './vault.ts';

export interface SubstrateShard extends VaultShard {
  /** Account of 32 bytes that opens operations, and pays for it. */
  readonly opener: Uint8Array;
  /** Account of 32 bytes that carries them out. */
  readonly executor: Uint8Array;
}

export interface SubstrateVault extends VaultGateway {
  readonly shards: readonly SubstrateShard[];
}

export const substrateVaultSchema = z
  .strictObject(
    vaultFields(accountKeyField(), accountKeyField(), SIGNERS_MAX, {
      opener: accountKeyField().describe('Account that opens operations of the multisig. It cannot pay anything out.'),
      executor: accountKeyField().describe('Account that carries out what the members approved.'),
    }),
  )
  .describe('Accounts of a Substrate chain that the attesters own together.');

export const substrateGatewaySchema = z
  .discriminatedUnion('kind', [substrateVaultSchema], { error: 'a gateway of kind "vault"' })
  .describe("The bridge's presence on this chain.");

export function toSubstrateVault(raw: z.output<typeof substrateVaultSchema>, signersThreshold: number): SubstrateVault {
  return {
    kind: raw.kind,
    threshold: raw.threshold ?? signersThreshold,
    shards: raw.shards.map(({ address, members, opener, executor }) => ({
      account: fromHex(address, 32),
      members: members.map((key) => fromHex(key, 32)),
      opener: fromHex(opener, 32),
      executor: fromHex(executor, 32),
    })),
    startHeight: BigInt(raw.startHeight),
    homeChunkSize: raw.homeChunkSize,
  };
}

/**
 * The account (32 bytes) that pallet-multisig gives the members with an opener and an executor; these two approve beside the
 * members that it takes, so the pallet's threshold is two more. Source: pallet-multisig `multi_account_id`.
 */
export function substrateMultisig(
  threshold: number,
  members: readonly Uint8Array[],
  opener: Uint8Array,
  executor: Uint8Array,
): Uint8Array {
  const signatories = [...members, opener, executor].sort(compareBytes);
  assert(signatories.length < 64, 'as many signatories as a compact of one byte counts');
  const pallet = threshold + 2;
  const tail = Uint8Array.of(pallet & 0xff, pallet >> 8);
  return blake2b(concatBytes(utf8('modlpy/utilisuba'), Uint8Array.of(signatories.length << 2), ...signatories, tail), {
    dkLen: 32,
  });
}
