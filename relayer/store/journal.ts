/**
 * The journal: what the engine keeps, as typed reads and writes over a store. Chains are the truth; everything here can
 * be rebuilt from them. One process owns a journal, so lane records are kept in memory beside it and written through.
 *
 * | key                              | value                                                              |
 * |----------------------------------|--------------------------------------------------------------------|
 * | `chain/<name>`                   | trusted state, verified head, derivation cursor, frozen reason     |
 * | `block/<name>/<height>`          | hash of a verified block                                           |
 * | `derived/<lane>`                 | how far the source is derived, with totals; written by its chain   |
 * | `settled/<lane>`                 | how far the target is; written by its chain                        |
 * | `frame/<lane>/<first>`           | frame of our own verification                                      |
 * | `relayed/<lane>/<first>`         | frame from the bus: only good for building deliveries              |
 * | `return/<transfer id>`           | where the return of a refused packet is                            |
 * | `delivered/<lane>/<first>`       | transaction that delivered a range                                 |
 * | `refused/<lane>/<sequence>`      | reason (a hint) of a refusal                                       |
 * | `certificate/<lane>/<first>/<root>` | a certificate                                                   |
 * | `signed/<lane>`                  | how far this attester signed, with totals                          |
 * | `intent/<chain>/<account>/<slot>`| signed transactions of a slot                                      |
 */
import { bytesToHex, fromHex, utf8 } from '../core/bytes.ts';
import { type Certificate, decodeCertificate, encodeCertificate, endSequence } from '../core/certificate.ts';
import { assert, ViaductError } from '../core/errors.ts';
import { decodeFrame, encodeFrame, type Frame } from '../core/frame.ts';
import { assetId, type ChainName, laneId, type LaneId, type TransferId } from '../core/ids.ts';
import { FRAME_PACKETS_MAX, PACKET_BYTES } from '../core/limits.ts';
import { PACKET_OFFSETS, readKind, readSequence } from '../core/packet.ts';
import type {
  BlockPoint,
  DeliveredRange,
  Derivation,
  LightClientStep,
  RefusedPacket,
  VerifiedHead,
} from '../core/ports.ts';
import { addRange, emptyWatermark, type Watermark } from '../core/ranges.ts';
import { addPackets, type Totals } from '../core/totals.ts';
import { lastAtOrBelow, rangeOf, storeKey } from './keys.ts';
import { del, type Operation, put, type Store } from './port.ts';

export interface ChainRecord {
  readonly trusted: Uint8Array;
  readonly head: VerifiedHead;
  /** The derivation's own cursor; undefined before the first derivation. */
  readonly cursor: Uint8Array | undefined;
  /** Derived up to this height; undefined before the first derivation. */
  readonly derivedHeight: bigint | undefined;
  /** Why nothing of this chain is signed any more; undefined in normal life. */
  readonly frozen: string | undefined;
}

/** A lane as its source chain says; only the derivation of that chain writes it. */
export interface DerivedRecord {
  /** First sequence not derived from the source. */
  readonly derived: bigint;
  /** Amounts of all derived packets. */
  readonly totals: Totals;
}

/** A lane as its target chain says; only the derivation of that chain writes it. */
export interface SettledRecord {
  /** First sequence the target has not accepted, verified. */
  readonly accepted: bigint;
  readonly delivered: Watermark;
}

export type LaneRecord = DerivedRecord & SettledRecord;

export interface SignedRecord {
  /** First sequence never signed by this attester. */
  readonly through: bigint;
  readonly totals: Totals;
}

export interface Journal {
  chain(name: ChainName): Promise<ChainRecord | undefined>;
  putStep(name: ChainName, step: LightClientStep): Promise<void>;
  freeze(name: ChainName, reason: string): Promise<void>;
  /** The frames written, encoded, in the order of their lanes' packets. */
  putDerivation(name: ChainName, head: VerifiedHead, derivation: Derivation): Promise<Uint8Array[]>;
  verifiedHash(name: ChainName, height: bigint): Promise<Uint8Array | undefined>;

