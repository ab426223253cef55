/**
 * `viaduct keys vault`: what an operator gives to the author of the manifest. The secrets stay where they are. A Cosmos chain is
 * named by its chain id, from which keys are derived; a Substrate chain by the prefix of its addresses.
 */
import { memberPublicKeys } from '../../adapters/cosmos/index.ts';
import { formatAccount, keyFromSeed } from '../../adapters/substrate/index.ts';
import { toHex } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { VAULT_ACCOUNTS_MAX } from '../core/limits.ts';
import { SS58_PREFIX_MAX } from '../manifest/ss58.ts';
import { shardKeys } from '../substrateChain.ts';
import { type Output, table } from './output.ts';
import { readKeyFile } from './userKey.ts';

export interface VaultKeysOptions {
  /** Of a Cosmos chain. */
  readonly chainId?: string;
  /** Of a Substrate chain. */
  readonly ss58Prefix?: string;
  /** With a member's secret. */
  readonly keyFile?: string;
  /** With the seed of openers and executors, on Substrate. */
  readonly submitterKeyFile?: string;
  readonly shards: string;
}

/** An account of a Substrate chain, as people write it and as the manifest does. */
interface ShownAccount {
  readonly address: string;
  readonly publicKey: string;
}

const PLACE = "at this member's place in the signer set";

export function vaultKeys(options: VaultKeysOptions, output: Output): void {
  const { chainId, ss58Prefix } = options;
  const shards = wholeNumber(options.shards, '--shards', 1, VAULT_ACCOUNTS_MAX);
  if (chainId !== undefined && ss58Prefix === undefined) cosmosKeys(options, chainId, shards, output);
  else if (ss58Prefix !== undefined && chainId === undefined) {
    substrateKeys(options, wholeNumber(ss58Prefix, '--ss58-prefix', 0, SS58_PREFIX_MAX), shards, output);
  } else throw usage('Give --chain-id for a Cosmos chain, or --ss58-prefix for a Substrate chain.');
}

function cosmosKeys({ keyFile, submitterKeyFile }: VaultKeysOptions, chainId: string, shards: number, output: Output) {
  if (keyFile === undefined) throw usage('Give --key-file, the file that vaultKey will refer to.');
  if (submitterKeyFile !== undefined) {
    throw usage('A Cosmos chain has no submitter key: its vault pays its own fees. Take --submitter-key-file out.');
  }
  const publicKeys = memberPublicKeys(readKeyFile(keyFile), chainId, shards).map(toHex);
  output.line(`Public keys for the vault on ${chainId}, one for each of its accounts, in order:`);
  for (const key of publicKeys) output.line(`  ${key}`);
  output.line(`They go into the manifest: gateway.shards[i].members, ${PLACE}.`);
  output.result({ chainId, publicKeys });
}

function substrateKeys(options: VaultKeysOptions, ss58Prefix: number, shards: number, output: Output): void {
  const { keyFile, submitterKeyFile } = options;
  if (keyFile === undefined && submitterKeyFile === undefined) {
    throw usage('Give --key-file for what a member has, --submitter-key-file for openers and executors, or both.');
  }
  const shown = ({ account }: { readonly account: Uint8Array }): ShownAccount => {
    return { address: formatAccount(account, ss58Prefix), publicKey: toHex(account) };
  };
  const row = (name: string, { address, publicKey }: ShownAccount): string[] => [`  ${name}`, address, publicKey];
  const member = keyFile === undefined ? undefined : shown(keyFromSeed(readKeyFile(keyFile)));
  if (member !== undefined) {
    output.line('The member, with the same account for all accounts of the vault:');
    output.line(table([row('member', member)]));
    output.line(`Its public key goes into the manifest: gateway.shards[i].members, ${PLACE}, for every i.`);
  }
  const seed = submitterKeyFile === undefined ? undefined : readKeyFile(submitterKeyFile);
  const submitters =
    seed &&
    Array.from({ length: shards }, (_, number) => {
      const { opener, executor } = shardKeys(seed, number);
      return { opener: shown(opener), executor: shown(executor) };
    });
  if (submitters !== undefined) {
    output.line('Openers and executors, a pair for each account of the vault that this submitter key is to work:');
    const rows = submitters.flatMap(({ opener, executor }, i) => [
      row(`opener ${i}`, opener),
      row(`executor ${i}`, executor),
    ]);
    output.line(table(rows));
    output.line(
      'Their public keys go into the manifest: gateway.shards[i].opener and .executor. All pay fees: fund them.',
    );
  }
  output.result({ ss58Prefix, ...(member && { member }), ...(submitters && { submitters }) });
}

function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value >= least && value <= most) return value;
  throw usage(`${option} takes a number from ${least} to ${most}.`);
}

function usage(shortMessage: string): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage });
}
