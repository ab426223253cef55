/**
 * Which ways there are to move an amount, and how long each would take. Pure: (what is known, what is wished) to quotes,
 * best first (`byWorth.ts`). It promises nothing: times are what the lanes showed lately, and limits may be used up by others first.
 *
 * A route is one transfer, or several at once that share the amount, to one of the targets or over several of them. A
 * transfer of two lanes runs through a chain in the middle that sends on by itself: its receiver there is a forwarder, a
 * contract that can do nothing else with it.
 */
import type { AssetId, ChainName, LaneId } from '../core/ids.ts';
import { byWorth, whyFirst, type Worth } from './byWorth.ts';

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
  /** What a delivery costs whoever submits it, for people: `11800 gas`. Undefined where nothing was learned. */
  readonly deliveryCost?: string | undefined;
}

export interface RouteAsset {
  readonly asset: AssetId;
  readonly minAmount: bigint;
  readonly maxAmount: bigint | undefined;
  /** Amounts must be multiples of it, since the coarser side cannot hold less; above 0. */
  readonly granularity: bigint;
  /** What the target's gateway pays of the asset now, over all lanes to it. Undefined: no limit of value, or not known. */
  readonly roomNow: bigint | undefined;
  /** What a transfer costs its sender, in units of the asset. */
  readonly fee: bigint;
}

/** A chain in the middle that sends on by itself. */
export interface RouteMiddle {
  readonly chain: ChainName;
  /** From the delivery there to the deposit into the second lane. */
  readonly seconds: number;
}

export interface RouteWish {
  readonly asset: AssetId;
  readonly amount: bigint;
  readonly source: ChainName;
  /** Any of these will do. */
  readonly targets: readonly ChainName[];
  /** Whether the amount may arrive in several transfers, over several of the targets too. */
  readonly maySplit: boolean;
  /** Where the amount may change lanes. */
  readonly middles: readonly RouteMiddle[];
  /** How an amount is shown to people; canonical units when left out. */
  show?(amount: bigint): string;
}

export interface RoutePart {
  readonly target: ChainName;
  /** One lane, or two through a chain in the middle. */
  readonly lanes: readonly LaneId[];
  readonly via: ChainName | undefined;
  /** What is sent into the first lane. */
  readonly amount: bigint;
  readonly arrives: bigint;
  readonly seconds: number;
  /** Of its lanes, as far as they are known. The sender does not pay them. */
  readonly deliveryCosts: readonly string[];
}

