/** Changes of the authority set on the newer relay chain, followed by our light client and by Rococo's own bridge pallet. */
import { createGrandpaClient, encodeUpdate } from '../../../light-clients/grandpa/index.ts';
import { compareVerdicts } from '../../devnet/substrate/oracle/compareVerdicts.ts';
import { rotate, stepsOf } from '../../devnet/substrate/oracle/rotations.ts';
import { startOracle } from '../../devnet/substrate/oracle/startOracle.ts';
import { createDraw } from '../../devnet/substrate/workload.ts';
import type { NetworkSpecs } from '../../devnet/substrate/index.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';

export interface FinalityFigures {
  readonly handOvers: number;
  readonly justifications: number;
  readonly accepted: number;
}

const JUSTIFICATIONS = 1_000;
const HAND_OVERS = 8;

export async function checkFinality(
  { checks, clock }: WitnessContext,
  specs: NetworkSpecs,
): Promise<FinalityFigures | undefined> {
  const { local, pallet, table, set } = await startOracle({ clock }, specs);
  try {
    const trusted = local.relay.trusted();
    const verdicts = await checks.check(
      `Rococo's bridge pallet and our light client judge ${JUSTIFICATIONS} justifications alike, but for listed differences`,
      () => {
        const compared = compareVerdicts(pallet, table, set, createDraw(21), JUSTIFICATIONS);
        expectSame(compared.unexplained, [], 'differences that are not listed');
        return compared;
      },
    );
    const handOvers = await checks.check('validators change their keys, and both follow every change', () => {
      const changes = rotate(local, HAND_OVERS);
      const client = createGrandpaClient({ trusted, slotMs: 6_000 });
      const start = client.start();
      expectThat(start.kind === 'valid', 'the light client does not start');
      const steps = stepsOf(changes);
      const now = BigInt(Math.floor(clock.now() / 1000));
      const update = (some: typeof steps): string =>
        client.update(start.value.state, encodeUpdate({ steps: some }), now).kind;
      expectSame(update(steps), 'valid', 'all changes');
      for (let missing = 0; missing < steps.length - 1; missing++) {
        const rest = steps.filter((_, at) => at !== missing);
        expectSame(update(rest), 'needsMore', `without change ${missing}`);
      }
      for (const [at, { block, justification }] of changes.entries()) {
        const later = changes[at + 1];
        if (later !== undefined) {
          const leap = pallet.judge(later.block.headerBytes, later.justification);
          expectSame(leap, 'InvalidJustification', 'the pallet, a change ahead');
        }
        expectSame(pallet.submit(block.headerBytes, justification), 'accepted', `the pallet, change ${at}`);
      }
      return changes.length;
    });
    if (verdicts === undefined || handOvers === undefined) return undefined;
    return { handOvers, justifications: verdicts.tried, accepted: verdicts.accepted };
  } finally {
    await local.stop();
  }
}
