/** The pieces of a comparison: a network with blocks that are not final yet, and the pallet on a second chain. */
import type { Clock } from '../../../../relayer/core/clock.ts';
import type { AuthoritySet } from '../../../../light-clients/grandpa/index.ts';
import type { NetworkSpecs } from '../specs.ts';
import { type LocalSubstrate, startLocalSubstrate } from '../startLocalSubstrate.ts';
import { type BridgePallet, createBridgePallet } from './bridgePallet.ts';
import type { VoteTable } from './drawJustification.ts';

export interface Oracle {
  readonly local: LocalSubstrate;
  readonly pallet: BridgePallet;
  readonly table: VoteTable;
  readonly set: AuthoritySet;
}

const START_MS = 1_790_000_000_000;
const BLOCKS = 5;

/** `specs`: of the network; the pallet is always Rococo's. */
export async function startOracle(deps: { readonly clock: Clock }, specs?: NetworkSpecs): Promise<Oracle> {
  const local = await startLocalSubstrate(deps, { startMs: START_MS, specs });
  const { relay, accounts } = local;
  const trusted = relay.trusted();
  const pallet = await createBridgePallet(accounts, trusted, START_MS);
  relay.stallFinality(true);
  const parent = relay.chain.best();
  const blocks = Array.from({ length: BLOCKS }, () => relay.produceBlock());
  const fork = relay.produceBlock({ parent: blocks[0] ?? parent, skipSlots: 7 });
  relay.stallFinality(false);
  const table = { blocks, fork, voters: accounts.slice(0, 4), strangers: accounts.slice(4), setId: trusted.setId };
  return { local, pallet, table, set: trusted };
}
