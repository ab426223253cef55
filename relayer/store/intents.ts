/**
 * The submitter's intents: for each slot of an account, the chunk it is for and every transaction signed for it. They are
 * on disk before the first broadcast, so a restart goes on with the same bytes.
 */
import { bytesToHex, fromHex, utf8 } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { type ChainName, laneId, type LaneId } from '../core/ids.ts';
import type { SignedTransaction } from '../core/ports.ts';
import { rangeOf, storeKey } from './keys.ts';
import { del, put, type Store } from './port.ts';

export interface Intent {
  readonly slot: bigint;
  /** Undefined for a blank transaction that only fills a slot. */
  readonly chunk: ChunkId | undefined;
  /** What the transaction calls, to sign again with a higher fee. */
  readonly call: Uint8Array;
  /** Oldest first; any of them may be the one that is included. */
  readonly attempts: readonly SignedTransaction[];
  /** When the newest attempt was signed. */
  readonly signedAtMs: number;
}

export interface ChunkId {
  readonly lane: LaneId;
  /** First sequence of the chunk's checkpoint. */
  readonly firstSequence: bigint;
  readonly chunkIndex: number;
}

export interface Intents {
  load(): Promise<Intent[]>;
  /** Resolves when it is on disk. */
  put(intent: Intent): Promise<void>;
  remove(slot: bigint): Promise<void>;
}

export function createIntents(store: Store, chain: ChainName, account: string): Intents {
  return {
    async load() {
      const intents: Intent[] = [];
      for await (const { value } of store.range(rangeOf('intent', chain, account))) intents.push(decode(value));
      return intents;
    },
    async put(intent) {
      await store.write([put(storeKey('intent', chain, account, intent.slot), encode(intent))], { sync: true });
    },
    async remove(slot) {
      await store.write([del(storeKey('intent', chain, account, slot))], { sync: false });
    },
  };
}

function encode(intent: Intent): Uint8Array {
  const { chunk } = intent;
  return utf8(
    JSON.stringify({
      slot: intent.slot.toString(),
      chunk: chunk === undefined ? null : { ...chunk, firstSequence: chunk.firstSequence.toString() },
      call: bytesToHex(intent.call),
      attempts: intent.attempts.map(({ attempt, raw, hash }) => ({ attempt, raw: bytesToHex(raw), hash })),
      signedAtMs: intent.signedAtMs,
    }),
  );
}

function decode(value: Uint8Array): Intent {
  try {
    const row = JSON.parse(new TextDecoder().decode(value)) as {
      slot: string;
      chunk: { lane: string; firstSequence: string; chunkIndex: number } | null;
      call: string;
      attempts: { attempt: number; raw: string; hash: string }[];
      signedAtMs: number;
    };
    const slot = BigInt(row.slot);
    const call = fromHex(row.call);
    return {
      slot,
      chunk:
        row.chunk === null
          ? undefined
          : {
              lane: laneId(row.chunk.lane),
              firstSequence: BigInt(row.chunk.firstSequence),
              chunkIndex: row.chunk.chunkIndex,
            },
      call,
      attempts: row.attempts.map(({ attempt, raw, hash }) => ({ slot, attempt, call, raw: fromHex(raw), hash })),
      signedAtMs: row.signedAtMs,
    };
  } catch (cause) {
    throw new ViaductError({
      code: 'STORE_CORRUPT',
      shortMessage: 'The journal holds an intent that does not decode.',
      metaMessages: ['Stop the process, move the data directory away and start again: deliveries are planned anew.'],
      cause,
    });
  }
}
