/**
 * The gateway contract as this adapter sees it: its ABI, its event topics, and where its storage keeps what is proven.
 * Slots come from the compiler's storage layout, so that a changed contract cannot silently read another variable.
 */
import type { Abi } from 'viem';
import gatewayArtifact from '../../contracts/evm/artifacts/Gateway.json' with { type: 'json' };
import { concatBytes, toHex, utf8, word } from '../../relayer/core/bytes.ts';
import { assert } from '../../relayer/core/errors.ts';
import { idBytes, type LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';

export const GATEWAY_ABI = gatewayArtifact.abi as unknown as Abi;

const CHECKPOINT_TUPLE = '(bytes32,uint64,bytes32,bytes32,uint64,uint32,uint32,bytes32,uint64,bytes32)';

/** keccak256 of the event signatures, as topic 0 of a log says them. */
export const TOPICS = {
  packetSent: toHex(keccak256(utf8('PacketSent(bytes32,bytes)'))),
  checkpointAccepted: toHex(keccak256(utf8(`CheckpointAccepted(bytes32,uint64,${CHECKPOINT_TUPLE},uint64)`))),
  chunkDelivered: toHex(keccak256(utf8('ChunkDelivered(bytes32,uint64,uint32,uint64,uint32)'))),
  packetRefused: toHex(keccak256(utf8('PacketRefused(bytes32,uint64,uint8)'))),
} as const;

/** Why the gateway refused a packet: the `Refusal` of its events, in order. */
export const REFUSALS = [
  'none',
  'expired',
  'asset unknown',
  'receiver malformed',
  'over limit',
  'payment failed',
  'amount not representable',
] as const;

interface LayoutEntry {
  readonly label: string;
  readonly slot: string;
}

const SLOTS = {
  accumulators: baseSlot('accumulators'),
  inboundLanes: baseSlot('inboundLanes'),
  checkpoints: baseSlot('checkpoints'),
  deliveredChunks: baseSlot('deliveredChunks'),
} as const;

/** Slot of `accumulators[lane]`: the hash chain over an outgoing lane's packets. */
export function accumulatorSlot(lane: LaneId): Uint8Array {
  return mappingSlot(idBytes(lane), SLOTS.accumulators);
}

/** Slot of `inboundLanes[lane]`. */
export function inboundLaneSlot(lane: LaneId): Uint8Array {
  return mappingSlot(idBytes(lane), SLOTS.inboundLanes);
}

/** Slot of `checkpoints[lane][firstSequence]`: the accepted checkpoint's commitment. */
export function checkpointSlot(lane: LaneId, firstSequence: bigint): Uint8Array {
  return mappingSlot(word(firstSequence), mappingSlot(idBytes(lane), SLOTS.checkpoints));
}

/** Slot of `deliveredChunks[lane][index]`: 256 replay bits. */
export function deliveredSlot(lane: LaneId, index: bigint): Uint8Array {
  return mappingSlot(word(index), mappingSlot(idBytes(lane), SLOTS.deliveredChunks));
}

/** Solidity packs from the low end: acceptedSequence is the last 8 bytes of the word, acceptedChunks those before. */
export function readInboundLane(value: Uint8Array): { acceptedSequence: bigint; acceptedChunks: bigint } {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { acceptedSequence: view.getBigUint64(24), acceptedChunks: view.getBigUint64(16) };
}

/** keccak256(key ‖ slot), as Solidity places a mapping's value. */
function mappingSlot(key: Uint8Array, slot: Uint8Array): Uint8Array {
  return keccak256(concatBytes(key, slot));
}

function baseSlot(label: string): Uint8Array {
  const entries = gatewayArtifact.storageLayout.storage as readonly LayoutEntry[];
  const found = entries.filter((entry) => entry.label === label);
  assert(found.length === 1, `the gateway's storage layout has one variable ${label}`);
  return word(BigInt((found[0] as LayoutEntry).slot));
}
