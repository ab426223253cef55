/**
 * Quotes: which ways a transfer could go now, from what this process knows. The manifest says which lanes there are and
 * what they take; the journal what waits and what was fast; the target's gateway, unverified, what it pays out now. A quote is
 * a forecast and binds nobody.
 */
import { abortedError, type Clock } from '../core/clock.ts';
import { createSerial } from '../core/concurrency.ts';
import type { AssetId, ChainName, Family, LaneId } from '../core/ids.ts';
import { formatUnits } from '../core/units.ts';
import {
  type Asset,
  chainByName,
  isHomeLane,
  laneGranularity,
  type Manifest,
  type ManifestLane,
} from '../manifest/index.ts';
import type { Journal } from '../store/journal.ts';
import type { LaneMeter } from './laneMeter.ts';
import {
  planRoutes,
  type RouteLane,
  type RouteMiddle,
  type RouteQuote,
  type RouteWish,
  whyNoRoute,
} from './planRoutes.ts';
import { RULE_DELIVERY_SECONDS, ruleFinalitySeconds } from './ruleSeconds.ts';

export interface QuotesDeps {
  readonly clock: Clock;
  readonly manifest: Manifest;
  readonly journal: Journal;
  readonly meter: LaneMeter;
  /** What roles said lately about a lane. */
  blocked(lane: LaneId): { readonly step: string; readonly reason: string } | undefined;
  /** What the target's gateway pays of an asset now, in canonical units; undefined where it has no limit, or none is known. */
  roomNow(chain: ChainName, asset: AssetId, signal: AbortSignal): Promise<bigint | undefined>;
  /** Why the account could not be paid so much now, if the chain says so. */
  unpayable(
    chain: ChainName,
    asset: AssetId,
    amount: bigint,
    receiver: Uint8Array,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** What a delivery of the lane costs whoever submits it, in what its target counts; undefined where it is not known. */
  costOf(lane: LaneId): number | undefined;
  /** Chains that send on by themselves. */
  readonly middles: readonly RouteMiddle[];
}

/** Checked against the manifest. */
export interface QuoteWish {
  readonly asset: Asset;
  /** Canonical units. */
  readonly amount: bigint;
  readonly source: ChainName;
  /** With the receiver on each, where it was said. */
  readonly targets: readonly { readonly chain: ChainName; readonly receiver: Uint8Array | undefined }[];
  readonly maySplit: boolean;
  /** Whether it may change lanes on the way, and where. */
  readonly via: 'no' | 'any' | ChainName;
}

export interface Quotes {
  readonly quotes: readonly RouteQuote[];
  /** For people: one sentence a line; what is not measured, blocked, or in the way. */
  readonly notes: readonly string[];
}

export type AskQuotes = (wish: QuoteWish, signal: AbortSignal) => Promise<Quotes>;

/** How long what a gateway lets out now is taken for true. */
const ROOM_VALID_MS = 5_000;

export function createQuotes(deps: QuotesDeps): AskQuotes {
  const { manifest, journal, meter, clock } = deps;
  // One at a time: whoever asks for many has the chains' endpoints asked no faster than one after the other.
  const serial = createSerial();
  const rooms = new Map<string, { readonly atMs: number; readonly room: bigint | undefined }>();

  /** What is not known now does not stand in the way: the gateway decides in the end. */
  async function roomNow(chain: ChainName, asset: AssetId, signal: AbortSignal): Promise<bigint | undefined> {
    const key = `${chain} ${asset}`;
    const known = rooms.get(key);
    if (known !== undefined && clock.now() - known.atMs < ROOM_VALID_MS) return known.room;
    const room = await deps.roomNow(chain, asset, signal).catch(() => undefined);
    rooms.set(key, { atMs: clock.now(), room });
    return room;
  }

  async function frozenChains(): Promise<ReadonlySet<ChainName>> {
    const frozen = new Set<ChainName>();
    for (const { name } of manifest.chains) if ((await journal.chain(name))?.frozen !== undefined) frozen.add(name);
    return frozen;
  }

  async function routeLane(
    lane: ManifestLane,
    asset: Asset,
    roomNow: bigint | undefined,
    frozen: ReadonlySet<ChainName>,
    notes: string[],
  ): Promise<RouteLane> {
    const { id, source, target } = lane;
    const terms = lane.assets.find((row) => row.id === asset.id);
    const reading = await meter.read(id);
    const way = `${source} to ${target}`;
    const blocked = deps.blocked(id);
    if (frozen.has(source) || frozen.has(target)) notes.push(`${way} is closed: a chain is frozen.`);
    else if (blocked !== undefined) notes.push(`${way} waits for ${blocked.step}: ${blocked.reason}.`);
    const sourceChain = chainByName(manifest, source);
    if (!reading.isOwn) {
      const other = reading.idleSeconds === undefined ? 'a rule of thumb' : `that of other lanes to ${target}`;
      notes.push(`${way}: nothing was delivered lately; its time is ${other}.`);
    }
    return {
      lane: id,
      source,
      target,
      isOpen: lane.enabled && !isHomeLane(lane) && !frozen.has(source) && !frozen.has(target),
      assets:
        terms === undefined
          ? []
          : [
              {
                asset: asset.id,
                minAmount: terms.minAmount,
                maxAmount: terms.maxAmount,
                granularity: laneGranularity(asset, lane) ?? 1n,
                roomNow,
                // Lanes take no fee; each chain takes its own for the transaction.
                fee: 0n,
              },
            ],
      baseSeconds:
        (reading.finalitySeconds ?? (sourceChain === undefined ? 0 : ruleFinalitySeconds(sourceChain.lightClient))) +
        (reading.idleSeconds ?? RULE_DELIVERY_SECONDS),
      waiting: reading.waiting,
      deliveryCost: costText(deps.costOf(id), chainByName(manifest, target)?.family),
      perSecond: reading.perSecond ?? lane.chunkSize / RULE_DELIVERY_SECONDS,
    };
  }

  return async (wish, signal) =>
    serial(async () => {
      // Its asker has gone meanwhile.
      if (signal.aborted) throw abortedError(signal);
      return answer(wish, signal);
    });

  async function answer(asked: QuoteWish, signal: AbortSignal): Promise<Quotes> {
    const { asset, amount, source, targets, maySplit, via } = asked;
    const notes: string[] = [];
    const frozen = await frozenChains();
    const middles = deps.middles.filter(({ chain }) => via === 'any' || via === chain);
    const ends = new Set([...targets.map(({ chain }) => chain), ...middles.map(({ chain }) => chain)]);
    const starts = new Set([source, ...middles.map(({ chain }) => chain)]);
    const used = manifest.lanes.filter((lane) => starts.has(lane.source) && ends.has(lane.target) && !isHomeLane(lane));
    const lanes: RouteLane[] = [];
    for (const lane of used) {
      const room = await roomNow(lane.target, asset.id, signal);
      lanes.push(await routeLane(lane, asset, room, frozen, notes));
    }
    const wish: RouteWish = {
      asset: asset.id,
      amount,
      source,
      targets: targets.map(({ chain }) => chain),
      maySplit,
      middles,
      show: (units) => `${formatUnits(units, asset.decimals)} ${asset.symbol}`,
    };
    const found = via === 'no' || via === 'any' ? planRoutes(lanes, wish) : onlyVia(planRoutes(lanes, wish));
    const quotes = await payable(found, asset, targets, notes, signal);
    if (found.length === 0) notes.push(...whyNoRoute(lanes, wish));
    return { quotes, notes: [...new Set(notes)] };
  }

  /** Without those whose receiver could not be paid so little. */
  async function payable(
    found: readonly RouteQuote[],
    asset: Asset,
    targets: QuoteWish['targets'],
    notes: string[],
    signal: AbortSignal,
  ): Promise<RouteQuote[]> {
    const kept: RouteQuote[] = [];
    for (const quote of found) {
      let problem: string | undefined;
      for (const { target, arrives } of quote.parts) {
        const receiver = targets.find(({ chain }) => chain === target)?.receiver;
        if (receiver === undefined) continue;
        const why = await deps.unpayable(target, asset.id, arrives, receiver, signal).catch(() => undefined);
        if (why !== undefined)
          problem ??= `${target} would not pay ${formatUnits(arrives, asset.decimals)} ${asset.symbol} to it: ${why}.`;
      }
      if (problem === undefined) kept.push(quote);
      else notes.push(problem);
    }
    return kept;
  }
}

function costText(cost: number | undefined, family: Family | undefined): string | undefined {
  if (cost === undefined) return undefined;
  return `${Math.ceil(cost)} ${family === 'substrate' ? 'units of weight' : 'gas'}`;
}

function onlyVia(quotes: readonly RouteQuote[]): RouteQuote[] {
  return quotes.filter(({ parts }) => parts.every(({ via }) => via !== undefined));
}
