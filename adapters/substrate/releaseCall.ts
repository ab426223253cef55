/**
 * The call that pays a chunk, as a pure function of the chunk and of what is refused: all members of a vault come to the same
 * bytes, so approving its hash approves exactly these payments. `utility.batch_all` pays all or nothing.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import { chunkHash } from '../../relayer/core/checkpoint.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet } from '../../relayer/core/packet.ts';
import { ACCOUNT_BYTES } from './account.ts';
import { type SubstrateGateway, toOwn, type VaultAsset } from './gateway.ts';
import { callsOf, remarkOf } from './readBlock.ts';
import { decodeReleaseRemark, encodeReleaseRemark, type ReleaseRemark } from './releaseRemark.ts';
import { type Runtime, tryRead } from './runtime.ts';

/** Why a packet must be refused whatever the chain's state is, or undefined. The same for every member. */
export function refusalOf(gateway: SubstrateGateway, packet: Packet, asOfSeconds: bigint): string | undefined {
  const asset = gateway.assets.find((known) => known.asset === packet.asset);
  if (asset === undefined) return 'the asset is unknown here';
  if (packet.receiver.length !== ACCOUNT_BYTES) return 'the receiver is no account of this chain';
  if (gateway.vaults.some((vault) => equalBytes(vault.account, packet.receiver))) return 'the receiver is the vault';
  const own = toOwn(asset, packet.amount);
  if (own === undefined || own === 0n) return 'the amount cannot be expressed here';
  if (packet.kind === 'transfer' && packet.deadline !== 0n && asOfSeconds > packet.deadline) return 'it expired';
  return undefined;
}

/** One packet that is to be paid. */
export interface Payout {
  readonly position: number;
  readonly asset: VaultAsset;
  readonly receiver: Uint8Array;
  /** The token's own units. */
  readonly own: bigint;
}

/** Undefined when a packet that is not refused cannot be paid by this account whatever the state is. */
export function payoutsOf(
  gateway: SubstrateGateway,
  vault: Uint8Array,
  packets: Uint8Array,
  refused: readonly number[],
): readonly Payout[] | undefined {
  const payouts: Payout[] = [];
  const skipped = new Set(refused);
  for (let position = 0; position * PACKET_BYTES < packets.length; position++) {
    if (skipped.has(position)) continue;
    const packet = decodePacket(packets, position * PACKET_BYTES);
    const asset = gateway.assets.find((known) => known.asset === packet.asset);
    const own = asset === undefined ? undefined : toOwn(asset, packet.amount);
    if (asset === undefined || own === undefined || packet.receiver.length !== ACCOUNT_BYTES) return undefined;
    if (asset.custody.kind === 'mint' && !equalBytes(asset.custody.issuer, vault)) return undefined;
    payouts.push({ position, asset, receiver: packet.receiver, own });
  }
  return payouts;
}

export function chunkRemark(
  lane: LaneId,
  firstSequence: bigint,
  packets: Uint8Array,
  refused: readonly number[],
): ReleaseRemark {
  return { lane, firstSequence, count: packets.length / PACKET_BYTES, chunkHash: chunkHash(packets), refused };
}

/** Undefined as `payoutsOf`. */
export function releaseCall(
  gateway: SubstrateGateway,
  runtime: Runtime,
  vault: Uint8Array,
  remark: ReleaseRemark,
  packets: Uint8Array,
): Uint8Array | undefined {
  const payouts = payoutsOf(gateway, vault, packets, remark.refused);
  if (payouts === undefined) return undefined;
  const calls = payouts.map(({ asset, receiver, own }) => payCall(runtime, asset, receiver, own));
  calls.push(runtime.call('System', 'remark', { remark: encodeReleaseRemark('pays', remark) }));
  return runtime.call('Utility', 'batch_all', { calls });
}

export function callHash(call: Uint8Array): Uint8Array {
  return blake2b256(call);
}

/** The chunk that a call of the vault says to pay; undefined for a call that is no release. */
export function remarkOfCall(runtime: Runtime, call: Uint8Array): ReleaseRemark | undefined {
  return tryRead(() => {
    const name = runtime.callName(call);
    if (name?.pallet !== 'Utility' || name.name !== 'batch_all') return undefined;
    const bytes = remarkOf(callsOf(runtime.readCall(call)).at(-1));
    return bytes === undefined ? undefined : decodeReleaseRemark('pays', bytes);
  });
}

/** The vault's account must stay alive. */
function payCall(runtime: Runtime, asset: VaultAsset, receiver: Uint8Array, own: bigint): Uint8Array {
  const { token, custody } = asset;
  if (token.kind === 'native') return runtime.call('Balances', 'transfer_keep_alive', { dest: receiver, value: own });
  return custody.kind === 'mint'
    ? runtime.call('Assets', 'mint', { id: token.id, beneficiary: receiver, amount: own })
    : runtime.call('Assets', 'transfer', { id: token.id, target: receiver, amount: own });
}
