/**
 * Many changes of the authority set: every hand-over to the pallet and to the light client, and one of them left out.
 */
import type { FinalityStep } from '../../../../light-clients/grandpa/index.ts';
import type { FinalizedBlock } from '../relay/grandpa.ts';
import { handsOver } from '../relay/justification.ts';
import type { LocalSubstrate } from '../startLocalSubstrate.ts';

/** The finalized hand-overs of `count` sessions in which validators come and go. */
export function rotate(local: LocalSubstrate, count: number): readonly FinalizedBlock[] {
  const { relay, accounts } = local;
  const handOvers: FinalizedBlock[] = [];
  const unlisten = relay.grandpa.listen((finalized) => {
    if (handsOver(finalized.block)) handOvers.push(finalized);
  });
  const [, , , , ...spare] = accounts;
  let out = accounts.slice(1, 1 + spare.length);
  let coming = spare;
  while (handOvers.length < count) {
    relay.changeValidators({ add: coming, remove: out });
    [coming, out] = [out, coming];
    for (let session = 0; session < 3; session++) relay.nextSession();
  }
  unlisten();
  return handOvers.slice(0, count);
}

/** One step of an update for each hand-over, the mandatory header alone. */
export function stepsOf(handOvers: readonly FinalizedBlock[]): readonly FinalityStep[] {
  return handOvers.map(({ block, set, justification }) => ({
    setId: set.setId,
    headers: [block.headerBytes],
    justification,
  }));
}
