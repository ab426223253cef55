/**
 * The packet: what travels in a lane. Fixed 135 bytes, so that its hash is one Keccak permutation. The same bytes are
 * the event data on chain, the record in a frame, the journal record and what is proven; they are read in place by
 * offset and never re-encoded on the way.
 *
 * | offset | size | field                                                                 |
 * |--------|------|-----------------------------------------------------------------------|
 * | 0      | 1    | kind: `0x01` transfer, `0x02` return (see docs/adr/002)               |
 * | 1      | 8    | sequence, u64 big-endian                                              |
 * | 9      | 4    | asset id, u32                                                         |
 * | 13     | 16   | amount, u128, canonical units of the asset                            |
 * | 29     | 33   | receiver: length byte + 32 bytes, right-padded with zeros             |
 * | 62     | 8    | deadline, u64 unix seconds, 0 = none                                  |
 * | 70     | 32   | source reference: binds the source transaction and the position in it; |
 * |        |      | of a return, the transfer id of the packet that was refused           |
 * | 102    | 33   | sender: length byte + 32 bytes, right-padded with zeros               |
 *
 * A return brings a refused packet's amount back to its sender. It never expires, and one that cannot be paid is held
 * for its receiver instead of travelling again.
 */
import { copyBytes, readU32, readU64, writeU32, writeU64 } from './bytes.ts';
import { assert, DecodeError } from './errors.ts';
import { keccak256, keccakChains, keccakPrefixed } from './keccak.ts';
import { type AssetId, assetId, idBytes, type LaneId, transferId, type TransferId } from './ids.ts';
import { ACCOUNT_BYTES_MAX, PACKET_BYTES } from './limits.ts';

export const PACKET_KINDS = { transfer: 0x01, return: 0x02 } as const;
export type PacketKind = keyof typeof PACKET_KINDS;

export const PACKET_OFFSETS = {
  kind: 0,
  sequence: 1,
  asset: 9,
  amount: 13,
  receiver: 29,
  deadline: 62,
  sourceReference: 70,
  sender: 102,
} as const;

/** A packet as an object: for the edges (API, CLI, tests), never for the hot path. */
export interface Packet {
  readonly kind: PacketKind;
  readonly sequence: bigint;
  readonly asset: AssetId;
  /** Canonical units of the asset, below 2^128. */
  readonly amount: bigint;
  /** Target-native account bytes, 1 to 32. */
  readonly receiver: Uint8Array;
  /** Unix seconds; 0n = none. */
  readonly deadline: bigint;
  /** 32 bytes. */
  readonly sourceReference: Uint8Array;
  /** Source-native account bytes, 1 to 32. */
  readonly sender: Uint8Array;
}

export function encodePacket(packet: Packet): Uint8Array {
  assert(packet.amount >= 0n && packet.amount < 1n << 128n, 'amount is a u128');
  assert(packet.sourceReference.length === 32, 'source reference has 32 bytes');
  const bytes = new Uint8Array(PACKET_BYTES);
  bytes[PACKET_OFFSETS.kind] = PACKET_KINDS[packet.kind];
  writeU64(bytes, PACKET_OFFSETS.sequence, packet.sequence);
  writeU32(bytes, PACKET_OFFSETS.asset, packet.asset);
  writeU64(bytes, PACKET_OFFSETS.amount, packet.amount >> 64n);
  writeU64(bytes, PACKET_OFFSETS.amount + 8, packet.amount & 0xffffffffffffffffn);
  writeAccount(bytes, PACKET_OFFSETS.receiver, packet.receiver);
  writeU64(bytes, PACKET_OFFSETS.deadline, packet.deadline);
  bytes.set(packet.sourceReference, PACKET_OFFSETS.sourceReference);
  writeAccount(bytes, PACKET_OFFSETS.sender, packet.sender);
  return bytes;
}

/** Decodes and checks 135 bytes at `offset`. Throws `DecodeError`. */
export function decodePacket(bytes: Uint8Array, offset = 0): Packet {
  const problem = packetProblem(bytes, offset);
  if (problem !== undefined) throw new DecodeError({ shortMessage: `Malformed packet: ${problem}.` });
  return {
    kind: readKind(bytes, offset),
    sequence: readSequence(bytes, offset),
    asset: readAsset(bytes, offset),
    amount: readAmount(bytes, offset),
    receiver: readAccount(bytes, offset + PACKET_OFFSETS.receiver),
    deadline: readU64(bytes, offset + PACKET_OFFSETS.deadline),
    sourceReference: copyBytes(bytes, offset + PACKET_OFFSETS.sourceReference, offset + PACKET_OFFSETS.sender),
    sender: readAccount(bytes, offset + PACKET_OFFSETS.sender),
  };
}

