/** A vault towards the engine: its accounts, which open and carry out, and the member that this process is. */
import { equalBytes } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { Logger } from '../../relayer/core/log.ts';
import type { Vault } from '../../relayer/core/ports.ts';
import type { ChainView } from './chainView.ts';
import type { TipPolicy } from './fees.ts';
import type { SubstrateGateway } from './gateway.ts';
import type { SigningKey } from './keys.ts';
import type { VaultSigners } from './multisig.ts';
import { createVaultMember } from './vaultMember.ts';
import { createVaultOpener } from './vaultOpener.ts';

export interface SubstrateVaultDeps {
  readonly clock: Clock;
  readonly view: ChainView;
  /** This process's own derivation cursor of the vault's chain, as the journal has it. */
  readonly cursor: () => Promise<Uint8Array | undefined>;
  readonly log?: Logger | undefined;
}

export interface SubstrateVaultOptions {
  readonly gateway: SubstrateGateway;
  readonly signers: VaultSigners;
  /** Of the accounts that this process works; none for a member only. */
  readonly submitters: readonly { readonly opener: SigningKey; readonly executor: SigningKey }[];
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
  const worked = submitters.map((keys) => {
    const vault = gateway.vaults.find(
      ({ opener, executor }) => equalBytes(opener, keys.opener.account) && equalBytes(executor, keys.executor.account),
    );
    if (vault === undefined) {
      throw new ViaductError({
        code: 'CONFIG_INVALID',
        shortMessage: 'A submitter key is neither opener nor executor of any account of the vault.',
      });
    }
    return { vault, ...keys };
  });
  return {
    accounts: (cosigners) =>
      worked.map((keys) =>
        createVaultOpener({ ...deps, cosigners }, { gateway, signers, tips, againMs, staleBlocks, ...keys }),
      ),
    member: memberKey && createVaultMember(deps, { gateway, signers, key: memberKey }),
  };
}