export interface RouteQuote {
  /** Where something arrives. */
  readonly targets: readonly ChainName[];
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
/** An amount is 16 bytes in a packet. */
const AMOUNT_MAX = (1n << 128n) - 1n;

interface Path {
  readonly lanes: readonly [RouteLane] | readonly [RouteLane, RouteLane];
  readonly target: ChainName;
  readonly least: bigint;
  /** Of one transfer. */
  readonly most: bigint;
  readonly step: bigint;
  readonly fee: bigint;
  readonly seconds: number;
  /** What gateways on the way let out: of each chain that is reached, how much of the asset, and the fee taken before it. */
  readonly rooms: readonly { readonly chain: ChainName; readonly room: bigint; readonly feeBefore: bigint }[];
}

interface Share {
  readonly path: Path;
  readonly amount: bigint;
}

/** Best first: the soonest; of those alike the cheapest, with the fewest deliveries. Empty when there is no way: `whyNoRoute` says why. */
export function planRoutes(lanes: readonly RouteLane[], wish: RouteWish): RouteQuote[] {
  if (wish.amount <= 0n) return [];
  const targets = [...new Set(wish.targets)];
  const pathsOf = targets.map((target) => pathsTo(lanes, wish, target));
  const quotes = pathsOf
    .flat()
    .flatMap((path) => (fits(path, wish.amount) ? [quoteOf(wish, [sharing(path, wish)])] : []));
  if (wish.maySplit) {
    const pools = targets.length > 1 ? [...pathsOf, pathsOf.flat()] : pathsOf;
    const seen = new Set<string>();
    for (const pool of pools) {
      const shares = split(pool, wish.amount);
      if (shares === undefined || shares.length < 2) continue;
      const quote = quoteOf(wish, shares);
      const name = quote.parts.map(({ lanes: ids, amount }) => `${ids.join('>')}:${amount}`).join(' ');
      if (!seen.has(name)) quotes.push(quote);
      seen.add(name);
    }
  }
  const ranked = quotes.map((quote) => ({ quote, worth: worthOf(quote) })).sort((a, b) => byWorth(a.worth, b.worth));
  const [best, next] = ranked;
  const why = best && next && whyFirst(best.worth, next.worth);
  return ranked
    .slice(0, QUOTES_MAX)
    .map(({ quote }, at) =>
      at === 0 && why !== undefined ? { ...quote, explanation: [...quote.explanation, why] } : quote,
    );
}

function worthOf({ seconds, fee, parts }: RouteQuote): Worth {
  return { seconds, fee, deliveries: parts.reduce((sum, { lanes }) => sum + lanes.length, 0) };
}

/** Why nothing was found, for people: one sentence for each way that was looked at. */
export function whyNoRoute(lanes: readonly RouteLane[], wish: RouteWish): string[] {
  const show = shower(wish);
  if (wish.amount <= 0n) return ['An amount above zero is needed.'];
  return [...new Set(wish.targets)].map((target) => {
    const way = `${wish.source} to ${target}`;
    const lane = lanes.find((row) => row.source === wish.source && row.target === target);
    if (lane === undefined) return `There is no lane from ${way}.`;
    if (!lane.isOpen) return `The lane from ${way} takes no transfers now.`;
    const row = lane.assets.find(({ asset }) => asset === wish.asset);
    if (row === undefined) return `The lane from ${way} does not carry this asset.`;
    const { granularity, maxAmount, roomNow } = row;
    if (wish.amount < lowest(row)) return `From ${way} a transfer has at least ${show(lowest(row))}.`;
    if (wish.amount % granularity !== 0n) return `From ${way} amounts are multiples of ${show(granularity)}.`;
    if (maxAmount !== undefined && wish.amount > maxAmount) {
      return `From ${way} a transfer has at most ${show(maxAmount)}${wish.maySplit ? '' : '; more of them may carry it'}.`;
    }
    if (roomNow !== undefined && wish.amount > roomNow) return `${target} pays out no more than ${show(roomNow)} now.`;
    return `No sharing of the amount over the lanes from ${way} was found.`;
  });
}

function pathsTo(lanes: readonly RouteLane[], wish: RouteWish, target: ChainName): Path[] {
  const open = lanes.filter(({ isOpen, source, target: end }) => isOpen && source !== end);
  const first = open.filter(({ source }) => source === wish.source);
  const paths = first.filter((lane) => lane.target === target).map((lane) => pathOf([lane], wish.asset, 0));
  for (const { chain, seconds } of wish.middles) {
    if (chain === target || chain === wish.source) continue;
    for (const one of first) {
      if (one.target !== chain) continue;
      for (const two of open) {
        if (two.source === chain && two.target === target) paths.push(pathOf([one, two], wish.asset, seconds));
      }
    }
  }
  return paths.filter((path) => path !== undefined).filter(({ least, most }) => most >= least);
}

function pathOf(lanes: Path['lanes'], asset: AssetId, middleSeconds: number): Path | undefined {
  const [one, two] = lanes;
  const first = one.assets.find((row) => row.asset === asset);
  if (first === undefined) return undefined;
  const target = (two ?? one).target;
  const seconds = secondsOf(one);
  const room = { chain: one.target, room: first.roomNow ?? AMOUNT_MAX, feeBefore: 0n };
  const own = { lanes, target, step: first.granularity, fee: first.fee, seconds, rooms: [room] };
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
    seconds: seconds + middleSeconds + secondsOf(two),
    rooms: [room, { chain: two.target, room: second.roomNow ?? AMOUNT_MAX, feeBefore: first.fee }],
  };
}

function fits({ least, most, step }: Path, amount: bigint): boolean {
  return amount >= least && amount <= most && amount % step === 0n;
}

function sharing(path: Path, { amount }: RouteWish): Share {
  return { path, amount };
}

