/**
 * Which payouts the chain would not take: receivers that may not hold so little, frozen assets. One of them would undo a whole
 * release, so a proposer leaves them out, and a member agrees to that when its own node says the same. Unverified: to refuse
 * wrongly costs its receiver time, and the amount goes back.
 */
import type { BlockRef, ChainView } from './chainView.ts';
import { fieldOf, integerOf, isStruct, type Struct, type Value } from './codec.ts';
import type { Payout } from './releaseCall.ts';
import type { Runtime } from './runtime.ts';
import { assetKey } from './user.ts';

/** Positions of payouts that cannot be made, with the reason. */
export async function unpayable(
  view: ChainView,
  runtime: Runtime,
  at: BlockRef,
  payouts: readonly Payout[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const existentialDeposit = integerOf(runtime.constant('Balances', 'ExistentialDeposit')) ?? 0n;
  const keys = payouts.flatMap((payout) => keysOf(runtime, payout));
  const values = await view.storages(keys, at.hash, signal);
  const found = new Map<number, string>();
  payouts.forEach((payout, index) => {
    const [account, details, holding] = values.slice(3 * index, 3 * index + 3);
    const reason =
      payout.asset.token.kind === 'native'
        ? nativeProblem(existentialDeposit, payout.own, hasAccount(runtime, account))
        : assetProblem(runtime, payout.own, hasAccount(runtime, account), details, holding);
    if (reason !== undefined) found.set(payout.position, reason);
  });
  return found;
}

function keysOf(runtime: Runtime, { asset, receiver }: Payout): readonly Uint8Array[] {
  const account = runtime.storageKey('System', 'Account', receiver);
  if (asset.token.kind === 'native') return [account, account, account];
  const id = assetKey(runtime, asset.token.id);
  return [account, runtime.storageKey('Assets', 'Asset', id), runtime.storageKey('Assets', 'Account', id, receiver)];
}

/** An account of which something keeps alive. */
function hasAccount(runtime: Runtime, bytes: Uint8Array | undefined): boolean {
  const info = bytes === undefined ? undefined : runtime.readStorage('System', 'Account', bytes);
  return isStruct(info) && (integerOf(fieldOf(info, 'providers', 2)) ?? 0n) > 0n;
}

function nativeProblem(existentialDeposit: bigint, own: bigint, exists: boolean): string | undefined {
  return !exists && own < existentialDeposit ? 'below the existential deposit' : undefined;
}

function assetProblem(
  runtime: Runtime,
  own: bigint,
  exists: boolean,
  detailsBytes: Uint8Array | undefined,
  holdingBytes: Uint8Array | undefined,
): string | undefined {
  const details = structOf(runtime, 'Asset', detailsBytes);
  if (details === undefined) return 'the asset does not exist';
  if (isFrozen(details, 'Live')) return 'the asset is frozen';
  const holding = structOf(runtime, 'Account', holdingBytes);
  if (holding !== undefined) return statusOf(holding) === 'Blocked' ? 'the receiver is blocked' : undefined;
  if (own < (integerOf(fieldOf(details, 'min_balance', 6)) ?? 0n)) return 'below the least balance of the asset';
  const isSufficient = fieldOf(details, 'is_sufficient', 7) === true;
  return isSufficient || exists ? undefined : 'the receiver has no account that could hold the asset';
}

/** `is_frozen` in older runtimes, a status in later ones. */
function isFrozen(struct: Struct, live: string): boolean {
  const status = statusOf(struct);
  return status === undefined ? fieldOf(struct, 'is_frozen', 11) === true : status !== live;
}

function statusOf(struct: Struct): string | undefined {
  const index = struct.names.indexOf('status');
  const value: Value | undefined = index < 0 ? undefined : struct.values[index];
  return isStruct(value) ? value.variant : undefined;
}

function structOf(runtime: Runtime, item: string, bytes: Uint8Array | undefined): Struct | undefined {
  const value = bytes === undefined ? undefined : runtime.readStorage('Assets', item, bytes);
  return isStruct(value) ? value : undefined;
}
