/**
 * The evidence of a vault gateway at one head, as bytes: the headers between cursor and head, and from the lowest on whole
 * blocks with the proof of what happened in them, as many as fit. Untrusted until `derive` says otherwise.
 *
 *   version 0x01 ‖ Vec<header as Vec<u8>> ‖ Vec<block> ‖ Vec<call as Vec<u8>> ‖ Vec<chunk>
 *   block: Vec<extrinsic as Vec<u8>> ‖ Vec<node as Vec<u8>>
 *   chunk: lane (32) ‖ first sequence u64 ‖ packets as Vec<u8>
 */
import { judge, must } from '../../light-clients/refusal.ts';
import {
  compactBytes,
  createScaleReader,
  joinBytes,
  type ScaleReader,
  sizedBytes,
  u64Bytes,
} from '../../light-clients/scale.ts';
import { idBytes, laneId, type LaneId } from '../../relayer/core/ids.ts';
import { EVIDENCE_BYTES_MAX } from '../../relayer/core/limits.ts';
import type { Verdict } from '../../relayer/core/ports.ts';

export interface BlockContent {
  /** As blocks hold them, their length in front. */
  readonly extrinsics: readonly Uint8Array[];
  /** Of the read proof of `System.Events` and `System.LastRuntimeUpgrade` in the block's state. */
  readonly proof: readonly Uint8Array[];
}

export interface ChunkContent {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly packets: Uint8Array;
}

export interface Evidence {
  /** From the block after the cursor to the one before the head, encoded. */
  readonly headers: readonly Uint8Array[];
  /** Of the first blocks after the cursor; the head's own may be the last of them. */
  readonly blocks: readonly BlockContent[];
  /** The calls that the vault carried out in these blocks. */
  readonly calls: readonly Uint8Array[];
  /** The packets that these calls were to pay. */
  readonly chunks: readonly ChunkContent[];
}

const VERSION = 1;
/** No specific reason: each item has bytes, and those are bounded. */
const ITEMS_MAX = 200_000;

export function encodeEvidence({ headers, blocks, calls, chunks }: Evidence): Uint8Array {
  return joinBytes([
    Uint8Array.of(VERSION),
    vector(headers.map(sizedBytes)),
    vector(blocks.map(encodeBlock)),
    vector(calls.map(sizedBytes)),
    vector(
      chunks.map(({ lane, firstSequence, packets }) =>
        joinBytes([idBytes(lane), u64Bytes(firstSequence), sizedBytes(packets)]),
      ),
    ),
  ]);
}

/** The size that a block adds. */
export function encodeBlock({ extrinsics, proof }: BlockContent): Uint8Array {
  return joinBytes([vector(extrinsics.map(sizedBytes)), vector(proof.map(sizedBytes))]);
}

/** Total and bounded; the parts are views of `bytes`. */
export function decodeEvidence(bytes: Uint8Array): Verdict<Evidence> {
  return judge(() => {
    must(bytes.length <= EVIDENCE_BYTES_MAX, 'evidence: too long');
    const reader = createScaleReader(bytes, 'evidence');
    must(reader.u8() === VERSION, 'evidence: unknown version');
    const sized = (): Uint8Array => reader.sized(reader.remaining);
    const headers = read(reader, sized);
    const blocks = read(reader, () => ({ extrinsics: read(reader, sized), proof: read(reader, sized) }));
    const calls = read(reader, sized);
    const chunks = read(reader, () => {
      const lane = laneId(reader.bytes(32));
      const firstSequence = reader.u64();
      return { lane, firstSequence, packets: sized() };
    });
    reader.end();
    return { headers, blocks, calls, chunks };
  });
}

function vector(items: readonly Uint8Array[]): Uint8Array {
  return joinBytes([compactBytes(items.length), ...items]);
}

function read<T>(reader: ScaleReader, item: () => T): T[] {
  return Array.from({ length: reader.length(ITEMS_MAX) }, item);
}
