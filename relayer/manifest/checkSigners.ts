/** The rules of the signer set: what k-of-n must be for a theft to need more than one party. */
import { fromHex } from '../core/bytes.ts';
import { publishedKey, type Report, reportRepeats } from './report.ts';
import { quote } from './findings.ts';
import type { Profile } from './manifest.ts';
import { validItems, validValue, valueAt } from './schemaFindings.ts';
import { memberSchema, signersSchema } from './signers.ts';
import { isPublishedKey } from './testKeys.ts';

export function checkSigners(value: unknown, profile: Profile, report: Report): void {
  const list = valueAt(value, ['members']);
  const members = validItems(memberSchema, list);
  reportRepeats(members, (member) => member.name, 'name', 'members', report, ['signers']);
  reportRepeats(members, (member) => member.address.toLowerCase(), 'address', 'members', report, ['signers']);
  if (profile !== 'dev') {
    for (const { index, item } of members) {
      if (isPublishedKey(fromHex(item.address))) report(['signers', 'members', index, 'address'], publishedKey());
    }
  }
  const threshold = validValue(signersSchema.shape.threshold, valueAt(value, ['threshold']));
  if (threshold === undefined || !Array.isArray(list) || list.length === 0) return;
  checkThreshold(threshold, list.length, profile, report);
  warnOfOperators(members, threshold, report);
}

/** The fewest of `count` members that may decide. */
export function leastThreshold(count: number, profile: Profile): { readonly least: number; readonly rule: string } {
  const majority = Math.floor(count / 2) + 1;
  return profile === 'dev'
    ? { least: majority, rule: 'more than half' }
    : { least: Math.max(majority, Math.ceil((2 * count) / 3)), rule: 'two thirds outside profile dev' };
}

function checkThreshold(threshold: number, count: number, profile: Profile, report: Report): void {
  const { least, rule } = leastThreshold(count, profile);
  const path = ['signers', 'threshold'];
  if (threshold > count) {
    report(path, {
      problem: 'more signatures than there are members',
      expected: `at most ${count}`,
      got: String(threshold),
    });
  } else if (threshold < least) {
    report(path, {
      problem: 'too few signatures would control the gateways',
      expected: `at least ${least} of ${count} (${rule})`,
      got: String(threshold),
    });
  }
  if (profile !== 'dev' && count === 1) {
    report(['signers', 'members'], {
      problem: 'one signer alone would control the gateways',
      expected: 'at least 2 members outside profile dev',
      got: '1',
    });
  }
}

/** Ronin fell because four of nine keys, and the word of a fifth, were in one house (ATTACKS 01). */
function warnOfOperators(
  members: readonly { readonly item: { readonly operator?: string | undefined } }[],
  threshold: number,
  report: Report,
): void {
  const counts = new Map<string, number>();
  for (const { item } of members) {
    if (item.operator !== undefined) counts.set(item.operator, (counts.get(item.operator) ?? 0) + 1);
  }
  for (const [operator, count] of counts) {
    // A set of one is another finding.
    if (count < threshold || members.length === 1) continue;
    report(['signers', 'members'], {
      severity: 'warning',
      problem: `${count} members are run by ${quote(operator)}, and ${threshold} signatures are enough: it could sign alone`,
      fix: 'Spread the members over more operators, or raise the threshold.',
    });
  }
}
