/**
 * The client as an engine starts it: the manifest has the checkpoint's height and hash, and the block that has them comes
 * from any endpoint with the bootstrap (`encodeLightBlock`), checked against the hash.
 */
import type { LightClientStep, Verdict } from '../verdict.ts';
import { createTendermintClient, type TendermintClientOptions } from './client.ts';

export type TendermintParameters = Pick<TendermintClientOptions, 'rules' | 'checkpoint'>;

export interface TendermintFollower {
  start(bootstrap: Uint8Array): Verdict<LightClientStep>;
  update(state: Uint8Array, update: Uint8Array, nowSeconds: bigint): Verdict<LightClientStep>;
}

export function createTendermintFollower(parameters: TendermintParameters): TendermintFollower {
  const withBlock = (checkpointBlock: Uint8Array): ReturnType<typeof createTendermintClient> =>
    createTendermintClient({ ...parameters, checkpointBlock });
  const { update } = withBlock(new Uint8Array(0));
  return { start: (bootstrap) => withBlock(bootstrap).start(), update };
}
