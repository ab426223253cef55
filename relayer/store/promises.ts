/**
 * The signing journal of a vault's member: what each of its signatures bound it to. Synced before a signature leaves.
 *
 * | key                                | value                                                        |
 * |------------------------------------|--------------------------------------------------------------|
 * | `promise/<chain>/<holder>/<slot>`  | what the slot is used for, and until when                    |
 * | `promised/<chain>/<lane>/<first>`  | which slot the packets from `first` on were last promised to |
 * | `voided/<chain>/<holder>/<slot>`   | written with the derivation that showed it to be of no effect|
 * | `promises/<chain>`                 | when this journal began, and at which height                 |
 */
import { bytesToHex, fromHex } from '../core/bytes.ts';
import { assert } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import { CHUNK_PACKETS_MAX } from '../core/limits.ts';
import type { ReleasePromise } from '../core/ports.ts';
import { lastAtOrBelow, lastNumber, storeKey } from './keys.ts';
import { del, type Operation, put, type Store } from './port.ts';
import { jsonCodec } from './records.ts';

export interface PromisedRange {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly count: number;
}

/** A promise and the packets it is about; none for a slot that was to be used up only. */
export interface Promised extends ReleasePromise {
  readonly range: PromisedRange | undefined;
}

/** From here on the journal holds every promise. */
export interface JournalBeginning {
  readonly afterSeconds: bigint;
  /** Undefined until a block of that time was verified. */
  readonly height: bigint | undefined;
}

export interface Promises {
  /** Remembers when the journal began, and gives back what it remembered first. Seconds of the chain's time. */
  begin(afterSeconds: bigint): Promise<JournalBeginning>;
  /** Remembers the height at which it began, once that is known. */
  beginAt(height: bigint): Promise<void>;
  atSlot(holder: string, slot: bigint): Promise<Promised | undefined>;
  /** Those whose packets overlap the range, dead ones included, voided ones not. */
  overlapping(range: PromisedRange): Promise<Promised[]>;
  /** The lowest slot of the holder above everything promised. */
  nextSlot(holder: string): Promise<bigint>;
  /** Resolves when it is on disk. */
  put(promised: Promised): Promise<void>;
}

/** Slots of one holder that are remembered: far more than are ever open at once. */
const SLOTS_KEPT = 4096n;
const U64_MAX = (1n << 64n) - 1n;

export function createPromises(store: Store, chain: ChainName): Promises {
  const slotKey = (holder: string, slot: bigint): string => storeKey('promise', chain, holder, slot);
  const beginningKey = storeKey('promises', chain);
  const rangeKey = (lane: LaneId, first: bigint): string => storeKey('promised', chain, lane, first);

  async function atSlot(holder: string, slot: bigint): Promise<Promised | undefined> {
    const value = await store.get(slotKey(holder, slot));
    if (value === undefined || (await store.get(voidedKey(chain, holder, slot))) !== undefined) return undefined;
    return promisedCodec.decode(value);
  }

  return {
    async begin(afterSeconds) {
      const value = await store.get(beginningKey);
      if (value !== undefined) return beginningCodec.decode(value);
      const beginning = { afterSeconds, height: undefined };
      await store.write([put(beginningKey, beginningCodec.encode(beginning))], { sync: true });
      return beginning;
    },

    async beginAt(height) {
      const value = await store.get(beginningKey);
      assert(value !== undefined, 'a journal that began');
      const beginning = { ...beginningCodec.decode(value), height };
      await store.write([put(beginningKey, beginningCodec.encode(beginning))], { sync: true });
    },

    atSlot,

    async overlapping({ lane, firstSequence, count }) {
      const reach = BigInt(CHUNK_PACKETS_MAX);
      const gte = rangeKey(lane, firstSequence < reach ? 0n : firstSequence - reach);
      const found: Promised[] = [];
      for await (const { value } of store.range({ gte, lt: rangeKey(lane, firstSequence + BigInt(count)) })) {
        const { holder, slot } = placeCodec.decode(value);
        const promised = await atSlot(holder, slot);
        if (promised?.range === undefined) continue;
        if (promised.range.firstSequence + BigInt(promised.range.count) > firstSequence) found.push(promised);
      }
      return found;
    },

    async nextSlot(holder) {
      for await (const { key } of store.range(lastAtOrBelow(U64_MAX, 'promise', chain, holder))) {
        return lastNumber(key) + 1n;
      }
      return 0n;
    },

    async put(promised) {
      const { holder, slot, range } = promised;
      const operations: Operation[] = [put(slotKey(holder, slot), promisedCodec.encode(promised))];
      if (range !== undefined) {
        operations.push(put(rangeKey(range.lane, range.firstSequence), placeCodec.encode({ holder, slot })));
      }
      // A slot used anew was voided before: the mark is about what it held then.
      operations.push(del(voidedKey(chain, holder, slot)));
      if (slot >= SLOTS_KEPT) operations.push(...(await forgetting(holder, slot - SLOTS_KEPT)));
      await store.write(operations, { sync: true });
    },
  };

  async function forgetting(holder: string, slot: bigint): Promise<Operation[]> {
    const value = await store.get(slotKey(holder, slot));
    if (value === undefined) return [];
    const { range } = promisedCodec.decode(value);
    const operations = [del(slotKey(holder, slot)), del(voidedKey(chain, holder, slot))];
    if (range === undefined) return operations;
    const key = rangeKey(range.lane, range.firstSequence);
    const last = await store.get(key);
    const isLast = last !== undefined && placeCodec.decode(last).slot === slot;
    return isLast ? [...operations, del(key)] : operations;
  }
}

/** The mark that a derivation leaves for a voided slot. */
export function voidedKey(chain: ChainName, holder: string, slot: bigint): string {
  return storeKey('voided', chain, holder, slot);
}

const beginningCodec = jsonCodec<JournalBeginning>(
  'the beginning of a signing journal',
  (beginning) => beginning,
  (value) => {
    // Journals of before this was kept have a height alone.
    const { afterSeconds = '0', height } = value as { afterSeconds?: string; height?: string };
    return { afterSeconds: BigInt(afterSeconds), height: height === undefined ? undefined : BigInt(height) };
  },
);

const placeCodec = jsonCodec<{ readonly holder: string; readonly slot: bigint }>(
  'the slot of a promise',
  (place) => place,
  (value) => {
    const { holder, slot } = value as { holder: string; slot: string };
    return { holder, slot: BigInt(slot) };
  },
);

const promisedCodec = jsonCodec<Promised>(
  'a promise',
  ({ content, ...rest }) => ({ ...rest, content: bytesToHex(content) }),
  (value) => {
    const row = value as {
      holder: string;
      slot: string;
      content: string;
      expiryHeight?: string;
      range?: { lane: string; firstSequence: string; count: number };
    };
    return {
      holder: row.holder,
      slot: BigInt(row.slot),
      content: fromHex(row.content, 32),
      expiryHeight: row.expiryHeight === undefined ? undefined : BigInt(row.expiryHeight),
      range: row.range && {
        lane: row.range.lane as LaneId,
        firstSequence: BigInt(row.range.firstSequence),
        count: row.range.count,
      },
    };
  },
);
