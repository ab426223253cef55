/**
 * The `tendermint` light client behind the engine's port: the manifest's checkpoint is a height and a hash, and the block that
 * has them comes with the bootstrap.
 */
import { createTendermintClient, type TrustRules } from '../../light-clients/tendermint/index.ts';
import type { LightClient } from '../../relayer/core/ports.ts';

export interface CosmosLightClientOptions {
  readonly rules: TrustRules;
  /** From the manifest. */
  readonly checkpoint: { readonly height: bigint; readonly hash: Uint8Array };
}

export function createCosmosLightClient({ rules, checkpoint }: CosmosLightClientOptions): LightClient {
  const clientFrom = (checkpointBlock: Uint8Array): ReturnType<typeof createTendermintClient> =>
    createTendermintClient({ rules, checkpoint, checkpointBlock });
  return { ...clientFrom(new Uint8Array(0)), start: (bootstrap) => clientFrom(bootstrap).start() };
}
