/**
 * How far a vault gateway is derived: the adapter's own bytes, stored by the engine together with what was derived. The hash
 * of the last derived block ties the next one to it, so that no block is left out or read from another fork; each lane has
 * the sequence that its next packet takes; and what operations of the vault are open, which is what its members agree by.
 */
import { bytesToHex, fromHex, utf8 } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { laneId, type LaneId } from '../../relayer/core/ids.ts';

export interface Cursor {
  /** The last block that is derived. */
  readonly height: bigint;
  /** Its hash, 32 bytes; undefined before the first. */
  readonly hash: Uint8Array | undefined;
  readonly nextSequences: ReadonlyMap<LaneId, bigint>;
  /** Operations that were opened and not closed yet; no two of them are for the same packets. */
  readonly open: readonly OpenOperation[];
}

/** Where on the chain an operation was opened: it names the operation among all with the same call. */
export interface Timepoint {
  readonly height: number;
  /** Of the extrinsic in its block. */
  readonly index: number;
}

export interface OpenOperation {
  readonly vault: Uint8Array;
  /** Blake2b-256 of the encoded call, 32 bytes. */
  readonly callHash: Uint8Array;
  readonly timepoint: Timepoint;
  /** Of the block that opened it: what deadlines are compared with. */
  readonly timeSeconds: bigint;
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly count: number;
}

/** The operation's place as one number: the slot of the vault's account that a promise of a member names. */
export function slotOf({ height, index }: Timepoint): bigint {
  return (BigInt(height) << 32n) | BigInt(index);
}

const VERSION = 1;

interface CursorJson {
  readonly version: number;
  readonly height: string;
  readonly hash: string;
  readonly next: Readonly<Record<string, string>>;
  readonly open: readonly (readonly [
    vault: string,
    hash: string,
    height: number,
    index: number,
    time: string,
    lane: string,
    first: string,
    count: number,
  ])[];
}

export function encodeCursor(cursor: Cursor): Uint8Array {
  const json: CursorJson = {
    version: VERSION,
    height: cursor.height.toString(),
    hash: cursor.hash === undefined ? '' : bytesToHex(cursor.hash),
    next: Object.fromEntries([...cursor.nextSequences].map(([lane, next]) => [lane, next.toString()])),
    open: cursor.open.map(({ vault, callHash, timepoint, timeSeconds, lane, firstSequence, count }) => [
      bytesToHex(vault),
      bytesToHex(callHash),
      timepoint.height,
      timepoint.index,
      timeSeconds.toString(),
      lane,
      firstSequence.toString(),
      count,
    ]),
  };
  return utf8(JSON.stringify(json));
}

/** `undefined` stands for the block before the gateway's first. Throws `STORE_CORRUPT`: a cursor is our own bytes. */
export function decodeCursor(bytes: Uint8Array | undefined, startHeight: bigint): Cursor {
  if (bytes === undefined) return { height: startHeight - 1n, hash: undefined, nextSequences: new Map(), open: [] };
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as CursorJson;
    if (json.version !== VERSION) throw new TypeError('another version');
    return {
      height: BigInt(json.height),
      hash: json.hash === '' ? undefined : fromHex(json.hash, 32),
      nextSequences: new Map(Object.entries(json.next).map(([lane, next]) => [laneId(lane), BigInt(next)])),
      open: json.open.map(([vault, hash, height, index, time, lane, first, count]) => ({
        vault: fromHex(vault, 32),
        callHash: fromHex(hash, 32),
        timepoint: { height, index },
        timeSeconds: BigInt(time),
        lane: laneId(lane),
        firstSequence: BigInt(first),
        count,
      })),
    };
  } catch (cause) {
    throw new ViaductError({
      code: 'STORE_CORRUPT',
      shortMessage: 'A stored cursor of a Substrate gateway does not decode.',
      metaMessages: ['Rebuild the journal from the chains: nothing but time is lost.'],
      cause,
    });
  }
}
