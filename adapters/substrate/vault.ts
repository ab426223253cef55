/** A vault towards the engine: its accounts, which open and carry out, and the member that this process is. */
import { equalBytes } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type Logger, silentLogger } from '../../relayer/core/log.ts';
import type { Vault } from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import type { ChainView } from './chainView.ts';
import type { TipPolicy } from './fees.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';
import type { SigningKey } from './keys.ts';
import type { VaultSigners } from './multisig.ts';
import { createVaultMember } from './vaultMember.ts';
import { createVaultOpener, type VaultOpenerDeps } from './vaultOpener.ts';

export interface SubstrateVaultDeps {
  readonly clock: Clock;
  readonly view: ChainView;
  /** This process's own derivation cursor of the vault's chain, as the journal has it. */
  readonly cursor: () => Promise<Uint8Array | undefined>;
  /** From the journal: whether packets are settled already. Without it the members say so. */
  readonly isDelivered?: VaultOpenerDeps['isDelivered'];
  readonly log?: Logger | undefined;
}

/** What works one account of a vault. */
export interface SubmitterKeys {
  readonly opener: SigningKey;
  readonly executor: SigningKey;
}

export interface SubstrateVaultOptions {
  readonly gateway: SubstrateGateway;
  readonly signers: VaultSigners;
  /** Keys of this process. It works those accounts of the vault that have one of the pairs; none for a member only. */
  readonly submitters: readonly SubmitterKeys[];
  /** When this process is a member. */
  readonly memberKey: SigningKey | undefined;
  readonly tips?: TipPolicy | undefined;
  readonly againMs?: number | undefined;
  readonly staleBlocks?: number | undefined;
}

export function createSubstrateVault(deps: SubstrateVaultDeps, options: SubstrateVaultOptions): Vault {
  const { gateway, signers, submitters, memberKey, tips, againMs, staleBlocks } = options;
  if (memberKey !== undefined && !signers.members.some((member) => equalBytes(member, memberKey.account))) {
    throw new ViaductError({
      code: 'CONFIG_INVALID',
      shortMessage: 'The key of this member is not one of the members of the vault.',
      metaMessages: ['The manifest names the members; the configuration has the key of one of them.'],
    });
  }
  const worked = workedAccounts(gateway, submitters);
  if (submitters.length > 0) tell(gateway, worked, deps.log ?? silentLogger);
  return {
    accounts: (cosigners) =>
      worked.map((account) =>
        createVaultOpener({ ...deps, cosigners }, { gateway, signers, tips, againMs, staleBlocks, ...account }),
      ),
    member: memberKey && createVaultMember(deps, { gateway, signers, key: memberKey }),
  };
}

interface WorkedAccount extends SubmitterKeys {
  readonly vault: VaultAccount;
}

/** Operators share the accounts of a vault out among themselves: each works those whose opener and executor are its own. */
function workedAccounts(gateway: SubstrateGateway, submitters: readonly SubmitterKeys[]): readonly WorkedAccount[] {
  const worked = gateway.vaults.flatMap((vault) => {
    const keys = submitters.find(
      ({ opener, executor }) =>
        equalBytes(opener.account, vault.opener) && equalBytes(executor.account, vault.executor),
    );
    return keys === undefined ? [] : [{ vault, ...keys }];
  });
  if (submitters.length === 0 || worked.length > 0) return worked;
  const text = (account: Uint8Array): string => formatAccount(account, gateway.ss58Prefix);
  throw new ViaductError({
    code: 'CONFIG_INVALID',
    shortMessage: 'The submitter key is opener and executor of no account of the vault.',
    metaMessages: gateway.vaults.map(
      ({ account, opener, executor }) =>
        `Account ${text(account)} has opener ${text(opener)} and executor ${text(executor)}.`,
    ),
  });
}

function tell(gateway: SubstrateGateway, worked: readonly WorkedAccount[], log: Logger): void {
  const addresses = (isOwn: boolean): string[] =>
    gateway.vaults
      .filter(({ account }) => worked.some(({ vault }) => vault.account === account) === isOwn)
      .map(({ account }) => formatAccount(account, gateway.ss58Prefix));
  log.info({ own: addresses(true), others: addresses(false) }, 'accounts of the vault that this process works');
}
