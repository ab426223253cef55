/**
 * Turns an anvil node on which everything is deployed into a proof-of-stake chain: from its newest block on a beacon
 * chain drives it, first as fast as it can to the first finality, then slot by slot. The answer is what the manifest says
 * of it, with a finalized block as the trusted one.
 */
import { ViaductError } from '../../relayer/core/errors.ts';
import type { Anvil } from './anvil.ts';
import { type Beacon, type BeaconInfo, type ChainClock, startBeacon } from './beacon/index.ts';

export interface ProofOfStake {
  readonly beacon: Beacon;
  /** The chain's row `lightClient` of the manifest. */
  readonly lightClient: Readonly<Record<string, unknown>>;
}

/** Whole seconds of chain time, five slots a second of the wall clock: finality takes four to five seconds. */
export const SECONDS_PER_SLOT = 1;
export const SLOT_MS = 200;
/** How much faster chain time runs. */
export const SPEED = (SECONDS_PER_SLOT * 1000) / SLOT_MS;
/** How far the chain's first block lies in the past: chain time catches up with the wall clock after some six hours. */
export const GENESIS_AGE_SECONDS = 86_400;

const FINALITY_SLOTS_MAX = 64;
const EPOCH_SLOTS = 8;
/** The trusted block is seconds old here; a chain that stood still for a day of its time must be trusted anew. */
const MAX_AGE_SECONDS = 86_400;

export async function startProofOfStake(anvil: Anvil): Promise<ProofOfStake> {
  await anvil.rpc('evm_setAutomine', [false]);
  const beacon = await startBeacon({ executionUrl: anvil.url, secondsPerSlot: SECONDS_PER_SLOT });
  try {
    let info = await beacon.info();
    while (info.finalized === undefined) {
      if (info.slot > FINALITY_SLOTS_MAX) throw notFinal(info.slot);
      info = await beacon.mine(EPOCH_SLOTS);
    }
    const clock = await beacon.pace(SLOT_MS);
    return { beacon, lightClient: rowOf(info, info.finalized.root, clock) };
  } catch (error) {
    await beacon.stop();
    throw error;
  }
}

/** A chain of the minimal preset as the manifest describes it. */
export function rowOf(info: BeaconInfo, trustedBlockRoot: string, clock: ChainClock | undefined) {
  return {
    kind: 'ethereum',
    preset: 'minimal',
    forks: info.forks.map(({ name, epoch, version }) => ({ name, epoch: String(epoch), version })),
    genesisValidatorsRoot: info.genesisValidatorsRoot,
    genesisTime: String(info.genesisTime),
    secondsPerSlot: info.secondsPerSlot,
    trustedBlockRoot,
    maxAgeSeconds: MAX_AGE_SECONDS,
    ...(clock === undefined
      ? {}
      : {
          chainClock: {
            hostMs: String(clock.hostMs),
            chainSeconds: String(clock.chainSeconds),
            speed: clock.speed,
          },
        }),
  };
}

function notFinal(slot: number): ViaductError {
  return new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: `The beacon chain has no finality after ${slot} slots.`,
  });
}
