/** The rules of the assets: one home each, and no token that backs two of them. */
import type { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import type { assetSchema, RawRepresentation } from './asset.ts';
import { type ChainsByName, checkRepresentation } from './checkRepresentation.ts';
import { type Path, quote } from './findings.ts';
import type { Profile } from './manifest.ts';
import { type Items, publishedKey, type Report, reportRepeats, unknownChain } from './report.ts';
import { isPublishedKey } from './testKeys.ts';

export type RawAsset = z.output<typeof assetSchema>;
/** A native coin names no token. */
const NO_TOKEN = { token: undefined, denom: undefined, assetId: undefined } as const;

export function checkAssets(
  assets: Items<RawAsset>,
  names: ReadonlySet<string>,
  chains: ChainsByName,
  profile: Profile,
  report: Report,
): void {
  reportRepeats(assets, (asset) => String(asset.id), 'id', 'assets', report);
  reportRepeats(assets, (asset) => asset.symbol, 'symbol', 'assets', report);
  const owners = new Map<string, number>();
  for (const { index, item: asset } of assets) {
    const seen = new Set<string>();
    for (const [position, representation] of asset.representations.entries()) {
      const path = ['assets', index, 'representations', position];
      const { chain } = representation;
      if (!names.has(chain)) report([...path, 'chain'], unknownChain(chain, names));
      if (seen.has(chain)) report([...path, 'chain'], { problem: `the asset is on ${quote(chain)} already` });
      seen.add(chain);
      checkRepresentation(path, representation, chains.get(chain), report);
      checkToken(path, asset.id, representation, owners, profile, report);
    }
    checkHomes(['assets', index], asset, report);
  }
}

function checkToken(
  path: Path,
  asset: number,
  representation: RawRepresentation,
  owners: Map<string, number>,
  profile: Profile,
  report: Report,
): void {
  const { token, denom, assetId } = representation.custody === 'native' ? NO_TOKEN : representation;
  // A token that is missing has its own finding.
  const named = token?.toLowerCase() ?? denom ?? assetId;
  if (representation.custody !== 'native' && named === undefined) return;
  const field = token !== undefined ? 'token' : denom !== undefined ? 'denom' : 'assetId';
  const place = [...path, named === undefined ? 'custody' : field];
  const key = `${representation.chain} ${named ?? 'native'}`;
  const owner = owners.get(key);
  owners.set(key, asset);
  if (owner !== undefined && owner !== asset) {
    report(place, {
      problem: `asset ${owner} is this token already`,
      fix: 'Two assets backed by the same token could each pay out what the other holds.',
    });
  }
  if (profile !== 'dev' && token !== undefined && isPublishedKey(fromHex(token))) report(place, publishedKey());
}

function checkHomes(path: Path, asset: RawAsset, report: Report): void {
  const homes = [...asset.representations.entries()].filter(([, one]) => one.custody !== 'mint');
  const [first, second] = homes;
  if (first === undefined) {
    report([...path, 'representations'], {
      problem: 'the asset has no home, so nothing backs it',
      expected: 'one representation with custody "lock" or "native"',
    });
  }
  if (second !== undefined && asset.homesReason === undefined) {
    report([...path, 'representations', second[0], 'custody'], {
      problem: 'the asset has a second home',
      expected: 'exactly one representation with custody "lock" or "native"',
      fix: 'If that is meant, say why in homesReason: each home can pay out only what it holds itself.',
    });
  }
}
