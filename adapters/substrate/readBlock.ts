/**
 * What happened to a vault gateway in one block: deposits, operations opened, operations closed. Pure and total.
 *
 * Trusts: that the extrinsics and the value of `System.Events` are those of the block (see `derive.ts`), and the runtime.
 *
 * A deposit is an extrinsic that a plain account signed itself, whose call is exactly `utility.batch_all` of one transfer to a
 * vault and one remark, and whose events say that it succeeded and what the vault got. Proxied, nested, scheduled or
 * multisig-made transfers are not credited: what reads a proposal's bytes cannot know them for sure to be the ones carried out.
 * They show as a surplus in the ledger and are returned by hand.
 *
 * An operation is opened by a `utility.batch_all`, signed by the opener of a vault's account, that ends in the opening remark
 * and made one operation of that account. It is closed by `MultisigExecuted` or `MultisigCancelled`, whoever brought that about.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { equalBytes, toHex } from '../../relayer/core/bytes.ts';
import { accountOf, fieldOf, integerOf, isStruct, type Value } from './codec.ts';
import type { Timepoint } from './cursor.ts';
import { referenceOf, type SentDeposit } from './deposits.ts';
import type { SubstrateGateway, VaultToken } from './gateway.ts';
import { decodeReleaseRemark, type ReleaseRemark } from './releaseRemark.ts';
import { type CallValue, type Runtime, type RuntimeEvent, tryRead } from './runtime.ts';

export interface OpenedOperation {
  readonly kind: 'opened';
  readonly index: number;
  readonly vault: Uint8Array;
  readonly callHash: Uint8Array;
  readonly remark: ReleaseRemark;
}

export interface ClosedOperation {
  readonly kind: 'executed' | 'failed' | 'cancelled';
  readonly index: number;
  readonly vault: Uint8Array;
  readonly callHash: Uint8Array;
  readonly timepoint: Timepoint;
  /** The extrinsic's hash, for people. */
  readonly transaction: string;
  readonly reason: string;
}

export type VaultEvent = ({ readonly kind: 'deposit' } & SentDeposit) | OpenedOperation | ClosedOperation;

/** In the order in which they happened. Throws `Refusal` when the events do not decode. */
export function readBlock(
  gateway: SubstrateGateway,
  runtime: Runtime,
  blockHash: Uint8Array,
  extrinsics: readonly Uint8Array[],
  eventsBytes: Uint8Array,
): readonly VaultEvent[] {
  const found: VaultEvent[] = [];
  for (const [index, events] of byExtrinsic(runtime.readEvents(eventsBytes))) {
    const bytes = extrinsics[index];
    if (bytes === undefined) continue;
    for (const event of events) {
      const closed = readClosed(gateway, runtime, index, bytes, event);
      if (closed !== undefined) found.push(closed);
    }
    const signed = readSignedBatch(runtime, bytes, events);
    if (signed === undefined) continue;
    const opened = readOpened(gateway, index, signed, events);
    if (opened !== undefined) found.push(opened);
    const deposit = readDeposit(gateway, signed, events);
    if (deposit !== undefined) {
      found.push({ kind: 'deposit', index, sourceReference: referenceOf(blockHash, index), ...deposit });
    }
  }
  return found;
}

/** Ascending; what happened outside of extrinsics is left out, which no deposit and no multisig does on its own. */
function byExtrinsic(events: readonly RuntimeEvent[]): readonly (readonly [number, readonly RuntimeEvent[]])[] {
  const groups = new Map<number, RuntimeEvent[]>();
  for (const event of events) {
    if (event.extrinsic === undefined) continue;
    const group = groups.get(event.extrinsic);
    if (group === undefined) groups.set(event.extrinsic, [event]);
    else group.push(event);
  }
  return [...groups].sort(([a], [b]) => a - b);
}

interface SignedBatch {
  readonly signer: Uint8Array;
  readonly calls: readonly CallValue[];
}

/** The calls of a `utility.batch_all` that a plain account signed and that succeeded as a whole. */
function readSignedBatch(
  runtime: Runtime,
  bytes: Uint8Array,
  events: readonly RuntimeEvent[],
): SignedBatch | undefined {
  if (!events.some((event) => event.pallet === 'System' && event.variant === 'ExtrinsicSuccess')) return undefined;
  return tryRead(() => {
    const { signer, call } = runtime.readExtrinsic(bytes);
    const name = signer === undefined ? undefined : runtime.callName(call);
    if (signer === undefined || name?.pallet !== 'Utility' || name.name !== 'batch_all') return undefined;
    return { signer, calls: callsOf(runtime.readCall(call)) };
  });
}

/** The calls of a batch as values. */
export function callsOf(batch: CallValue): readonly CallValue[] {
  const [calls] = batch.values;
  if (!Array.isArray(calls)) return [];
  return (calls as readonly Value[]).flatMap((outer) => {
    const inner = isStruct(outer) ? outer.values[0] : undefined;
    if (!isStruct(outer) || outer.variant === undefined || !isStruct(inner) || inner.variant === undefined) return [];
    return [{ pallet: outer.variant, variant: inner.variant, names: inner.names, values: inner.values }];
  });
}

/** The text of a remark; undefined for any other call. */
export function remarkOf(call: CallValue | undefined): Uint8Array | undefined {
  if (call?.pallet !== 'System' || !['remark', 'remark_with_event'].includes(call.variant)) return undefined;
  const [remark] = call.values;
  return remark instanceof Uint8Array ? remark : undefined;
}

