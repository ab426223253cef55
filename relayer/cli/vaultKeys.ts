/** `viaduct keys vault`: what a member gives to the author of the manifest. The secret stays where it is. */
import { memberPublicKeys } from '../../adapters/cosmos/index.ts';
import { toHex } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { VAULT_ACCOUNTS_MAX } from '../core/limits.ts';
import type { Output } from './output.ts';
import { readKeyFile } from './userKey.ts';

export interface VaultKeysOptions {
  readonly chainId: string;
  readonly keyFile: string;
  readonly shards: string;
}

export function vaultKeys({ chainId, keyFile, shards: text }: VaultKeysOptions, output: Output): void {
  const shards = Number(text);
  if (!/^\d{1,2}$/.test(text) || shards < 1 || shards > VAULT_ACCOUNTS_MAX) {
    throw new ViaductError({ code: 'USAGE', shortMessage: `--shards takes a number from 1 to ${VAULT_ACCOUNTS_MAX}.` });
  }
  const publicKeys = memberPublicKeys(readKeyFile(keyFile), chainId, shards).map(toHex);
  output.line(`Public keys for the vault on ${chainId}, one for each of its accounts, in order:`);
  for (const key of publicKeys) output.line(`  ${key}`);
  output.line("They go into the manifest: gateway.shards[i].members, at this member's place in the signer set.");
  output.result({ chainId, publicKeys });
}
