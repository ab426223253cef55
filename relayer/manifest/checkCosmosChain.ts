/** The rules of a Cosmos chain: accounts that are those of its keys, and terms that can be kept. */
import { fromHex } from '../core/bytes.ts';
import { decodeBech32, encodeBech32 } from './bech32.ts';
import type { RawChain } from './chain.ts';
import { checkVaultKeys, type VaultSigners } from './checkVault.ts';
import { multisigAccount } from './cosmosVault.ts';
import { type Path, quote } from './findings.ts';
import type { Profile } from './manifest.ts';
import type { Report } from './report.ts';

type RawCosmosChain = Extract<RawChain, { family: 'cosmos' }>;

export function checkCosmosChain(
  path: Path,
  chain: RawCosmosChain,
  signers: VaultSigners,
  profile: Profile,
  report: Report,
): void {
  const { gateway, prefix } = chain;
  checkVaultKeys([...path, 'gateway'], gateway, signers, profile, report);
  const threshold = gateway.threshold ?? signers.threshold;
  for (const [index, { address, members }] of gateway.shards.entries()) {
    if (threshold === undefined) continue;
    const keys = members.map((key) => fromHex(key, 33));
    const own = encodeBech32(prefix, multisigAccount(threshold, keys));
    if (own === address) continue;
    report([...path, 'gateway', 'shards', index, 'address'], {
      problem: `not the account of ${threshold} of these ${members.length} keys`,
      expected: quote(own),
      got: quote(address),
      fix: 'It follows from the prefix, the threshold, the keys and their order.',
    });
  }
  for (const [index, address] of gateway.blockedReceivers.entries()) {
    const read = decodeBech32(address);
    if (read.kind !== 'valid' || read.prefix === prefix) continue;
    report([...path, 'gateway', 'blockedReceivers', index], {
      problem: 'an address of another chain',
      expected: `the prefix ${quote(prefix)}`,
      got: quote(address),
    });
  }
}
