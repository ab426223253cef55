/** The rules of every vault: a key of each member for each account, and a threshold that is safe. */
import { type Path, quote } from './findings.ts';
import type { Profile } from './manifest.ts';
import type { Report } from './report.ts';
import { leastThreshold } from './checkSigners.ts';

/** Of the signer set, as far as it is without mistakes. */
export interface VaultSigners {
  readonly threshold: number | undefined;
  readonly members: number | undefined;
}

interface RawVault {
  readonly threshold?: number | undefined;
  readonly shards: readonly { readonly members: readonly string[] }[];
}

export function checkVaultKeys(
  path: Path,
  { threshold, shards }: RawVault,
  signers: VaultSigners,
  profile: Profile,
  report: Report,
  /** Whether a member has the same key in all shards: something else must then tell their accounts apart. */
  sharesKeys = false,
): void {
  const count = signers.members;
  if (count !== undefined && threshold !== undefined) {
    const { least, rule } = leastThreshold(count, profile);
    if (threshold > count || threshold < least) {
      report([...path, 'threshold'], {
        problem:
          threshold > count ? 'more signatures than there are members' : 'too few members would control the vault',
        expected: `${least} to ${count} of ${count} (${rule})`,
        got: String(threshold),
      });
    }
  }
  const owners = new Map<string, number>();
  for (const [index, { members }] of shards.entries()) {
    const place = [...path, 'shards', index, 'members'];
    if (count !== undefined && members.length !== count) {
      report(place, {
        problem: 'not one key for each member of the signer set',
        expected: `${count} keys, in the order of signers.members`,
        got: String(members.length),
      });
    }
    for (const [position, key] of members.entries()) {
      const owner = owners.get(key);
      if (owner !== undefined && (owner === index || !sharesKeys)) {
        report([...place, position], {
          problem: owner === index ? 'the key is in this shard already' : `the key is in shards[${owner}] already`,
          got: quote(key),
          fix: 'Each member has a key of its own for each shard: equal keys would make equal accounts.',
        });
      }
      owners.set(key, index);
    }
  }
}
