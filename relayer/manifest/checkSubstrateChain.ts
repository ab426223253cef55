/** The rules of a Substrate chain: an id that is that of its genesis, runtimes once each, and accounts of its own for each part. */
import type { RawChain } from './chain.ts';
import { checkVaultKeys, type VaultSigners } from './checkVault.ts';
import { type Path, quote } from './findings.ts';
import type { Profile } from './manifest.ts';
import type { Report } from './report.ts';

type RawSubstrateChain = Extract<RawChain, { family: 'substrate' }>;

export function checkSubstrateChain(
  path: Path,
  { id, genesisHash, runtimes, gateway }: RawSubstrateChain,
  signers: VaultSigners,
  profile: Profile,
  report: Report,
): void {
  const own = `polkadot:${genesisHash.slice(2, 34).toLowerCase()}`;
  if (id !== own) {
    report([...path, 'id'], { problem: 'not the id of this genesis hash', expected: quote(own), got: quote(id) });
  }
  for (const [index, { specVersion }] of runtimes.entries()) {
    if (!runtimes.slice(0, index).some((other) => other.specVersion === specVersion)) continue;
    report([...path, 'runtimes', index, 'specVersion'], { problem: `spec version ${specVersion} is there already` });
  }
  // A shard's account has its own opener and executor among its keys.
  checkVaultKeys([...path, 'gateway'], gateway, signers, profile, report, true);
  const members = new Set(gateway.shards.flatMap((shard) => shard.members));
  const others = new Set<string>();
  for (const [index, shard] of gateway.shards.entries()) {
    for (const role of ['opener', 'executor'] as const) {
      const account = shard[role];
      if (members.has(account) || others.has(account)) {
        report([...path, 'gateway', 'shards', index, role], {
          problem: 'the account has another part already',
          got: quote(account),
          fix: 'Members, openers and executors are different accounts: each has nonces of its own.',
        });
      }
      others.add(account);
    }
  }
}
