/**
 * What was lost or doubled on lanes of a local network, each question asked where the answer cannot be ours: which sequences
 * the target paid, what receivers have, whether what is locked at home is what exists elsewhere; and whether the books of
 * all processes agree with it.
 */
import { createApiClient } from '../../../relayer/cli/apiClient.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { fromHex } from '../../../relayer/core/bytes.ts';
import { bookHolds, countDelivered, withJournal } from './books.ts';
import type { LaneBook, LocalWorld } from './localWorld.ts';

export interface LanesJudgement {
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  /** Receivers with another balance than they must have. */
  readonly wrongBalances: number;
  readonly accountsChecked: number;
  /** What is locked at home is what exists elsewhere, for every asset of the network. */
  readonly supplyHolds: boolean;
  /** Every attester derived, booked and signed what was deposited; every journal has all of it delivered. */
  readonly booksHold: boolean;
}

const LOOK_MS = 500;
const PATIENCE_MS = 60_000;
/** Beyond what the relayer says: attesters are separate processes on a busy machine. */
const SETTLE_MS = 6_000;

/** Waits until the relayer has seen its payments in verified blocks, stops it, and judges all that went over any lane. */
export async function closeBooks(
  world: LocalWorld,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly judgement: LanesJudgement; readonly transfers: number }> {
  const api = createApiClient(world.network.apiUrl);
  const until = systemClock.now() + PATIENCE_MS;
  const isSettled = async (): Promise<boolean> => {
    const { lanes } = (await api.get('/v1/lanes')) as { readonly lanes: readonly { id: string; delivered: string }[] };
    return [...world.books.values()].every(({ id, deposits }) =>
      lanes.some((lane) => lane.id === id && lane.delivered === String(deposits)),
    );
  };
  while (systemClock.now() < until && !(await isSettled())) await systemClock.sleep(LOOK_MS, signal);
  await systemClock.sleep(SETTLE_MS, signal);
  await world.stopRelayers();
  const judgement = await judgeLanes(world, say, signal);
  const transfers = [...world.books.values()].reduce((sum, { deposits }) => sum + deposits, 0);
  say(`  ${transfers} transfers: ${JSON.stringify(judgement)}`);
  return { judgement, transfers };
}

/** After the relayers have stopped: their journals are opened here. */
async function judgeLanes(
  world: LocalWorld,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<LanesJudgement> {
  const lanes = [...world.books.values()];
  let [lost, doubled, refused, wrongBalances, accountsChecked] = [0, 0, 0, 0, 0];
  for (const lane of lanes) {
    const counted = countDelivered(await world.eye(lane.target).paid(lane.id, signal), lane.deposits);
    lost += counted.lost;
    doubled += counted.doubled;
    refused += counted.refused;
    const balances = await checkBalances(world, lane, signal);
    wrongBalances += balances.wrong;
    accountsChecked += balances.checked;
  }
  const supplyHolds = await world.supply.holds(say, signal);
  const booksHold = await checkBooks(world, lanes);
  return { lost, doubled, refused, wrongBalances, accountsChecked, supplyHolds, booksHold };
}

/** What counts as lost when a sum is wrong although every sequence was delivered. */
export function faultsOf({ lost, refused, wrongBalances, supplyHolds, booksHold }: LanesJudgement): number {
  return lost + refused + wrongBalances + [supplyHolds, booksHold].filter((one) => !one).length;
}

/** Receivers are a run's own, and have nothing of the token before. */
async function checkBalances(
  world: LocalWorld,
  { asset, target, credits }: LaneBook,
  signal: AbortSignal,
): Promise<{ readonly wrong: number; readonly checked: number }> {
  const token = asset.representations.find(({ chain }) => chain === target);
  if (token === undefined) throw new Error('the asset is not on the target');
  const expected = [...credits];
  const accounts = expected.map(([account]) => fromHex(account));
  const balances = await world.eye(target).balances(token, accounts, signal);
  const inToken = (amount: bigint): bigint => (amount * 10n ** BigInt(token.decimals)) / 10n ** BigInt(asset.decimals);
  const wrong = expected.filter(([, amount], index) => balances[index] !== inToken(amount)).length;
  return { wrong, checked: expected.length };
}

async function checkBooks(world: LocalWorld, lanes: readonly LaneBook[]): Promise<boolean> {
  const { attesters, relayer, dataDir } = world.network;
  let holds = true;
  for (const { name } of [...attesters, relayer]) {
    const isAttester = name !== relayer.name;
    await withJournal(dataDir(name), async (journal) => {
      for (const { id, asset, deposits, amount } of lanes) {
        holds &&= await bookHolds(journal, { lane: id, asset: asset.id, deposits, amount }, isAttester);
      }
    });
  }
  return holds;
}