  lane(lane: LaneId): Promise<LaneRecord>;
  /** Packets [first, first + count) of our own verification, or undefined when not all are there. */
  readPackets(lane: LaneId, first: bigint, count: number): Promise<Uint8Array | undefined>;
  /** The same, frames from the bus included. */
  readRelayedPackets(lane: LaneId, first: bigint, count: number): Promise<Uint8Array | undefined>;
  putRelayedFrame(bytes: Uint8Array, frame: Frame): Promise<void>;
  /** Frames from `first` on, encoded, ascending. */
  frames(lane: LaneId, first: bigint, limit: number): AsyncIterable<Uint8Array>;
  /** Newest frames first. */
  latestFrames(lane: LaneId, limit: number): AsyncIterable<Frame>;

  putCertificate(certificate: Certificate): Promise<void>;
  /** Certificates that cover `sequence` or anything after it, ascending. */
  certificates(lane: LaneId, sequence: bigint, limit: number): Promise<Certificate[]>;

  signed(lane: LaneId): Promise<SignedRecord>;
  /** Resolves when the record is on disk: a signature may leave the process then. */
  putSigned(lane: LaneId, record: SignedRecord): Promise<void>;

  deliveredBy(lane: LaneId, sequence: bigint): Promise<DeliveredRange | undefined>;
  refusal(lane: LaneId, sequence: bigint): Promise<RefusedPacket | undefined>;
  returnOf(transfer: TransferId): Promise<{ lane: LaneId; sequence: bigint } | undefined>;

  /** Calls back after something of the lane changed. Returns the unsubscribe. */
  watchLane(lane: LaneId, listener: () => void): () => void;
}

/** Statements name recent blocks: an attester that is further behind waits for the next one. */
const VERIFIED_BLOCKS_KEPT = 4096n;

