/**
 * The frame: packets of one lane derived from one range of source blocks, as flat bytes. It is the unit of the journal
 * and of the bus; nothing between the source and the submitter is kept or sent per packet.
 *
 * | offset | size    | field                                                     |
 * |--------|---------|-----------------------------------------------------------|
 * | 0      | 4       | magic `VDF1`                                              |
 * | 4      | 32      | lane id                                                   |
 * | 36     | 8       | first sequence, u64                                       |
 * | 44     | 4       | packet count, u32, 1 to 480                               |
 * | 48     | 8       | source height the packets were proven at, u64             |
 * | 56     | 32      | hash of the source block at that height                   |
 * | 88     | 135 × n | packets                                                   |
 *
 * A frame from the bus proves nothing: attesters read only frames of their own verification, relayers check the packets
 * against a checkpoint root that k attesters signed.
 */
import { idBytes, laneId, type LaneId } from './ids.ts';
import { copyBytes, readU32, readU64, writeU32, writeU64 } from './bytes.ts';
import { assert, DecodeError } from './errors.ts';
import { FRAME_PACKETS_MAX, PACKET_BYTES } from './limits.ts';
import { PACKET_OFFSETS, packetProblem, readSequence } from './packet.ts';
import type { BlockPoint } from './ports.ts';

export interface Frame {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly count: number;
  readonly source: BlockPoint;
  readonly packets: Uint8Array;
}

export const FRAME_HEADER_BYTES = 88;
const MAGIC = 0x56444631;

export function encodeFrame(frame: Omit<Frame, 'count'>): Uint8Array {
  const count = frame.packets.length / PACKET_BYTES;
  assert(Number.isInteger(count) && count >= 1 && count <= FRAME_PACKETS_MAX, 'packets within a frame');
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + frame.packets.length);
  writeU32(bytes, 0, MAGIC);
  bytes.set(idBytes(frame.lane), 4);
  writeU64(bytes, 36, frame.firstSequence);
  writeU32(bytes, 44, count);
  writeU64(bytes, 48, frame.source.height);
  bytes.set(frame.source.hash, 56);
  bytes.set(frame.packets, FRAME_HEADER_BYTES);
  return bytes;
}

/** Decodes and checks a frame; `packets` is a view into `bytes`. Throws `DecodeError`. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const frame = viewFrame(bytes);
  const problem = packetsProblem(frame.packets, frame.firstSequence);
  if (problem !== undefined) throw malformed(problem);
  return frame;
}

/** The same without a look at the packets: for bytes that were checked before they were stored. Throws `DecodeError`. */
export function viewFrame(bytes: Uint8Array): Frame {
  if (bytes.length < FRAME_HEADER_BYTES + PACKET_BYTES) throw malformed(`${bytes.length} bytes are too few`);
  if (readU32(bytes, 0) !== MAGIC) throw malformed('unknown magic');
  const count = readU32(bytes, 44);
  if (count < 1 || count > FRAME_PACKETS_MAX) throw malformed(`packet count ${count} is not 1 to ${FRAME_PACKETS_MAX}`);
  if (bytes.length !== FRAME_HEADER_BYTES + count * PACKET_BYTES) {
    throw malformed(`${count} packets take ${FRAME_HEADER_BYTES + count * PACKET_BYTES} bytes, got ${bytes.length}`);
  }
  return {
    lane: laneId(bytes.subarray(4, 36)),
    firstSequence: readU64(bytes, 36),
    count,
    source: { height: readU64(bytes, 48), hash: copyBytes(bytes, 56, 88) },
    packets: bytes.subarray(FRAME_HEADER_BYTES),
  };
}

/** What is wrong with packets that should follow each other from `firstSequence`, or undefined. */
export function packetsProblem(packets: Uint8Array, firstSequence: bigint): string | undefined {
  if (packets.length % PACKET_BYTES !== 0) return `${packets.length} bytes are not whole packets`;
  // Counted in two halves: a bigint for each packet costs more than all the other checks of it.
  let high = Number(firstSequence >> 32n);
  let low = Number(firstSequence & 0xffffffffn);
  const view = new DataView(packets.buffer, packets.byteOffset, packets.length);
  for (let offset = 0; offset < packets.length; offset += PACKET_BYTES) {
    const problem = packetProblem(packets, offset);
    if (problem !== undefined) return `packet ${firstSequence + BigInt(offset / PACKET_BYTES)}: ${problem}`;
    const at = offset + PACKET_OFFSETS.sequence;
    if (view.getUint32(at + 4) !== low || view.getUint32(at) !== high) {
      const expected = firstSequence + BigInt(offset / PACKET_BYTES);
      return `packet ${expected} carries sequence ${readSequence(packets, offset)}`;
    }
    low = (low + 1) >>> 0;
    if (low === 0) high++;
  }
  return undefined;
}

function malformed(why: string): DecodeError {
  return new DecodeError({ shortMessage: `Malformed frame: ${why}.` });
}

/** Lane and message id of an encoded frame: the same packets always have the same id. */
export function frameMessageId(bytes: Uint8Array): { readonly lane: LaneId; readonly id: string } {
  const lane = laneId(bytes.subarray(4, 36));
  return { lane, id: `${lane}-${readU64(bytes, 36)}-${readU32(bytes, 44)}` };
}
