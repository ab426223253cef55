/**
 * How far a vault gateway is derived: the adapter's own bytes, stored by the engine together with what was derived. The hash
 * of the last derived block ties the next one to it, so that no block is left out or read from another fork; each lane has
 * the sequence that its next packet takes, each shard the slot that it uses next.
 */
import { bytesToHex, fromHex, utf8 } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { laneId, type LaneId } from '../../relayer/core/ids.ts';

export interface Cursor {
  /** The last block whose deposits are derived. */
  readonly height: bigint;
  /** Its hash, 32 bytes; undefined before the first. */
  readonly hash: Uint8Array | undefined;
  readonly nextSequences: ReadonlyMap<LaneId, bigint>;
  /** By the address of a shard, the first of its slots that is not known to be used. */
  readonly nextSlots: ReadonlyMap<string, bigint>;
}

const VERSION = 2;

interface CursorJson {
  readonly version: number;
  readonly height: string;
  readonly hash: string;
  readonly next: Readonly<Record<string, string>>;
  readonly slots: Readonly<Record<string, string>>;
}

export function encodeCursor(cursor: Cursor): Uint8Array {
  const json: CursorJson = {
    version: VERSION,
    height: cursor.height.toString(),
    hash: cursor.hash === undefined ? '' : bytesToHex(cursor.hash),
    next: Object.fromEntries([...cursor.nextSequences].map(([lane, next]) => [lane, next.toString()])),
    slots: Object.fromEntries([...cursor.nextSlots].map(([holder, next]) => [holder, next.toString()])),
  };
  return utf8(JSON.stringify(json));
}

/** `undefined` stands for the block before the gateway's first. Throws `STORE_CORRUPT`: a cursor is our own bytes. */
export function decodeCursor(bytes: Uint8Array | undefined, startHeight: bigint): Cursor {
  if (bytes === undefined) {
    return { height: startHeight - 1n, hash: undefined, nextSequences: new Map(), nextSlots: new Map() };
  }
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as CursorJson;
    if (json.version !== VERSION) throw new TypeError('another version');
    return {
      height: BigInt(json.height),
      hash: json.hash === '' ? undefined : fromHex(json.hash, 32),
      nextSequences: new Map(Object.entries(json.next).map(([lane, next]) => [laneId(lane), BigInt(next)])),
      nextSlots: new Map(Object.entries(json.slots).map(([holder, next]) => [holder, BigInt(next)])),
    };
  } catch (cause) {
    throw new ViaductError({
      code: 'STORE_CORRUPT',
      shortMessage: 'A stored cursor of a Cosmos gateway does not decode.',
      metaMessages: ['Rebuild the journal from the chains: nothing but time is lost.'],
      cause,
    });
  }
}
