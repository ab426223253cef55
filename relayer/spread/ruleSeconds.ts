/** Rules of thumb for what was not measured yet: how long a chain takes to finalize, by how it is verified. */
import type { LightClientSpec } from '../manifest/index.ts';

/** From verification to a verified delivery: signing, a block of the target, and its own finality. No further reason. */
export const RULE_DELIVERY_SECONDS = 60;
/** Of a chain with confirmations: Ethereum's, the slowest that is usual. */
const BLOCK_SECONDS = 12;
const SLOTS_PER_EPOCH = { mainnet: 32, minimal: 8 } as const;
/** Blocks of CometBFT are final at once; their results are in the next one. */
const TENDERMINT_SECONDS = 12;
/** GRANDPA follows some blocks behind; a parachain waits for its relay chain. */
const GRANDPA_SECONDS = 40;

export function ruleFinalitySeconds(spec: LightClientSpec): number {
  switch (spec.kind) {
    case 'confirmations':
      return (spec.confirmations + 1) * BLOCK_SECONDS;
    case 'ethereum':
      // A checkpoint is final two epochs later; on the mean half an epoch passes before it.
      return (2.5 * SLOTS_PER_EPOCH[spec.preset] * Number(spec.secondsPerSlot)) / (spec.chainClock?.speed ?? 1);
    case 'tendermint':
      return TENDERMINT_SECONDS / (spec.chainClock?.speed ?? 1);
    case 'grandpa':
      return GRANDPA_SECONDS / (spec.chainClock?.speed ?? 1);
  }
}
