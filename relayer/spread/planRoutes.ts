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
      quotes.push(
        quoteOf(
          target,
          parts,
          shares.map(({ path }) => path),
        ),
      );
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
      if (one.target === target || one.target === wish.source) continue;
      for (const two of open) {
        if (two.source === one.target && two.target === target) paths.push(pathOf([one, two], wish.asset));
      }
    }
  }
  return paths.filter((path) => path !== undefined).filter(({ least, most }) => most >= least);
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
  if (first.fee % second.granularity !== 0n) return undefined;
  return {
    ...own,
    step: leastCommonMultiple(first.granularity, second.granularity),
    least: larger(least, lowest(second) + first.fee),
    most: smaller(most, highest(second) + first.fee),
    fee: first.fee + second.fee,
    seconds: seconds + STOP_OVER_SECONDS + secondsOf(two),
  };
}

function fits({ least, most, step }: Path, amount: bigint): boolean {
  return amount >= least && amount <= most && amount % step === 0n;
}

/**
 * Shares the amount out: the soonest path first, as much as it takes, but so that what is left for the next is not too
 * small for it. Undefined where no such sharing was found; a path is used once.
 */
function split(paths: readonly Path[], amount: bigint): { path: Path; amount: bigint }[] | undefined {
  const byTime = [...paths].sort((a, b) => a.seconds - b.seconds);
  const used = new Set<LaneId>();
  const shares: { path: Path; amount: bigint }[] = [];
  let left = amount;
  for (const path of byTime) {
    if (left === 0n || shares.length === PARTS_MAX) break;
    // Two paths over one lane would use its room twice.
    if (path.lanes.some(({ lane }) => used.has(lane))) continue;
    const most = smaller(path.most, left);
    const share = most - (most % path.step);
    if (share < path.least || share === 0n) continue;
    shares.push({ path, amount: share });
    for (const { lane } of path.lanes) used.add(lane);
    left -= share;
  }
  if (left > 0n) return undefined;
  return shares;
}

function partOf(path: Path, amount: bigint): RoutePart {
  const lanes = path.lanes.map(({ lane }) => lane);
  return { lanes, amount, arrives: amount - path.fee, seconds: path.seconds };
}

function quoteOf(target: ChainName, parts: readonly RoutePart[], paths: readonly Path[]): RouteQuote {
  const seconds = Math.max(...parts.map((part) => part.seconds));
  const fee = paths.reduce((sum, path) => sum + path.fee, 0n);
  const explanation = parts.map((part, index) => explain(part, paths[index]?.lanes ?? []));
  if (parts.length > 1) explanation.unshift(`The amount is split over ${parts.length} transfers, sent side by side.`);
  return { target, parts, seconds, fee, explanation };
}

function explain({ amount, arrives, seconds }: RoutePart, lanes: readonly RouteLane[]): string {
  const [one, two] = lanes;
  const way = lanes.map(({ source, target }) => `${source} to ${target}`).join(', then ');
  const fee = amount === arrives ? 'no fee' : `a fee of ${amount - arrives}`;
  const waiting = lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  const queue = waiting === 0 ? 'nothing waits before it' : `${waiting} transfers wait before it`;
  const twice = two === undefined ? '' : ` You send it on yourself from ${one?.target ?? ''}.`;
  return `${amount} units from ${way}: about ${Math.ceil(seconds)} s, ${fee}; ${queue}.${twice}`;
}

function byWorth(a: RouteQuote, b: RouteQuote): number {
  if (a.seconds !== b.seconds) return a.seconds - b.seconds;
  if (a.fee !== b.fee) return a.fee < b.fee ? -1 : 1;
  return a.parts.length - b.parts.length;
}

function secondsOf({ baseSeconds, waiting, perSecond }: RouteLane): number {
  return baseSeconds + waiting / perSecond;
}

/** A transfer that brings nothing is none. */
function lowest({ minAmount, fee }: RouteAsset): bigint {
  return larger(minAmount, fee + 1n);
}

function highest({ maxAmount, roomNow }: RouteAsset): bigint {
  return smaller(maxAmount ?? AMOUNT_MAX, roomNow ?? AMOUNT_MAX);
}

/** An amount is 16 bytes in a packet. */
const AMOUNT_MAX = (1n << 128n) - 1n;

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}
