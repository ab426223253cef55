/** The vault of a Substrate chain: accounts of pallet-multisig, each with an opener and an executor beside the members. */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
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
