/** The rules of a Substrate chain: an id that is that of its genesis, runtimes once each, and accounts that are those of their keys. */
import { fromHex, toHex } from '../core/bytes.ts';
import { SUBSTRATE_CHUNK_PACKETS_MAX } from '../core/limits.ts';
import type { RawChain } from './chain.ts';
import { checkVaultKeys, type VaultSigners } from './checkVault.ts';
import { substrateMultisig } from './substrateVault.ts';
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
  reportLargeChunk([...path, 'gateway', 'homeChunkSize'], gateway.homeChunkSize, report);
  // A shard's account has its own opener and executor among its keys.
  checkVaultKeys([...path, 'gateway'], gateway, signers, profile, report, true);
  checkAccounts([...path, 'gateway'], gateway, signers, report);
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

/** A release that fits into no block is never paid. */
export function reportLargeChunk(path: Path, chunkSize: number, report: Report): void {
  if (chunkSize <= SUBSTRATE_CHUNK_PACKETS_MAX) return;
  report(path, {
    problem: 'a payment of so many packets may fit into no block of a Substrate chain',
    expected: `at most ${SUBSTRATE_CHUNK_PACKETS_MAX}`,
    got: String(chunkSize),
  });
}

/** The address of each account follows from its keys. */
function checkAccounts(
  path: Path,
  { threshold, shards }: RawSubstrateChain['gateway'],
  signers: VaultSigners,
  report: Report,
): void {
  const approvals = threshold ?? signers.threshold;
  if (approvals === undefined) return;
  for (const [index, { address, members, opener, executor }] of shards.entries()) {
    const keys = members.map((key) => fromHex(key, 32));
    const own = toHex(substrateMultisig(approvals, keys, fromHex(opener, 32), fromHex(executor, 32)));
    if (own === address) continue;
    report([...path, 'shards', index, 'address'], {
      problem: `not the account of ${approvals} of these ${members.length} keys with this opener and executor`,
      // Long hexadecimal text is not shown as a rule, but this is no secret of anybody.
      expected: `"${own}"`,
      got: quote(address),
      fix: 'It follows from the threshold, the members, the opener and the executor; their order does not matter.',
    });
  }
}
