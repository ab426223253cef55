/**
 * The operator's side of a vault, by ordinary extrinsics: there is nothing to deploy, only accounts to fund and assets to make.
 * For local networks and first set-ups.
 */
import { ViaductError } from '../../relayer/core/errors.ts';
import type { SubstrateReceipt, SubstrateSender } from './sender.ts';
import type { VaultToken } from './gateway.ts';
import { type Runtime } from './runtime.ts';
import { utf8 } from '../../relayer/core/bytes.ts';

export interface Funding {
  readonly account: Uint8Array;
  /** Planck. */
  readonly amount: bigint;
}

/** Native coin for vault accounts, openers, executors and members, in one extrinsic. */
export async function fundAccounts(
  sender: SubstrateSender,
  fundings: readonly Funding[],
  signal: AbortSignal,
): Promise<SubstrateReceipt> {
  return sendAll(
    sender,
    (runtime) =>
      fundings.map(({ account, amount }) =>
        runtime.call('Balances', 'transfer_keep_alive', { dest: account, value: amount }),
      ),
    signal,
  );
}

export interface NewAsset {
  readonly id: bigint;
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  /** The least that an account may hold. */
  readonly minBalance: bigint;
  /** Becomes issuer, admin and freezer; the sender stays owner. For a bridged asset the vault's account. */
  readonly issuer: Uint8Array;
  readonly mint?: readonly Funding[] | undefined;
}

/** Creates an asset, names it, mints what is asked, and hands it to its issuer. */
export async function createAsset(
  sender: SubstrateSender,
  asset: NewAsset,
  signal: AbortSignal,
): Promise<SubstrateReceipt> {
  const { id, issuer } = asset;
  return sendAll(
    sender,
    (runtime) => [
      runtime.call('Assets', 'create', { id, admin: sender.account, min_balance: asset.minBalance }),
      runtime.call('Assets', 'set_metadata', {
        id,
        name: utf8(asset.name),
        symbol: utf8(asset.symbol),
        decimals: asset.decimals,
      }),
      ...(asset.mint ?? []).map(({ account, amount }) =>
        runtime.call('Assets', 'mint', { id, beneficiary: account, amount }),
      ),
      runtime.call('Assets', 'set_team', { id, issuer, admin: issuer, freezer: issuer }),
    ],
    signal,
  );
}

/** Of a token that somebody holds, to somebody else. */
export async function transfer(
  sender: SubstrateSender,
  token: VaultToken,
  to: Uint8Array,
  amount: bigint,
  signal: AbortSignal,
): Promise<SubstrateReceipt> {
  return sender.send(
    (runtime) =>
      token.kind === 'native'
        ? runtime.call('Balances', 'transfer_keep_alive', { dest: to, value: amount })
        : runtime.call('Assets', 'transfer', { id: token.id, target: to, amount }),
    signal,
  );
}

async function sendAll(
  sender: SubstrateSender,
  makeCalls: (runtime: Runtime) => readonly Uint8Array[],
  signal: AbortSignal,
): Promise<SubstrateReceipt> {
  return sender.send((runtime) => {
    const calls = makeCalls(runtime);
    if (calls.length === 0) throw new ViaductError({ code: 'USAGE', shortMessage: 'There is nothing to send.' });
    return runtime.call('Utility', 'batch_all', { calls });
  }, signal);
}