export function createJournal(store: Store): Journal {
  const derivedOf = createRecords(store, 'derived', emptyDerived, decodeDerived);
  const settledOf = createRecords(store, 'settled', emptySettled, decodeSettled);

  async function loadChain(name: ChainName): Promise<ChainRecord | undefined> {
    const value = await store.get(`chain/${name}`);
    return value === undefined ? undefined : decodeChain(value);
  }

  async function putChain(name: ChainName, record: ChainRecord, more: readonly Operation[]): Promise<void> {
    await store.write([put(`chain/${name}`, encodeChain(record)), ...more], { sync: false });
  }

  async function collect(prefix: 'frame' | 'relayed', lane: LaneId, first: bigint, count: number) {
    const end = first + BigInt(count);
    const packets = new Uint8Array(count * PACKET_BYTES);
    let next = first;
    const from = first < BigInt(FRAME_PACKETS_MAX) ? 0n : first - BigInt(FRAME_PACKETS_MAX);
    for await (const { value } of store.range({ gte: storeKey(prefix, lane, from), lt: storeKey(prefix, lane, end) })) {
      const frame = ownFrame(value);
      const frameEnd = frame.firstSequence + BigInt(frame.count);
      if (frameEnd <= next) continue;
      if (frame.firstSequence > next) return { packets, next };
      const stop = frameEnd < end ? frameEnd : end;
      const slice = frame.packets.subarray(
        Number(next - frame.firstSequence) * PACKET_BYTES,
        Number(stop - frame.firstSequence) * PACKET_BYTES,
      );
      packets.set(slice, Number(next - first) * PACKET_BYTES);
      next = stop;
    }
    return { packets, next };
  }

  return {
    chain: loadChain,

    async putStep(name, step) {
      const before = await loadChain(name);
      const blocks: Operation[] = [];
      for (const { height, hash } of [...(step.verified ?? []), step.head]) {
        blocks.push(put(blockKey(name, height), hash));
        if (height >= VERIFIED_BLOCKS_KEPT) blocks.push(del(blockKey(name, height - VERIFIED_BLOCKS_KEPT)));
      }
      await putChain(
        name,
        {
          trusted: step.state,
          head: step.head,
          cursor: before?.cursor,
          derivedHeight: before?.derivedHeight,
          frozen: before?.frozen,
        },
        blocks,
      );
    },

    async freeze(name, reason) {
      const before = await loadChain(name);
      assert(before !== undefined, 'a chain is started before it is frozen');
      await putChain(name, { ...before, frozen: reason }, []);
    },

    async putDerivation(name, head, derivation) {
      const before = await loadChain(name);
      assert(before !== undefined, 'a chain is started before anything is derived');
      const operations: Operation[] = [];
      const frames: Uint8Array[] = [];
      const derived = new Map<LaneId, DerivedRecord>();
      const settled = new Map<LaneId, SettledRecord>();
      for (const { lane, firstSequence, packets } of derivation.outbound) {
        const record = derived.get(lane) ?? (await derivedOf.load(lane));
        assert(record.derived === firstSequence, 'packets follow the lane without a gap');
        for (const frame of cutFrames(lane, firstSequence, packets, head)) {
          frames.push(frame);
          operations.push(put(storeKey('frame', lane, ownFrame(frame).firstSequence), frame));
        }
        operations.push(...returnsOf(lane, packets));
        const end = firstSequence + BigInt(packets.length / PACKET_BYTES);
        derived.set(lane, { derived: end, totals: addPackets(record.totals, packets) });
      }
      for (const { lane, acceptedSequence, delivered: ranges, refused } of derivation.settlements) {
        let { delivered } = settled.get(lane) ?? (await settledOf.load(lane));
        for (const range of ranges) {
          delivered = addRange(delivered, range.firstSequence, range.firstSequence + BigInt(range.count));
          operations.push(put(storeKey('delivered', lane, range.firstSequence), json(range)));
        }
        for (const packet of refused) operations.push(put(storeKey('refused', lane, packet.sequence), json(packet)));
        settled.set(lane, { accepted: acceptedSequence, delivered });
      }
      for (const [lane, record] of derived) operations.push(put(storeKey('derived', lane), encodeDerived(record)));
      for (const [lane, record] of settled) operations.push(put(storeKey('settled', lane), encodeSettled(record)));
      // The records in memory follow the store, never the other way round: a failed write leaves both as they were.
      const chain = { ...before, cursor: derivation.cursor, derivedHeight: derivation.height };
      await putChain(name, chain, operations);
      derivedOf.set(derived);
      settledOf.set(settled);
      return frames;
    },

    async verifiedHash(name, height) {
      return store.get(blockKey(name, height));
    },

    lane: async (lane) => ({ ...(await derivedOf.load(lane)), ...(await settledOf.load(lane)) }),

    async readPackets(lane, first, count) {
      const { packets, next } = await collect('frame', lane, first, count);
      return next === first + BigInt(count) ? packets : undefined;
    },

    async readRelayedPackets(lane, first, count) {
      const own = await collect('frame', lane, first, count);
      const end = first + BigInt(count);
      if (own.next === end) return own.packets;
      const relayed = await collect('relayed', lane, own.next, Number(end - own.next));
      if (relayed.next !== end) return undefined;
      own.packets.set(relayed.packets, Number(own.next - first) * PACKET_BYTES);
      return own.packets;
    },

    async putRelayedFrame(bytes, frame) {
      const at = storeKey('relayed', frame.lane, frame.firstSequence);
      await store.write([put(at, bytes)], { sync: false });
    },

    async *frames(lane, first, limit) {
      const from = first < BigInt(FRAME_PACKETS_MAX) ? 0n : first - BigInt(FRAME_PACKETS_MAX) + 1n;
      let left = limit;
      for await (const { value } of store.range({ ...rangeOf('frame', lane), gte: storeKey('frame', lane, from) })) {
        const frame = ownFrame(value);
        if (frame.firstSequence + BigInt(frame.count) <= first) continue;
        if (left-- <= 0) return;
        yield value;
      }
    },

    async *latestFrames(lane, limit) {
      const range = { ...rangeOf('frame', lane), reverse: true, limit };
      for await (const { value } of store.range(range)) yield ownFrame(value);
    },

    async putCertificate(certificate) {
      const { lane, firstSequence, root } = certificate.checkpoint;
      const at = storeKey('certificate', lane, firstSequence, bytesToHex(root).slice(0, 16));
      await store.write([put(at, encodeCertificate(certificate))], { sync: false });
    },

    async certificates(lane, sequence, limit) {
      const found: Certificate[] = [];
      // A certificate that covers `sequence` may start before it; the newest that starts at or before it is where to look.
      let from = sequence;
      const before = {
        gte: rangeOf('certificate', lane).gte,
        lt: storeKey('certificate', lane, sequence + 1n),
        reverse: true,
        limit: 8,
      };
      for await (const { value } of store.range(before)) {
        const { checkpoint } = decodeCertificate(value);
        if (endSequence(checkpoint) > sequence && checkpoint.firstSequence < from) from = checkpoint.firstSequence;
      }
      const after = { ...rangeOf('certificate', lane), gte: storeKey('certificate', lane, from), limit };
      for await (const { value } of store.range(after)) found.push(decodeCertificate(value));
      return found;
    },

    async signed(lane) {
      const value = await store.get(`signed/${lane}`);
      if (value === undefined) return { through: 0n, totals: new Map() };
      const { through, totals } = parse(value) as { through: string; totals: [number, string][] };
      return { through: BigInt(through), totals: decodeTotals(totals) };
    },

    async putSigned(lane, { through, totals }) {
      const value = json({ through, totals: [...totals] });
      await store.write([put(`signed/${lane}`, value)], { sync: true });
    },

    async deliveredBy(lane, sequence) {
      for await (const { value } of store.range(lastAtOrBelow(sequence, 'delivered', lane))) {
        const row = parse(value) as { firstSequence: string; count: number; transaction?: string };
        const firstSequence = BigInt(row.firstSequence);
        if (sequence >= firstSequence + BigInt(row.count)) return undefined;
        return { firstSequence, count: row.count, transaction: row.transaction };
      }
      return undefined;
    },

    async refusal(lane, sequence) {
      const value = await store.get(storeKey('refused', lane, sequence));
      if (value === undefined) return undefined;
      const row = parse(value) as { reason: string; transaction: string };
      return { sequence, reason: row.reason, transaction: row.transaction };
    },

    async returnOf(transfer) {
      const value = await store.get(`return/${transfer}`);
      if (value === undefined) return undefined;
      const row = parse(value) as { lane: string; sequence: string };
      return { lane: laneId(row.lane), sequence: BigInt(row.sequence) };
    },

    watchLane(lane, listener) {
      const stops = [`derived/${lane}`, `settled/${lane}`, `certificate/${lane}/`, `relayed/${lane}/`].map((prefix) => {
        return store.watch(prefix, listener);
      });
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

const emptyDerived: DerivedRecord = { derived: 0n, totals: new Map() };
const emptySettled: SettledRecord = { accepted: 0n, delivered: emptyWatermark };

/** Lane records in memory beside the store: one process owns a journal, and they are read in every round. */
function createRecords<T>(store: Store, prefix: string, empty: T, decode: (value: Uint8Array) => T) {
  const known = new Map<LaneId, T>();
  return {
    async load(lane: LaneId): Promise<T> {
      const cached = known.get(lane);
      if (cached !== undefined) return cached;
      const value = await store.get(storeKey(prefix, lane));
      const raced = known.get(lane);
      if (raced !== undefined) return raced;
      const loaded = value === undefined ? empty : decode(value);
      known.set(lane, loaded);
      return loaded;
    },
    set(records: ReadonlyMap<LaneId, T>): void {
      for (const [lane, record] of records) known.set(lane, record);
    },
  };
}

function blockKey(name: ChainName, height: bigint): string {
  return storeKey('block', name, height);
}

function cutFrames(lane: LaneId, firstSequence: bigint, packets: Uint8Array, source: BlockPoint): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const step = FRAME_PACKETS_MAX * PACKET_BYTES;
  for (let offset = 0; offset < packets.length; offset += step) {
    frames.push(
      encodeFrame({
        lane,
        firstSequence: firstSequence + BigInt(offset / PACKET_BYTES),
        source,
        packets: packets.subarray(offset, offset + step),
      }),
    );
  }
  return frames;
}

/** Returns are the few packets with an index of their own: they say that a packet of the opposite lane was refused. */
function returnsOf(lane: LaneId, packets: Uint8Array): Operation[] {
  const operations: Operation[] = [];
  for (let offset = 0; offset < packets.length; offset += PACKET_BYTES) {
    if (readKind(packets, offset) !== 'return') continue;
    const at = offset + PACKET_OFFSETS.sourceReference;
    const refused = bytesToHex(packets.subarray(at, at + 32));
    operations.push(put(`return/${refused}`, json({ lane, sequence: readSequence(packets, offset) })));
  }
  return operations;
}

/** A frame that we wrote: if it does not decode, the journal is corrupt. */
function ownFrame(value: Uint8Array): Frame {
  try {
    return decodeFrame(value);
  } catch (error) {
    throw corrupt('a frame', error);
  }
}

function json(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)));
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch (error) {
    throw corrupt('a record', error);
  }
}

