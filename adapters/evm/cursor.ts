/**
 * How far a gateway is derived: the adapter's own bytes, stored by the engine together with what was derived. It holds
 * what the next derivation starts from and can prove further: per outgoing lane the next sequence and the accumulator
 * there, per incoming lane what was accepted and which chunks are still open.
 */
import { bytesToHex, fromHex, utf8 } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { LaneId } from '../../relayer/core/ids.ts';

export interface OutboundCursor {
  readonly nextSequence: bigint;
  /** 32 bytes. */
  readonly accumulator: Uint8Array;
}

/** An accepted checkpoint of which not all chunks are delivered. */
export interface OpenCheckpoint {
  readonly firstSequence: bigint;
  readonly packetCount: number;
  readonly chunkSize: number;
  readonly chunkBase: bigint;
  /** Bit i is set when chunk i is delivered. */
  readonly delivered: bigint;
}

export interface InboundCursor {
  readonly acceptedSequence: bigint;
  readonly acceptedChunks: bigint;
  readonly open: readonly OpenCheckpoint[];
}

export interface Cursor {
  readonly height: bigint;
  readonly outbound: ReadonlyMap<LaneId, OutboundCursor>;
  readonly inbound: ReadonlyMap<LaneId, InboundCursor>;
}

export const FRESH_OUTBOUND: OutboundCursor = { nextSequence: 0n, accumulator: new Uint8Array(32) };
export const FRESH_INBOUND: InboundCursor = { acceptedSequence: 0n, acceptedChunks: 0n, open: [] };

const VERSION = 1;

interface CursorJson {
  readonly version: number;
  readonly height: string;
  readonly outbound: Readonly<Record<string, readonly [next: string, accumulator: string]>>;
  readonly inbound: Readonly<Record<string, readonly [accepted: string, chunks: string, open: readonly OpenJson[]]>>;
}
type OpenJson = readonly [first: string, count: number, chunkSize: number, chunkBase: string, delivered: string];

export function encodeCursor(cursor: Cursor): Uint8Array {
  const json: CursorJson = {
    version: VERSION,
    height: cursor.height.toString(),
    outbound: Object.fromEntries(
      [...cursor.outbound].map(([lane, at]) => [lane, [at.nextSequence.toString(), bytesToHex(at.accumulator)]]),
    ),
    inbound: Object.fromEntries(
      [...cursor.inbound].map(([lane, at]) => [
        lane,
        [
          at.acceptedSequence.toString(),
          at.acceptedChunks.toString(),
          at.open.map((open): OpenJson => [
            open.firstSequence.toString(),
            open.packetCount,
            open.chunkSize,
            open.chunkBase.toString(),
            open.delivered.toString(16),
          ]),
        ],
      ]),
    ),
  };
  return utf8(JSON.stringify(json));
}

/** `undefined` stands for the block before the gateway's first. Throws `STORE_CORRUPT`: a cursor is our own bytes. */
export function decodeCursor(bytes: Uint8Array | undefined, startHeight: bigint): Cursor {
  if (bytes === undefined) return { height: startHeight - 1n, outbound: new Map(), inbound: new Map() };
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as CursorJson;
    if (json.version !== VERSION) throw new TypeError('another version');
    return {
      height: BigInt(json.height),
      outbound: new Map(
        Object.entries(json.outbound).map(([lane, [next, accumulator]]) => [
          lane as LaneId,
          { nextSequence: BigInt(next), accumulator: fromHex(accumulator, 32) },
        ]),
      ),
      inbound: new Map(
        Object.entries(json.inbound).map(([lane, [accepted, chunks, open]]) => [
          lane as LaneId,
          {
            acceptedSequence: BigInt(accepted),
            acceptedChunks: BigInt(chunks),
            open: open.map(([first, packetCount, chunkSize, chunkBase, delivered]) => ({
              firstSequence: BigInt(first),
              packetCount,
              chunkSize,
              chunkBase: BigInt(chunkBase),
              delivered: BigInt(`0x${delivered}`),
            })),
          },
        ]),
      ),
    };
  } catch (cause) {
    throw new ViaductError({
      code: 'STORE_CORRUPT',
      shortMessage: 'A stored cursor of an EVM gateway does not decode.',
      metaMessages: ['Rebuild the journal from the chains: nothing but time is lost.'],
      cause,
    });
  }
}

export function chunksOf(open: Pick<OpenCheckpoint, 'packetCount' | 'chunkSize'>): number {
  return Math.ceil(open.packetCount / open.chunkSize);
}
