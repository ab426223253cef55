/**
 * The checks that need more than one field of a manifest. They run on whatever parts are valid by themselves, so that
 * one reading reports everything.
 */
import { assetSchema } from './asset.ts';
import { chainSchema } from './chain.ts';
import { checkAssets } from './checkAssets.ts';
import { checkChains } from './checkChains.ts';
import { checkLanes } from './checkLanes.ts';
import { checkSigners } from './checkSigners.ts';
import type { SourceDocument } from './document.ts';
import type { Finding, Path } from './findings.ts';
import { laneSchema } from './lane.ts';
import type { Report } from './report.ts';
import { validItems, validValue, valueAt } from './schemaFindings.ts';
import { signersSchema } from './signers.ts';

export function checkManifest(document: SourceDocument): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (path, text) => findings.push(document.finding(path, text));
  const at = (...path: Path): unknown => valueAt(document.value, path);
  // Anything but dev gets the strict rules.
  const profile = at('profile') === 'dev' ? 'dev' : 'testnet';
  const assets = validItems(assetSchema, at('assets'));
  const chains = new Set(fieldsOf(at('chains'), 'name').filter((name) => typeof name === 'string'));
  const sources = fieldsOf(at('lanes'), 'source');
  const targets = fieldsOf(at('lanes'), 'target');
  const rows = validItems(chainSchema, at('chains'));
  const members = at('signers', 'members');
  const signers = {
    threshold: validValue(signersSchema.shape.threshold, at('signers', 'threshold')),
    members: Array.isArray(members) && members.length > 0 ? members.length : undefined,
  };
  checkChains(rows, signers, profile, report);
  checkSigners(at('signers'), profile, report);
  checkAssets(assets, chains, new Map(rows.map(({ item }) => [item.name, item])), profile, report);
  checkLanes(
    validItems(laneSchema, at('lanes')),
    {
      chains,
      substrate: new Set(rows.flatMap(({ item: { name, family } }) => (family === 'substrate' ? [name] : []))),
      assetIds: new Set(fieldsOf(at('assets'), 'id').filter((id) => typeof id === 'number')),
      pairs: new Set(sources.map((source, index) => `${text(source)} ${text(targets[index])}`)),
      assets: new Map(assets.map(({ item }) => [item.id, item])),
    },
    report,
  );
  return findings;
}

function fieldsOf(list: unknown, field: string): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  return items.map((item) => valueAt(item, [field]));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
