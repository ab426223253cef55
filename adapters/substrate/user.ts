/** The user's side of a vault: a transfer with its memo in one extrinsic, and balances. */
import type { SubstrateReceipt, SubstrateSender } from './sender.ts';
import { type ChainView, freeBalance } from './chainView.ts';
import { fieldOf, integerOf, isStruct, littleEndian } from './codec.ts';
import { referenceOf } from './deposits.ts';
import type { VaultToken } from './gateway.ts';
import { encodeMemo, type RoutingMemo } from './memo.ts';
import type { Runtime } from './runtime.ts';
import { fromHex, utf8 } from '../../relayer/core/bytes.ts';

export interface DepositTerms extends RoutingMemo {
  /** An account of the vault. */
  readonly vault: Uint8Array;
  readonly token: VaultToken;
  /** The token's own units. */
  readonly amount: bigint;
}

export interface SentDeposit {
  readonly receipt: SubstrateReceipt;
  /** 32 bytes: what the packet carries. */
  readonly sourceReference: Uint8Array;
}

export async function deposit(sender: SubstrateSender, terms: DepositTerms, signal: AbortSignal): Promise<SentDeposit> {
  return depositWithMemo(sender, terms, encodeMemo(terms), signal);
}

/** Each in an extrinsic of its own, since a memo names one receiver; all are sent before the first is waited for. */
export async function depositMany(
  sender: SubstrateSender,
  terms: readonly DepositTerms[],
  signal: AbortSignal,
): Promise<readonly SubstrateReceipt[]> {
  const calls = terms.map((one) => (runtime: Runtime) => depositCall(runtime, one, utf8(encodeMemo(one))));
  return sender.sendMany(calls, signal);
}

/** With whatever text for a memo: one that is no routing memo brings the money back. */
export async function depositWithMemo(
  sender: SubstrateSender,
  terms: Pick<DepositTerms, 'vault' | 'token' | 'amount'>,
  memo: string,
  signal: AbortSignal,
): Promise<SentDeposit> {
  const receipt = await sender.send((runtime) => depositCall(runtime, terms, utf8(memo)), signal);
  return { receipt, sourceReference: referenceOf(fromHex(receipt.blockHash, 32), receipt.index) };
}

export function depositCall(
  runtime: Runtime,
  { vault, token, amount }: Pick<DepositTerms, 'vault' | 'token' | 'amount'>,
  remark: Uint8Array,
): Uint8Array {
  const transfer =
    token.kind === 'native'
      ? runtime.call('Balances', 'transfer_keep_alive', { dest: vault, value: amount })
      : runtime.call('Assets', 'transfer', { id: token.id, target: vault, amount });
  return runtime.call('Utility', 'batch_all', { calls: [transfer, runtime.call('System', 'remark', { remark })] });
}

/** In the newest finalized block. */
export async function balanceOf(
  view: ChainView,
  token: VaultToken,
  account: Uint8Array,
  signal: AbortSignal,
): Promise<bigint> {
  const { runtime, finalized } = await view.now(signal);
  if (token.kind === 'native') {
    const bytes = await view.storage(runtime, runtime.storageKey('System', 'Account', account), finalized.hash, signal);
    return bytes === undefined ? 0n : freeBalance(runtime.readStorage('System', 'Account', bytes));
  }
  const key = runtime.storageKey('Assets', 'Account', assetKey(runtime, token.id), account);
  const bytes = await view.storage(runtime, key, finalized.hash, signal);
  const held = bytes === undefined ? undefined : runtime.readStorage('Assets', 'Account', bytes);
  return (isStruct(held) ? integerOf(fieldOf(held, 'balance', 0)) : undefined) ?? 0n;
}

/** How much of an asset there is, in the newest finalized block; the vault's own is part of it. */
export async function assetSupply(view: ChainView, id: bigint, signal: AbortSignal): Promise<bigint> {
  const { runtime, finalized } = await view.now(signal);
  const key = runtime.storageKey('Assets', 'Asset', assetKey(runtime, id));
  const bytes = await view.storage(runtime, key, finalized.hash, signal);
  const details = bytes === undefined ? undefined : runtime.readStorage('Assets', 'Asset', bytes);
  return (isStruct(details) ? integerOf(fieldOf(details, 'supply', 4)) : undefined) ?? 0n;
}

/** An asset's id as storage keys hold it: as wide as the runtime has it. */
export function assetKey(runtime: Runtime, id: bigint): Uint8Array {
  const item = runtime.metadata.pallets.get('Assets')?.storage.get('Asset');
  return item?.key === undefined ? littleEndian(id, 4) : runtime.codec.encode(item.key, id);
}
