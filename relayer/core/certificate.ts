/**
 * Control messages as flat bytes. A *vote* is a checkpoint with one signature; a *certificate* is a checkpoint with the
 * signatures of a threshold; a *delivery* is a certificate with one chunk's packets and proof: all that a submitter
 * needs. A *work item* is the same, but may leave the packets to the frames of whoever takes it. Receivers check signatures
 * again: decoding proves nothing.
 *
 * | offset | size   | field             | | offset | size   | field                       |
 * |--------|--------|-------------------|-|--------|--------|-----------------------------|
 * | 0      | 4      | magic `VDC1`      | | 120    | 4      | chunk size                  |
 * | 4      | 32     | lane id           | | 124    | 32     | root                        |
 * | 36     | 8      | signer epoch      | | 156    | 8      | source height               |
 * | 44     | 32     | signer set hash   | | 164    | 32     | source block hash           |
 * | 76     | 32     | manifest hash     | | 196    | 1      | signature count, n          |
 * | 108    | 8      | first sequence    | | 197    | 65 × n | signatures                  |
 * | 116    | 4      | packet count      | |        |        |                             |
 *
 * A delivery goes on with the chunk index (u32), the number of siblings (u8), the siblings and the chunk's packets.
 */
import { concatBytes, copyBytes, readU32, readU64, writeU32, writeU64 } from './bytes.ts';
import { chunkCount, type Checkpoint } from './checkpoint.ts';
import { assert, DecodeError } from './errors.ts';
import { idBytes, laneId } from './ids.ts';
import { CHECKPOINT_CHUNKS_MAX, CHUNK_PACKETS_MAX, PACKET_BYTES, SIGNERS_MAX } from './limits.ts';
import type { Delivery } from './ports.ts';
import type { Watermark } from './ranges.ts';

export interface Certificate {
  readonly checkpoint: Checkpoint;
  /**
   * 65-byte signatures (r ‖ s ‖ v) laid end to end, signers ascending. None: the target was seen to accept the checkpoint,
   * so that its chunks need them no more.
   */
  readonly signatures: Uint8Array;
}

export const SIGNATURE_BYTES = 65;

/** Offsets of the checkpoint's fields. */
const AT = {
  magic: 0,
  lane: 4,
  epoch: 36,
  signerSetHash: 44,
  manifestHash: 76,
  first: 108,
  count: 116,
  chunkSize: 120,
  root: 124,
  sourceHeight: 156,
  sourceHash: 164,
  signatureCount: 196,
} as const;
const HEAD_BYTES = 197;
const MAGIC = 0x56444331;
const NO_PACKETS = new Uint8Array(0);

export function encodeCertificate({ checkpoint, signatures }: Certificate): Uint8Array {
  assert(signatures.length % SIGNATURE_BYTES === 0, 'whole signatures');
  const bytes = new Uint8Array(HEAD_BYTES + signatures.length);
  writeU32(bytes, AT.magic, MAGIC);
  bytes.set(idBytes(checkpoint.lane), AT.lane);
  writeU64(bytes, AT.epoch, checkpoint.signerEpoch);
  bytes.set(checkpoint.signerSetHash, AT.signerSetHash);
  bytes.set(checkpoint.manifestHash, AT.manifestHash);
  writeU64(bytes, AT.first, checkpoint.firstSequence);
  writeU32(bytes, AT.count, checkpoint.packetCount);
  writeU32(bytes, AT.chunkSize, checkpoint.chunkSize);
  bytes.set(checkpoint.root, AT.root);
  writeU64(bytes, AT.sourceHeight, checkpoint.sourceHeight);
  bytes.set(checkpoint.sourceBlockHash, AT.sourceHash);
  bytes[AT.signatureCount] = signatures.length / SIGNATURE_BYTES;
  bytes.set(signatures, HEAD_BYTES);
  return bytes;
}

/** Throws `DecodeError`; counts and sizes are within limits afterwards, signatures are unchecked. */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  const { certificate, length } = decodePrefix(bytes);
  if (length !== bytes.length) throw malformed(`${bytes.length - length} trailing bytes`);
  return certificate;
}

export type WorkItem = Omit<Delivery, 'packets'> & {
  /** Undefined: left out. */
  readonly packets: Uint8Array | undefined;
};

export function encodeDelivery(delivery: Delivery): Uint8Array {
  return encodeWorkItem(delivery);
}

export function encodeWorkItem({ chunkIndex, proof, packets, ...certificate }: WorkItem): Uint8Array {
  const tail = new Uint8Array(5);
  writeU32(tail, 0, chunkIndex);
  tail[4] = proof.length;
  return concatBytes(encodeCertificate(certificate), tail, ...proof, packets ?? NO_PACKETS);
}