function isVault(gateway: SubstrateGateway, account: Uint8Array | undefined): account is Uint8Array {
  return account !== undefined && gateway.vaults.some((vault) => equalBytes(vault.account, account));
}

interface Sent {
  readonly token: VaultToken;
  readonly to: Uint8Array | undefined;
}

const NATIVE_CALLS = ['transfer', 'transfer_allow_death', 'transfer_keep_alive'];
const ASSET_CALLS = ['transfer', 'transfer_keep_alive'];

function readDeposit(
  gateway: SubstrateGateway,
  { signer, calls }: SignedBatch,
  events: readonly RuntimeEvent[],
): Pick<SentDeposit, 'sender' | 'token' | 'own' | 'remark'> | undefined {
  const [transfer, second] = calls;
  const remark = remarkOf(second);
  const sent = transfer === undefined ? undefined : readTransfer(transfer);
  // When a vault itself moves money, that is no deposit; it cannot sign, but the rule should not rest on that.
  if (calls.length !== 2 || remark === undefined || sent === undefined || isVault(gateway, signer)) return undefined;
  if (!isVault(gateway, sent.to)) return undefined;
  const { to, token } = sent;
  const credits = events.flatMap((event) => {
    const credit = readCredit(event, token);
    const isOurs = credit !== undefined && equalBytes(credit.from, signer) && equalBytes(credit.to, to);
    return isOurs ? [credit.own] : [];
  });
  const [own] = credits;
  return credits.length === 1 && own !== undefined ? { sender: signer, token, own, remark } : undefined;
}

function readTransfer(call: CallValue): Sent | undefined {
  if (call.pallet === 'Balances' && NATIVE_CALLS.includes(call.variant)) {
    return { token: { kind: 'native' }, to: accountOf(fieldOf(call, 'dest', 0)) };
  }
  if (call.pallet === 'Assets' && ASSET_CALLS.includes(call.variant)) {
    const id = integerOf(fieldOf(call, 'id', 0));
    return id === undefined ? undefined : { token: { kind: 'asset', id }, to: accountOf(fieldOf(call, 'target', 1)) };
  }
  return undefined;
}

/** What the chain says was moved. */
function readCredit(
  event: RuntimeEvent,
  token: VaultToken,
): { readonly from: Uint8Array; readonly to: Uint8Array; readonly own: bigint } | undefined {
  const isNative = token.kind === 'native';
  const [pallet, variant] = isNative ? ['Balances', 'Transfer'] : ['Assets', 'Transferred'];
  if (event.pallet !== pallet || event.variant !== variant) return undefined;
  if (!isNative && integerOf(fieldOf(event, 'asset_id', 0)) !== token.id) return undefined;
  const first = isNative ? 0 : 1;
  const from = accountOf(fieldOf(event, 'from', first));
  const to = accountOf(fieldOf(event, 'to', first + 1));
  const own = integerOf(fieldOf(event, 'amount', first + 2));
  return from === undefined || to === undefined || own === undefined ? undefined : { from, to, own };
}

function readOpened(
  gateway: SubstrateGateway,
  index: number,
  { signer, calls }: SignedBatch,
  events: readonly RuntimeEvent[],
): OpenedOperation | undefined {
  const remarkBytes = remarkOf(calls.at(-1));
  const remark = remarkBytes === undefined ? undefined : decodeReleaseRemark('opens', remarkBytes);
  const vault = gateway.vaults.find(({ opener }) => equalBytes(opener, signer))?.account;
  if (remark === undefined || vault === undefined) return undefined;
  const made = events.filter((event) => event.pallet === 'Multisig' && event.variant === 'NewMultisig');
  const [event] = made;
  const account = event === undefined ? undefined : accountOf(fieldOf(event, 'multisig', 1));
  const callHash = event === undefined ? undefined : fieldOf(event, 'call_hash', 2);
  if (made.length !== 1 || account === undefined || !equalBytes(account, vault)) return undefined;
  return callHash instanceof Uint8Array ? { kind: 'opened', index, vault, callHash, remark } : undefined;
}

function readClosed(
  gateway: SubstrateGateway,
  runtime: Runtime,
  index: number,
  bytes: Uint8Array,
  event: RuntimeEvent,
): ClosedOperation | undefined {
  const isExecuted = event.variant === 'MultisigExecuted';
  if (event.pallet !== 'Multisig' || !(isExecuted || event.variant === 'MultisigCancelled')) return undefined;
  const vault = accountOf(fieldOf(event, 'multisig', 2));
  const callHash = fieldOf(event, 'call_hash', 3);
  const timepoint = timepointOf(fieldOf(event, 'timepoint', 1));
  if (!isVault(gateway, vault) || !(callHash instanceof Uint8Array) || timepoint === undefined) return undefined;
  const base = { index, vault, callHash, timepoint, transaction: toHex(blake2b256(bytes)) };
  if (!isExecuted) return { ...base, kind: 'cancelled', reason: 'cancelled' };
  const result = fieldOf(event, 'result', 4);
  const isOk = isStruct(result) && result.variant === 'Ok';
  const error = isStruct(result) ? result.values[0] : undefined;
  return { ...base, kind: isOk ? 'executed' : 'failed', reason: isOk ? '' : runtime.errorName(error) };
}

function timepointOf(value: Value | undefined): Timepoint | undefined {
  if (!isStruct(value)) return undefined;
  const height = integerOf(fieldOf(value, 'height', 0));
  const index = integerOf(fieldOf(value, 'index', 1));
  return height === undefined || index === undefined ? undefined : { height: Number(height), index: Number(index) };
}
