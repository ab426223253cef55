/** The rules of the lanes: known ends, a way back for every packet, and only assets that exist at both ends. */
import type { z } from 'zod';
import type { RawAsset } from './checkAssets.ts';
import { reportLargeChunk } from './checkSubstrateChain.ts';
import { type Path, quote } from './findings.ts';
import { granularityOf } from './granularity.ts';
import type { laneSchema } from './lane.ts';
import { type Items, type Report, reportRepeats, unknownChain } from './report.ts';

export type RawLane = z.output<typeof laneSchema>;
type RawLaneAsset = RawLane['assets'][number];

/** What the lanes refer to. Names and numbers of items with mistakes of their own are in it: one mistake, one finding. */
export interface Known {
  readonly chains: ReadonlySet<string>;
  /** Those of the Substrate family. */
  readonly substrate: ReadonlySet<string>;
  readonly assetIds: ReadonlySet<number>;
  /** `source target` of every lane. */
  readonly pairs: ReadonlySet<string>;
  /** Without mistakes. */
  readonly assets: ReadonlyMap<number, RawAsset>;
}

export function checkLanes(lanes: Items<RawLane>, known: Known, report: Report): void {
  reportRepeats(lanes, (lane) => `${lane.source} to ${lane.target}`, 'target', 'lanes', report);
  const byPair = new Map(lanes.map(({ item }) => [`${item.source} ${item.target}`, item]));
  // A lane with a mistaken end may be the opposite of one that seems to have none.
  const mistaken = lanes.filter(({ item }) => item.source === item.target || !isKnown(item, known));
  for (const { index, item: lane } of lanes) {
    const path = ['lanes', index];
    for (const side of ['source', 'target'] as const) {
      if (!known.chains.has(lane[side])) report([...path, side], unknownChain(lane[side], known.chains));
    }
    if (lane.source === lane.target) {
      report([...path, 'target'], { problem: 'a lane from a chain to itself', got: quote(lane.target) });
      continue;
    }
    const opposite = byPair.get(`${lane.target} ${lane.source}`);
    const excused = mistaken.some(({ item }) => item.source === lane.target || item.target === lane.source);
    if (!known.pairs.has(`${lane.target} ${lane.source}`) && isKnown(lane, known) && !excused) {
      report(path, {
        problem: `the opposite lane, ${lane.target} to ${lane.source}, is missing`,
        fix: 'Add it: packets that cannot be paid out return on it.',
      });
    } else if (lane.enabled && opposite?.enabled === false) {
      report([...path, 'enabled'], {
        severity: 'warning',
        problem: `the opposite lane, ${lane.target} to ${lane.source}, is not enabled`,
        fix: 'Packets that cannot be paid out have no way back until it is.',
      });
    }
    if (known.substrate.has(lane.target)) reportLargeChunk([...path, 'chunkSize'], lane.chunkSize, report);
    checkLaneAssets(path, lane, opposite, known, report);
  }
}

function isKnown(lane: RawLane, known: Known): boolean {
  return known.chains.has(lane.source) && known.chains.has(lane.target);
}

function checkLaneAssets(
  lanePath: Path,
  lane: RawLane,
  opposite: RawLane | undefined,
  known: Known,
  report: Report,
): void {
  const seen = new Set<number>();
  const returning = opposite === undefined ? undefined : new Set(opposite.assets.map((asset) => asset.id));
  for (const [position, laneAsset] of lane.assets.entries()) {
    const path = [...lanePath, 'assets', position];
    const { id } = laneAsset;
    if (seen.has(id)) report([...path, 'id'], { problem: `asset ${id} is on this lane already` });
    seen.add(id);
    if (!known.assetIds.has(id)) report([...path, 'id'], { problem: 'no such asset', got: String(id) });
    const asset = known.assets.get(id);
    for (const chain of asset === undefined ? [] : [lane.source, lane.target]) {
      if (!known.chains.has(chain) || asset?.representations.some((one) => one.chain === chain) === true) continue;
      report([...path, 'id'], {
        problem: `asset ${id} has no representation on ${quote(chain)}`,
        fix: 'Add one to the asset, or take the asset off the lane.',
      });
    }
    if (returning?.has(id) === false) {
      report([...path, 'id'], {
        problem: `the opposite lane does not carry asset ${id}`,
        fix: 'Add it there: packets that cannot be paid out return on it.',
      });
    }
    const decimalsOn = (chain: string): number | undefined =>
      asset?.representations.find((one) => one.chain === chain)?.decimals;
    const [source, target] = [decimalsOn(lane.source), decimalsOn(lane.target)];
    const placed = asset !== undefined && source !== undefined && target !== undefined;
    checkAmounts(path, laneAsset, placed ? granularityOf(asset.decimals, source, target) : 1n, report);
  }
}

/** `granularity`: what both ends can represent, in canonical units. */
function checkAmounts(path: Path, asset: RawLaneAsset, granularity: bigint, report: Report): void {
  const min = BigInt(asset.minAmount);
  if (min === 0n) {
    report([...path, 'minAmount'], {
      problem: 'transfers of nothing would cost fees for ever',
      expected: 'at least "1"',
      got: '"0"',
    });
    return;
  }
  if (asset.maxAmount === undefined) return;
  const least = ((min + granularity - 1n) / granularity) * granularity;
  if (BigInt(asset.maxAmount) >= least) return;
  const why = granularity === 1n ? '' : ` in steps of ${granularity}, the smallest amount that both ends can represent`;
  report([...path, 'maxAmount'], {
    problem: `no transfer fits between minAmount and maxAmount${why}`,
    expected: `at least "${least}"`,
    got: quote(asset.maxAmount),
  });
}