/** Throws `DecodeError`; the chunk has exactly the packets its place in the checkpoint asks for. */
export function decodeDelivery(bytes: Uint8Array): Delivery {
  const { packets, ...item } = decodeWorkItem(bytes);
  if (packets === undefined) throw malformed('the packets are missing');
  return { ...item, packets };
}

/** Throws `DecodeError`; the same, or no packets. */
export function decodeWorkItem(bytes: Uint8Array): WorkItem {
  const { certificate, length } = decodePrefix(bytes);
  if (bytes.length < length + 5) throw malformed('the chunk is missing');
  const chunkIndex = readU32(bytes, length);
  const proofLength = bytes[length + 4] as number;
  const { checkpoint } = certificate;
  const chunks = chunkCount(checkpoint);
  if (chunkIndex >= chunks) throw malformed(`chunk ${chunkIndex} of ${chunks}`);
  if (proofLength > Math.ceil(Math.log2(CHECKPOINT_CHUNKS_MAX))) throw malformed(`${proofLength} siblings`);
  const packetsAt = length + 5 + proofLength * 32;
  const packets = bytes.length === packetsAt ? undefined : bytes.subarray(packetsAt);
  const expected = packetsInChunk(checkpoint, chunkIndex) * PACKET_BYTES;
  if (packetsAt > bytes.length || (packets !== undefined && packets.length !== expected))
    throw malformed(`chunk of ${expected} bytes expected`);
  const proof: Uint8Array[] = [];
  for (let i = 0; i < proofLength; i++) proof.push(bytes.subarray(length + 5 + i * 32, length + 5 + (i + 1) * 32));
  return { ...certificate, chunkIndex, packets, proof };
}

export function packetsInChunk(checkpoint: Checkpoint, chunkIndex: number): number {
  return Math.min(checkpoint.chunkSize, checkpoint.packetCount - chunkIndex * checkpoint.chunkSize);
}

/** First sequence after the checkpoint. */
export function endSequence(checkpoint: Checkpoint): bigint {
  return checkpoint.firstSequence + BigInt(checkpoint.packetCount);
}

/**
 * True when one of its chunks was delivered in part, under another certificate: a vault pays none of that chunk any more.
 * Contracts deliver from accepted checkpoints only, so it does not happen there.
 */
export function isSplit(checkpoint: Checkpoint, { through, above }: Watermark): boolean {
  const { firstSequence, chunkSize } = checkpoint;
  const end = endSequence(checkpoint);
  // Delivered ranges and chunks are split by each other only where an edge of a range lies inside a chunk.
  const edges = [through, ...above.flat()];
  return edges.some((edge) => edge > firstSequence && edge < end && (edge - firstSequence) % BigInt(chunkSize) !== 0n);
}

function decodePrefix(bytes: Uint8Array): { certificate: Certificate; length: number } {
  if (bytes.length < HEAD_BYTES) throw malformed(`${bytes.length} bytes are too few`);
  if (readU32(bytes, AT.magic) !== MAGIC) throw malformed('unknown magic');
  const signatureCount = bytes[AT.signatureCount] as number;
  if (signatureCount > SIGNERS_MAX) throw malformed(`${signatureCount} signatures`);
  const length = HEAD_BYTES + signatureCount * SIGNATURE_BYTES;
  if (bytes.length < length) throw malformed(`${signatureCount} signatures do not fit`);
  const checkpoint: Checkpoint = {
    lane: laneId(bytes.subarray(AT.lane, AT.epoch)),
    signerEpoch: readU64(bytes, AT.epoch),
    signerSetHash: copyBytes(bytes, AT.signerSetHash, AT.manifestHash),
    manifestHash: copyBytes(bytes, AT.manifestHash, AT.first),
    firstSequence: readU64(bytes, AT.first),
    packetCount: readU32(bytes, AT.count),
    chunkSize: readU32(bytes, AT.chunkSize),
    root: copyBytes(bytes, AT.root, AT.sourceHeight),
    sourceHeight: readU64(bytes, AT.sourceHeight),
    sourceBlockHash: copyBytes(bytes, AT.sourceHash, AT.signatureCount),
  };
  const { packetCount, chunkSize } = checkpoint;
  if (chunkSize < 1 || chunkSize > CHUNK_PACKETS_MAX) throw malformed(`chunk size ${chunkSize}`);
  if (packetCount < 1 || chunkCount(checkpoint) > CHECKPOINT_CHUNKS_MAX) throw malformed(`packet count ${packetCount}`);
  if (checkpoint.firstSequence + BigInt(packetCount) > 0xffffffffffffffffn) throw malformed('sequence overflows');
  return { certificate: { checkpoint, signatures: copyBytes(bytes, HEAD_BYTES, length) }, length };
}

function malformed(why: string): DecodeError {
  return new DecodeError({ shortMessage: `Malformed certificate: ${why}.` });
}