function corrupt(what: string, cause: unknown): ViaductError {
  return new ViaductError({
    code: 'STORE_CORRUPT',
    shortMessage: `The journal holds ${what} that does not decode.`,
    metaMessages: [
      'Stop the process, move the data directory away and start again: the journal is rebuilt from the chains.',
    ],
    cause,
  });
}

function encodeChain(record: ChainRecord): Uint8Array {
  const { trusted, head, cursor, derivedHeight, frozen } = record;
  return json({
    trusted: bytesToHex(trusted),
    head: {
      height: head.height,
      hash: bytesToHex(head.hash),
      timeSeconds: head.timeSeconds,
      header: bytesToHex(head.header),
    },
    ...(cursor === undefined ? {} : { cursor: bytesToHex(cursor) }),
    ...(derivedHeight === undefined ? {} : { derivedHeight }),
    ...(frozen === undefined ? {} : { frozen }),
  });
}

function decodeChain(value: Uint8Array): ChainRecord {
  const row = parse(value) as {
    trusted: string;
    head: { height: string; hash: string; timeSeconds: string; header: string };
    cursor?: string;
    derivedHeight?: string;
    frozen?: string;
  };
  return {
    trusted: fromHex(row.trusted),
    head: {
      height: BigInt(row.head.height),
      hash: fromHex(row.head.hash, 32),
      timeSeconds: BigInt(row.head.timeSeconds),
      header: fromHex(row.head.header),
    },
    cursor: row.cursor === undefined ? undefined : fromHex(row.cursor),
    derivedHeight: row.derivedHeight === undefined ? undefined : BigInt(row.derivedHeight),
    frozen: row.frozen,
  };
}

function encodeDerived({ derived, totals }: DerivedRecord): Uint8Array {
  return json({ derived, totals: [...totals] });
}

function decodeDerived(value: Uint8Array): DerivedRecord {
  const row = parse(value) as { derived: string; totals: [number, string][] };
  return { derived: BigInt(row.derived), totals: decodeTotals(row.totals) };
}

function encodeSettled({ accepted, delivered }: SettledRecord): Uint8Array {
  return json({ accepted, ...delivered });
}

function decodeSettled(value: Uint8Array): SettledRecord {
  const row = parse(value) as { accepted: string; through: string; above: [string, string][] };
  const above = row.above.map(([first, end]): readonly [bigint, bigint] => [BigInt(first), BigInt(end)]);
  return { accepted: BigInt(row.accepted), delivered: { through: BigInt(row.through), above } };
}

function decodeTotals(rows: readonly [number, string][]): Totals {
  return new Map(rows.map(([asset, amount]) => [assetId(asset), BigInt(amount)]));
}
