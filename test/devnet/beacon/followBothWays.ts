/**
 * A local chain through all forks, with missed slots and a reorg on the way, followed from a bootstrap by our light
 * client and by Lodestar's: the same verdict on every update and on every corruption of some of them.
 */
import { type Anvil, startAnvil } from '../anvil.ts';
import { type BeaconChain, createBeaconChain, periodOf } from './beaconChain.ts';
import { createLodestarJudge, createOurJudge, type Judge, type ServedUpdate, slotsOf } from './judges.ts';
import { mutantsOf } from './mutants.ts';
import { answerOf, updateOf } from './restApi.ts';

export interface FollowOptions {
  readonly slots: number;
  /** First epochs of Deneb, Electra and Fulu. */
  readonly forkEpochs: readonly [number, number, number];
  /** Every so many accepted updates, all mutants of one are tried. */
  readonly mutateEvery: number;
}

export interface FollowResult {
  readonly slots: number;
  readonly slotsPerSecond: number;
  readonly updates: number;
  readonly accepted: number;
  readonly mutants: number;
  readonly mutantsAccepted: readonly string[];
  /** Where the two light clients differ. */
  readonly disagreements: readonly string[];
  readonly finalizedSlot: number;
  readonly versions: readonly string[];
  readonly periods: number;
  readonly missed: number;
  readonly reorgs: number;
  /** Mean of our light client, for an update that it takes. */
  readonly msPerUpdate: number;
}

/** A missed slot every so many, away from the epoch's first. */
const MISS_EVERY = 21;
const REORG_EVERY = 100;
const REORG_DEPTH = 3;

export async function followBothWays(options: FollowOptions): Promise<FollowResult> {
  const anvil = await startAnvil({ chainId: 31337, mining: 'manual', timestamp: 1_700_000_000 });
  try {
    return await follow(options, anvil);
  } finally {
    await anvil.stop();
  }
}

async function follow(options: FollowOptions, anvil: Anvil): Promise<FollowResult> {
  const [deneb, electra, fulu] = options.forkEpochs;
  const forks = { deneb, electra, fulu };
  const chain = await createBeaconChain({ rpc: anvil.rpc, secondsPerSlot: 12, forks });
  const disagreements: string[] = [];
  const mutantsAccepted: string[] = [];
  const versions = new Set<string>();
  const tally = { updates: 0, accepted: 0, mutants: 0, missed: 0, reorgs: 0, ourMs: 0, chainMs: 0 };
  let judges: readonly [ours: Judge, lodestar: Judge] | undefined;

  async function nextSlot(): Promise<void> {
    const before = performance.now();
    const next = chain.slot + 1;
    if (next % MISS_EVERY === 0) {
      await chain.missSlot();
      tally.missed += 1;
    } else await chain.mineSlot();
    if (next % REORG_EVERY === 0) {
      await chain.reorg(REORG_DEPTH);
      tally.reorgs += 1;
    }
    tally.chainMs += performance.now() - before;
  }

  function judgeUpdate(update: ServedUpdate, isMutant: string | undefined): boolean {
    const [ours, lodestar] = judges!;
    const verdicts = [ours.accepts(update, chain.slot), lodestar.accepts(update, chain.slot)];
    if (verdicts[0] !== verdicts[1]) {
      disagreements.push(`slot ${chain.slot} ${isMutant ?? 'update'}: ours ${verdicts[0]}, Lodestar ${verdicts[1]}`);
    }
    return verdicts[0] === true && verdicts[1] === true;
  }

  while (chain.slot < options.slots) {
    await nextSlot();
    const update = chain.updateAt(chain.slot);
    if (judges === undefined) {
      judges = startJudges(chain);
      continue;
    }
    if (update === undefined) continue;
    const served = updateOf(chain, update);
    tally.updates += 1;
    // At a period's end the best update of it goes first: it proves the next committee while that is still signing.
    const best = chain.bestUpdate(periodOf(chain.slot) - 1);
    if (best !== undefined) take(updateOf(chain, best));
    if (judgeUpdate(served, undefined)) {
      if (tally.accepted % options.mutateEvery === 0) {
        for (const { path, data } of mutantsOf(served.data)) {
          tally.mutants += 1;
          const mutant = { version: served.version, data };
          if (judgeUpdate(mutant, path)) mutantsAccepted.push(`slot ${chain.slot} ${path}`);
        }
      }
      take(served);
      tally.accepted += 1;
      versions.add(served.version);
    }
    if (judges[0].finalizedSlot !== judges[1].finalizedSlot) {
      disagreements.push(`slot ${chain.slot}: finalized ${judges[0].finalizedSlot}, ${judges[1].finalizedSlot}`);
    }
  }

  function take(update: ServedUpdate): void {
    const [ours, lodestar] = judges!;
    const before = performance.now();
    ours.take(update, chain.slot);
    tally.ourMs += slotsOf(update).finalized === ours.finalizedSlot ? performance.now() - before : 0;
    lodestar.take(update, chain.slot);
  }

  return {
    slots: chain.slot,
    slotsPerSecond: Math.round((1000 * chain.slot) / tally.chainMs),
    updates: tally.updates,
    accepted: tally.accepted,
    mutants: tally.mutants,
    mutantsAccepted,
    disagreements,
    finalizedSlot: judges?.[0].finalizedSlot ?? 0,
    versions: [...versions],
    periods: periodOf(chain.slot) + 1,
    missed: tally.missed,
    reorgs: tally.reorgs,
    msPerUpdate: Math.round((10 * tally.ourMs) / tally.accepted) / 10,
  };
}

/** Both from the first finalized block; undefined while there is none. */
function startJudges(chain: BeaconChain): readonly [Judge, Judge] | undefined {
  const trusted = chain.finalized;
  if (trusted === undefined) return undefined;
  const url = `/eth/v1/beacon/light_client/bootstrap/${trusted.root}`;
  const bootstrap = answerOf(chain, { url }) as ServedUpdate;
  return [createOurJudge(chain, trusted, bootstrap), createLodestarJudge(chain, bootstrap)];
}
