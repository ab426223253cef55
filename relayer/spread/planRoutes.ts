/**
 * Which ways there are to move an amount, and how long each would take. Pure: (what is known, what is wished) to quotes,
 * soonest first. It promises nothing: times are what the lanes showed lately, and limits may be used up by others first.
 *
 * A route is one path, or several at once between the same ends that share the amount. A path of two legs runs through a
 * chain in the middle, where the user has an account: it is two transfers, the second sent by the user once the first has
 * arrived. Sending it on by itself would need the middle gateway to take instructions, and a packet carries none.
 */
import type { AssetId, ChainName, LaneId } from '../core/ids.ts';

export interface RouteLane {
  readonly lane: LaneId;
  readonly source: ChainName;
  readonly target: ChainName;
  /** Enabled, not paused, and neither chain frozen. */
  readonly isOpen: boolean;
  /** What its assets allow for one transfer, and what the target's gateway may still pay now. */
  readonly assets: readonly RouteAsset[];
  /** Seconds from a deposit to its delivery as measured lately, nothing waiting: finality, signing, inclusion. */
  readonly baseSeconds: number;
  /** Packets deposited and not delivered. */
  readonly waiting: number;
  /** Packets a second that it delivers under load; above 0. */
  readonly perSecond: number;
}

export interface RouteAsset {
  readonly asset: AssetId;
  readonly minAmount: bigint;
  readonly maxAmount: bigint | undefined;
  /** Amounts must be multiples of it, since the coarser side cannot hold less; above 0. */
  readonly granularity: bigint;
  /** Undefined: no limit of value. */
  readonly roomNow: bigint | undefined;
  /** What a transfer costs its sender, in units of the asset. */
  readonly fee: bigint;
}

export interface RouteWish {
  readonly asset: AssetId;
  readonly amount: bigint;
  readonly source: ChainName;
  /** Any of these will do. */
  readonly targets: readonly ChainName[];
  /** Whether the amount may arrive in several transfers. */
  readonly maySplit: boolean;
  /** Whether the user has an account in the middle, and would send on from there. */
  readonly mayStopOver: boolean;
}

export interface RoutePart {
  /** One lane, or two through a chain in the middle. */
  readonly lanes: readonly LaneId[];
  /** What is sent into the first lane. */
  readonly amount: bigint;
  readonly arrives: bigint;
  readonly seconds: number;
}

export interface RouteQuote {
  readonly target: ChainName;
  readonly parts: readonly RoutePart[];
  /** Until the last part has arrived. */
  readonly seconds: number;
  /** In units of the asset, over all parts. */
  readonly fee: bigint;
  /** For people: one sentence a line. */
  readonly explanation: readonly string[];
}

/** Quotes in one answer. No further reason. */
export const QUOTES_MAX = 16;
/** Parts of one transfer: each is a transaction of the user. */
export const PARTS_MAX = 8;
/** Time that a user takes to send on from the middle. */
const STOP_OVER_SECONDS = 60;

interface Path {
  readonly lanes: readonly [RouteLane] | readonly [RouteLane, RouteLane];
  readonly target: ChainName;
  readonly least: bigint;
  readonly most: bigint;
  readonly step: bigint;
  readonly fee: bigint;
  readonly seconds: number;
}

/** Soonest first, then cheapest, then fewest parts. Empty when there is no way. */
export function planRoutes(lanes: readonly RouteLane[], wish: RouteWish): RouteQuote[] {
  if (wish.amount <= 0n) return [];
  const quotes: RouteQuote[] = [];
  for (const target of new Set(wish.targets)) {
    const paths = pathsTo(lanes, wish, target);
    for (const path of paths) {
      const parts = [partOf(path, wish.amount)];
      if (fits(path, wish.amount)) quotes.push(quoteOf(target, parts, [path]));
    }
    const shares = wish.maySplit ? split(paths, wish.amount) : undefined;
    if (shares !== undefined && shares.length > 1) {
      const parts = shares.map(({ path, amount }) => partOf(path, amount));
      quotes.push(quoteOf(target, parts, shares.map(({ path }) => path)));
    }
  }
  return quotes.sort(byWorth).slice(0, QUOTES_MAX);
}

function pathsTo(lanes: readonly RouteLane[], wish: RouteWish, target: ChainName): Path[] {
  const open = lanes.filter(({ isOpen }) => isOpen);
  const first = open.filter(({ source }) => source === wish.source);
  const paths = first.filter((lane) => lane.target === target).map((lane) => pathOf([lane], wish.asset));
  if (wish.mayStopOver) {
    for (const one of first) {
      if (one.target === target) continue;
      for (const two of open) {
        if (two.source === one.target && two.target === target) paths.push(pathOf([one, two], wish.asset));
      }
    }
  }
  return paths.filter((path) => path !== undefined && path.most >= path.least);
}

function pathOf(lanes: Path['lanes'], asset: AssetId): Path | undefined {
  const [one, two] = lanes;
  const first = one.assets.find((row) => row.asset === asset);
  if (first === undefined) return undefined;
  const target = (two ?? one).target;
  const seconds = secondsOf(one);
  const own = { lanes, target, step: first.granularity, fee: first.fee, seconds };
  const [least, most] = [lowest(first), highest(first)];
  if (two === undefined) return { ...own, least, most };
  const second = two.assets.find((row) => row.asset === asset);
  if (second === undefined) return undefined;
  // What arrives in the middle is sent on whole, so it has to suit both lanes.
  const { fee } = first;
  return {
    ...own,
    step: leastCommonMultiple(first.granularity, second.granularity),
    least: larger(least, lowest(second) + fee),
    most: smaller(most, highest(second) + fee),
    fee: fee + second.fee,
    seconds: seconds + STOP_OVER_SECONDS + secondsOf(two),
  };
}

/** What leaves the middle must be a multiple as well: a fee that is none makes a path of two legs impossible. */
function fits(path: Path, amount: bigint): boolean {
  if (amount < path.least || amount > path.most || amount <= path.fee) return false;
  const [one, two] = path.lanes;
  if (two === undefined) return amount % path.step === 0n;
  const first = one.assets.find((row) => row.asset === assetOf(path));
  const firstFee = first?.fee ?? 0n;
  return amount % (first?.granularity ?? 1n) === 0n && (amount - firstFee) % granularityOf(two, assetOf(path)) === 0n;
}