/** What is wrong with the 135 bytes at `offset`, or undefined: total, allocation-free, for the hot path. */
export function packetProblem(bytes: Uint8Array, offset = 0): string | undefined {
  if (bytes.length < offset + PACKET_BYTES) return `${PACKET_BYTES} bytes expected, got ${bytes.length - offset}`;
  const kind = bytes[offset];
  if (kind !== PACKET_KINDS.transfer && kind !== PACKET_KINDS.return) return `unknown kind ${kind}`;
  return (
    accountProblem(bytes, offset + PACKET_OFFSETS.receiver, 'receiver') ??
    accountProblem(bytes, offset + PACKET_OFFSETS.sender, 'sender')
  );
}

export function readKind(packets: Uint8Array, offset = 0): PacketKind {
  return packets[offset] === PACKET_KINDS.return ? 'return' : 'transfer';
}

export function readSequence(packets: Uint8Array, offset = 0): bigint {
  return readU64(packets, offset + PACKET_OFFSETS.sequence);
}

export function readAsset(packets: Uint8Array, offset = 0): AssetId {
  return assetId(readU32(packets, offset + PACKET_OFFSETS.asset));
}

export function readAmount(packets: Uint8Array, offset = 0): bigint {
  const high = readU64(packets, offset + PACKET_OFFSETS.amount);
  const low = readU64(packets, offset + PACKET_OFFSETS.amount + 8);
  return high === 0n ? low : (high << 64n) | low;
}

/** Transfer id = keccak256(lane id ‖ packet): computable by anyone from the packet alone. */
export function transferIdOf(lane: LaneId, packets: Uint8Array, offset = 0): TransferId {
  return transferId(keccak256(idBytes(lane), packets.subarray(offset, offset + PACKET_BYTES)));
}

/** The ids of many packets laid end to end, as 32 bytes each: half the price of one after the other. */
export function transferIdsOf(lane: LaneId, packets: Uint8Array): Uint8Array {
  return keccakPrefixed(idBytes(lane), packets);
}

/** The lane accumulator after the packets: `next = keccak256(previous ‖ packet)`, from 32 zero bytes. */
export function accumulate(accumulator: Uint8Array, packets: Uint8Array): Uint8Array {
  return accumulateLanes([{ accumulator, packets }])[0] as Uint8Array;
}

/** A lane's accumulator, and packets that follow it. */
export interface AccumulatedLane {
  readonly accumulator: Uint8Array;
  readonly packets: Uint8Array;
}

/** Gives the accumulators after the packets, in the order of the lanes. */
export type Accumulate = (lanes: readonly AccumulatedLane[]) => Promise<readonly Uint8Array[]>;

/** The same for several lanes, side by side. */
export function accumulateLanes(lanes: readonly AccumulatedLane[]): Uint8Array[] {
  assert(
    lanes.every(({ packets }) => packets.length % PACKET_BYTES === 0),
    'whole packets',
  );
  return keccakChains(lanes.map(({ accumulator, packets }) => ({ first: accumulator, records: packets })));
}

function readAccount(bytes: Uint8Array, offset: number): Uint8Array {
  return copyBytes(bytes, offset + 1, offset + 1 + (bytes[offset] as number));
}

function writeAccount(bytes: Uint8Array, offset: number, account: Uint8Array): void {
  assert(account.length >= 1 && account.length <= ACCOUNT_BYTES_MAX, 'account has 1 to 32 bytes');
  bytes[offset] = account.length;
  bytes.set(account, offset + 1);
}

function accountProblem(bytes: Uint8Array, offset: number, field: string): string | undefined {
  const length = bytes[offset] as number;
  if (length < 1 || length > ACCOUNT_BYTES_MAX) return `${field} length ${length} is not 1 to ${ACCOUNT_BYTES_MAX}`;
  for (let i = offset + 1 + length; i < offset + 1 + ACCOUNT_BYTES_MAX; i++) {
    if (bytes[i] !== 0) return `${field} padding is not zero`;
  }
  return undefined;
}
