/** A vault on a Cosmos chain behind the engine's port: its accounts, and this process's part in it when it is a member. */
import type { Vault } from '../../relayer/core/ports.ts';
import { createClaims } from './claims.ts';
import { type CosmosGateway, lanesByDigits } from './gateway.ts';
import type { CometEndpoint } from './rpc.ts';
import { createShardAccount, type ShardAccountDeps } from './shardAccount.ts';
import { createVaultMember } from './vaultMember.ts';

export interface CosmosVaultDeps {
  /** From the journal: whether packets are settled already. Without it the members say so. */
  readonly isDelivered?: ShardAccountDeps['isDelivered'];
}

export interface CosmosVaultOptions {
  readonly endpoints: readonly CometEndpoint[];
  readonly gateway: CosmosGateway;
  /** By how much a verified header's time may lie ahead of our clock. */
  readonly clockDriftSeconds: bigint;
  /** 32 bytes: what this member's keys come from; undefined in a process that is no member. Never shown. */
  readonly memberSecret: Uint8Array | undefined;
}

/** Throws `CONFIG_INVALID` when the secret is not one of the vault's. */
export function createCosmosVault(deps: CosmosVaultDeps, options: CosmosVaultOptions): Vault {
  const { endpoints, gateway, clockDriftSeconds, memberSecret: secret } = options;
  // Two lanes that a memo cannot tell apart are found at the start.
  lanesByDigits(gateway);
  return {
    accounts: (cosigners) => {
      const shared = { cosigners, claims: createClaims(), isDelivered: deps.isDelivered };
      return gateway.shards.map((shard) => createShardAccount(shared, { endpoints, gateway, shard }));
    },
    member: secret && createVaultMember({ gateway, clockDriftSeconds, secret }),
  };
}
