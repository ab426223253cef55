/**
 * An accepted checkpoint as the gateway's event tells it and its storage commits to it: the preimage is
 * abi.encode(checkpoint, uint64 chunkBase), 11 words, and the commitment its keccak256.
 */
import { bytesToHex, concatBytes, readU64, toBigInt, word } from '../../relayer/core/bytes.ts';
import type { Checkpoint } from '../../relayer/core/checkpoint.ts';
import { idBytes, laneId } from '../../relayer/core/ids.ts';
import { CHECKPOINT_CHUNKS_MAX, CHUNK_PACKETS_MAX } from '../../relayer/core/limits.ts';

export const CHECKPOINT_PREIMAGE_BYTES = 11 * 32;

export interface AcceptedCheckpoint extends Checkpoint {
  /** Chunks accepted on the lane before this checkpoint. */
  readonly chunkBase: bigint;
}

/** Total: undefined when the bytes are no checkpoint within the limits. */
export function decodeAcceptedCheckpoint(preimage: Uint8Array): AcceptedCheckpoint | undefined {
  if (preimage.length !== CHECKPOINT_PREIMAGE_BYTES) return undefined;
  const at = (index: number): Uint8Array => preimage.subarray(index * 32, index * 32 + 32);
  const small = (index: number): bigint | undefined =>
    toBigInt(at(index).subarray(0, 24)) === 0n ? readU64(at(index), 24) : undefined;
  const signerEpoch = small(1);
  const firstSequence = small(4);
  const packetCount = small(5);
  const chunkSize = small(6);
  const sourceHeight = small(8);
  const chunkBase = small(10);
  if (signerEpoch === undefined || firstSequence === undefined || packetCount === undefined) return undefined;
  if (chunkSize === undefined || sourceHeight === undefined || chunkBase === undefined) return undefined;
  if (packetCount < 1n || chunkSize < 1n || chunkSize > BigInt(CHUNK_PACKETS_MAX)) return undefined;
  if (packetCount > chunkSize * BigInt(CHECKPOINT_CHUNKS_MAX)) return undefined;
  return {
    lane: laneId(bytesToHex(at(0))),
    signerEpoch,
    signerSetHash: at(2).slice(),
    manifestHash: at(3).slice(),
    firstSequence,
    packetCount: Number(packetCount),
    chunkSize: Number(chunkSize),
    root: at(7).slice(),
    sourceHeight,
    sourceBlockHash: at(9).slice(),
    chunkBase,
  };
}

/** abi.encode(checkpoint, chunkBase). */
export function checkpointPreimage(checkpoint: Checkpoint, chunkBase: bigint): Uint8Array {
  return concatBytes(
    idBytes(checkpoint.lane),
    word(checkpoint.signerEpoch),
    checkpoint.signerSetHash,
    checkpoint.manifestHash,
    word(checkpoint.firstSequence),
    word(checkpoint.packetCount),
    word(checkpoint.chunkSize),
    checkpoint.root,
    word(checkpoint.sourceHeight),
    checkpoint.sourceBlockHash,
    word(chunkBase),
  );
}
