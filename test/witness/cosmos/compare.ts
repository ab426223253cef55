/** The same work on the real chain and on the local one, and every difference between what they showed. */
import type { CosmosUnderTest } from './clients.ts';
import { startLocalCosmos } from '../../devnet/cosmos/localCosmos.ts';
import { startTokend } from '../../devnet/cosmos/tokend.ts';
import { expectThat, jsonOf } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import { KNOWN_DIFFERENCES, type KnownDifference } from './knownDifferences.ts';
import { type Difference, type Observation, observationDifferences } from './observe.ts';
import { askQuestions } from './questions.ts';
import { holdersOf, makeActors, runWorkload, type WorkloadActors } from './workload.ts';

/** Gas of the local chain is fitted, not computed: it may be off by this part of the real one. */
export const GAS_TOLERANCE = 0.05;
const BLOCK_MS = 200;
const DENOM = 'utoken';
/** Smallest units for 1,000 gas, asked for by the nodes of both. */
export const FEE_PER_THOUSAND_GAS = 5n;

export interface Comparison {
  readonly steps: number;
  readonly known: readonly KnownDifference[];
  readonly gas: readonly { readonly step: string; readonly real: number; readonly local: number }[];
}

export async function checkLocalChain(context: WitnessContext, tokendBinary: string): Promise<Comparison> {
  const { checks, clock, seed, say } = context;
  const chainId = 'viaduct-compare-1';
  const actors = await makeActors(seed);
  const holders = holdersOf(actors, DENOM);
  const options = { chainId, holders, denom: DENOM, blockMs: BLOCK_MS, feePerThousandGas: FEE_PER_THOUSAND_GAS };

  const tokend = await startTokend({ clock }, { ...options, binary: tokendBinary });
  // One validator there, one here.
  const local = await startLocalCosmos({ clock }, { ...options, seed, validators: { only: 50n } });
  const { url, wsUrl } = local.nodes[0]!;
  const base = { chainId, denom: DENOM };
  let real: Observation[];
  let own: Observation[];
  try {
    say('the same work on the real chain and on the local one');
    [real, own] = await Promise.all([
      observeChain(context, { ...base, ...tokend.nodes[0] }, actors),
      observeChain(context, { ...base, url, wsUrl }, actors),
    ]);
  } finally {
    await Promise.all([tokend.stop(), local.stop()]);
  }

  const seen = new Set<KnownDifference>();
  for (const [index, observation] of real.entries()) {
    await checks.check(`the local chain answers as the real one: ${observation.name}`, () => {
      const other = own[index];
      expectThat(other?.name === observation.name, 'the local chain did not get as far');
      const unknown = observationDifferences(observation, other, GAS_TOLERANCE).filter((difference) => {
        const known = knownAs(difference);
        if (known !== undefined) seen.add(known);
        return known === undefined;
      });
      expectThat(unknown.length === 0, unknown.map(lineOf).join('; '));
    });
  }
  await checks.check('every difference that is listed is still there', () => {
    const stale = KNOWN_DIFFERENCES.filter((known) => !seen.has(known));
    expectThat(stale.length === 0, stale.map(({ what }) => what).join('; '));
  });
  const gas = real.flatMap(({ name, gas: used }, index) =>
    used === undefined ? [] : [{ step: name, real: used, local: own[index]?.gas ?? 0 }],
  );
  return { steps: real.length, known: KNOWN_DIFFERENCES, gas };
}

export async function observeChain(
  { clock, signal }: Pick<WitnessContext, 'clock' | 'signal'>,
  chain: CosmosUnderTest,
  actors: WorkloadActors,
): Promise<Observation[]> {
  const worked = await runWorkload(chain, actors, clock, signal);
  return [...worked, ...(await askQuestions(chain, actors, clock, signal))];
}

function knownAs({ step, path }: Difference): KnownDifference | undefined {
  return KNOWN_DIFFERENCES.find((known) => known.step.test(step) && known.path.test(path));
}

function lineOf({ path, real, local }: Difference): string {
  return `${path}: real ${jsonOf(real)}, local ${jsonOf(local)}`;
}