/**
 * Shares the amount out: the soonest path first, as much and as often as it takes, but so that what is left for the next is
 * not too small for it. What a gateway lets out is counted over all paths to it. Undefined where no such sharing was found.
 */
function split(paths: readonly Path[], amount: bigint): Share[] | undefined {
  const byTime = [...paths].sort((a, b) => a.seconds - b.seconds || (a.fee < b.fee ? -1 : 1));
  const used = new Map<ChainName, bigint>();
  const mostOf = ({ most, rooms }: Path): bigint =>
    rooms.reduce(
      (least, { chain, room, feeBefore }) => smaller(least, room - (used.get(chain) ?? 0n) + feeBefore),
      most,
    );
  const shares: Share[] = [];
  let left = amount;
  for (let at = 0; at < byTime.length && left > 0n && shares.length < PARTS_MAX;) {
    const path = byTime[at] as Path;
    const share = shareOf(path, smaller(mostOf(path), left), left, smallest(byTime.slice(at)));
    if (share === 0n) {
      at++;
      continue;
    }
    shares.push({ path, amount: share });
    for (const { chain, feeBefore } of path.rooms) used.set(chain, (used.get(chain) ?? 0n) + share - feeBefore);
    left -= share;
  }
  return left === 0n ? shares : undefined;
}

/** What of `left` goes this way: at most `most`, whole steps, and nothing too small left over. Zero when it does not go. */
function shareOf({ least, step }: Path, most: bigint, left: bigint, leastNext: bigint): bigint {
  const rest = left - most;
  const reduced = rest > 0n && rest < leastNext ? left - leastNext : most;
  const share = reduced - (((reduced % step) + step) % step);
  return share < least || share <= 0n ? 0n : share;
}

function smallest(paths: readonly Path[]): bigint {
  return paths.reduce((least, path) => smaller(least, path.least), AMOUNT_MAX);
}

function quoteOf(wish: RouteWish, shares: readonly Share[]): RouteQuote {
  const parts = shares.map(({ path, amount }): RoutePart => {
    const [one, two] = path.lanes;
    const lanes = path.lanes.map(({ lane }) => lane);
    const via = two === undefined ? undefined : one.target;
    const deliveryCosts = path.lanes.flatMap(({ deliveryCost }) => deliveryCost ?? []);
    const own = { target: path.target, lanes, via, amount, arrives: amount - path.fee, seconds: path.seconds };
    return { ...own, deliveryCosts };
  });
  const explanation = shares.map(({ path }, index) => explain(wish, parts[index] as RoutePart, path.lanes));
  if (parts.length > 1) explanation.unshift(`The amount is split over ${parts.length} transfers, sent side by side.`);
  return {
    targets: [...new Set(parts.map(({ target }) => target))],
    parts,
    seconds: Math.max(...parts.map((part) => part.seconds)),
    fee: shares.reduce((sum, { path }) => sum + path.fee, 0n),
    explanation,
  };
}

function explain(wish: RouteWish, { amount, arrives, seconds, via }: RoutePart, lanes: readonly RouteLane[]): string {
  const show = shower(wish);
  const way = lanes.map(({ source, target }) => `${source} to ${target}`).join(', then ');
  const fee = amount === arrives ? 'no fee' : `a fee of ${show(amount - arrives)}`;
  const waiting = lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  const queue =
    waiting === 0
      ? 'nothing waits before it'
      : `${waiting} ${waiting === 1 ? 'transfer waits' : 'transfers wait'} before it`;
  const costs = lanes.flatMap(({ deliveryCost }) => deliveryCost ?? []);
  const cost = costs.length === 0 ? '' : ` The relayer pays about ${costs.join(' and ')} for its delivery.`;
  const twice = via === undefined ? '' : ` A forwarder on ${via} sends it on; what cannot go on stays yours there.`;
  return `${show(amount)} from ${way}: about ${Math.ceil(seconds)} s, ${fee}; ${queue}.${cost}${twice}`;
}

function shower(wish: RouteWish): (amount: bigint) => string {
  return (amount) => wish.show?.(amount) ?? `${amount} units`;
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

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}
