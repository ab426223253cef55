/** Bulk transfers to any of three targets whose lanes are busy and limited to different degrees: the first lane that fits against planned routes. */
import { assetId, chainName, laneId } from '../../../relayer/core/ids.ts';
import { planRoutes, type RouteLane } from '../../../relayer/spread/index.ts';
import { createRandom } from './random.ts';

const source = chainName('source');
const targets = ['near', 'middle', 'far'].map((name) => chainName(name));
const asset = assetId(1);

export interface RouteRun {
  /** Mean seconds of those that could go either way. */
  readonly seconds: number;
  readonly served: number;
}

export function runRoutes(seed: number, plans: boolean, transfers = 2_000): RouteRun {
  const random = createRandom(seed);
  let [seconds, servedCount, both] = [0, 0, 0];
  for (let i = 0; i < transfers; i++) {
    const lanes: RouteLane[] = targets.map((target, index) => ({
      lane: laneId(`${index}`.padStart(64, '0')),
      source,
      target,
      isOpen: random() > 0.1,
      assets: [
        {
          asset,
          minAmount: 1n,
          maxAmount: undefined,
          granularity: 1n,
          roomNow: BigInt(Math.floor(random() * 1_000)),
          fee: 0n,
        },
      ],
      baseSeconds: [15, 60, 900][index] ?? 60,
      waiting: Math.floor(random() * 5_000),
      perSecond: 20,
    }));
    const amount = BigInt(1 + Math.floor(random() * 1_000));
    const wish = { asset, amount, source, targets, maySplit: plans, middles: [] };
    const quotes = planRoutes(lanes, wish);
    // The naive one takes lanes in the order in which they are listed.
    const first = lanes.flatMap(({ lane }) =>
      quotes.filter(({ parts }) => parts.length === 1 && parts[0]?.lanes[0] === lane),
    )[0];
    const quote = plans ? quotes[0] : first;
    if (quote === undefined) continue;
    servedCount++;
    if (first === undefined) continue;
    both++;
    seconds += quote.seconds;
  }
  return { seconds: seconds / Math.max(1, both), served: servedCount };
}
