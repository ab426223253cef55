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
 * | `certificate/<lane>/<first>/<statement>` | a certificate, by the hash of what it states               |
 * | `signed/<lane>`                  | how far this attester signed, with totals                          |
 * | `intent/<chain>/<account>/<slot>`| signed transactions of a slot                                      |
 *
 * What a vault's member promised is in `promises.ts`.
 */
import { bytesToHex } from '../core/bytes.ts';
import type { Certificate } from '../core/certificate.ts';
import { chunkHashes } from '../core/checkpoint.ts';
import { assert } from '../core/errors.ts';
import { encodeFrame, type Frame } from '../core/frame.ts';
import type { ChainName, LaneId, TransferId } from '../core/ids.ts';
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
import { addRange } from '../core/ranges.ts';
import { addPackets } from '../core/totals.ts';
import { createCertificates } from './certificates.ts';
import { type ChunkHashes, createChunkHashBook, type CutRange } from './chunkHashes.ts';
import { lastAtOrBelow, rangeOf, storeKey } from './keys.ts';
import { del, type Operation, put, type Store } from './port.ts';
import { voidedKey } from './promises.ts';
import { createRecentFrames } from './recentFrames.ts';
import {
  chainCodec,
  type ChainRecord,
  deliveredCodec,
  derivedCodec,
  type DerivedRecord,
  emptyDerived,
  emptySettled,
  emptySigned,
  ownFrame,
  type PacketPlace,
  placeCodec,
  refusedCodec,
  settledCodec,
  type SettledRecord,
  signedCodec,
  type SignedRecord,
} from './records.ts';

export type { ChainRecord, SignedRecord };
export type LaneRecord = DerivedRecord & SettledRecord;

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
  /** The packets of a checkpoint and the hashes of its chunks; of our own verification, too. */
  readChunks(checkpoint: CutRange): Promise<{ packets: Uint8Array; hashes: ChunkHashes } | undefined>;
  /** The hashes alone: remembered since they were last asked for, for a while. */
  chunkHashes(checkpoint: CutRange): Promise<ChunkHashes | undefined>;
  /** The same, frames from the bus included. */
  readRelayedPackets(lane: LaneId, first: bigint, count: number): Promise<Uint8Array | undefined>;
  putRelayedFrame(bytes: Uint8Array, frame: Frame): Promise<void>;
  /** Forgets the frames from the bus that touch [first, end): they are not the packets that were signed. */
  dropRelayedFrames(lane: LaneId, first: bigint, end: bigint): Promise<void>;
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
  returnOf(transfer: TransferId): Promise<PacketPlace | undefined>;

  /** Calls back after something verified or certified of the lane changed. Returns the unsubscribe. */
  watchLane(lane: LaneId, listener: () => void): () => void;
}

/** A key that is there says it all. */
const MARK = new Uint8Array(0);
/** Statements name recent blocks: an attester that is further behind waits for the next one. */
const VERIFIED_BLOCKS_KEPT = 4096n;

export function createJournal(store: Store): Journal {
  const chains = createRecords<ChainName, ChainRecord | undefined>(store, 'chain', undefined, chainCodec.decode);
  const derivedOf = createRecords<LaneId, DerivedRecord>(store, 'derived', emptyDerived, derivedCodec.decode);
  const settledOf = createRecords<LaneId, SettledRecord>(store, 'settled', emptySettled, settledCodec.decode);
  const certificates = createCertificates(store);
  const hashBook = createChunkHashBook();
  const recent = createRecentFrames();
  const listeners = new Map<LaneId, Set<() => void>>();

  const loadChain = async (name: ChainName): Promise<ChainRecord | undefined> => chains.load(name);

  async function putChain(
    name: ChainName,
    record: ChainRecord,
    more: readonly Operation[],
    sync = false,
  ): Promise<void> {
    await store.write([put(storeKey('chain', name), chainCodec.encode(record)), ...more], { sync });
    chains.set(new Map([[name, record]]));
  }

  /** After the records in memory are as the store is: a listener reads what it was woken for. */
  function tell(lanes: Iterable<LaneId>): void {
    for (const lane of new Set(lanes)) for (const listener of [...(listeners.get(lane) ?? [])]) listener();
  }

  async function collect(prefix: 'frame' | 'relayed', lane: LaneId, first: bigint, count: number) {
    const end = first + BigInt(count);
    const packets = new Uint8Array(count * PACKET_BYTES);
    let next = first;
    const from = first < BigInt(FRAME_PACKETS_MAX) ? 0n : first - BigInt(FRAME_PACKETS_MAX);
    await store.visit({ gte: storeKey(prefix, lane, from), lt: storeKey(prefix, lane, end) }, (_, value) => {
      const frame = ownFrame(value);
      const frameEnd = frame.firstSequence + BigInt(frame.count);
      if (frameEnd <= next) return undefined;
      if (frame.firstSequence > next) return 'stop';
      const stop = frameEnd < end ? frameEnd : end;
      const slice = frame.packets.subarray(
        Number(next - frame.firstSequence) * PACKET_BYTES,
        Number(stop - frame.firstSequence) * PACKET_BYTES,
      );
      packets.set(slice, Number(next - first) * PACKET_BYTES);
      next = stop;
      return undefined;
    });
    return { packets, next };
  }

  async function readPackets(lane: LaneId, first: bigint, count: number): Promise<Uint8Array | undefined> {
    const held = recent.read(lane, first, count);
    if (held !== undefined) return held;
    const { packets, next } = await collect('frame', lane, first, count);
    return next === first + BigInt(count) ? packets : undefined;
  }

  async function readChunks(checkpoint: CutRange) {
    const { lane, firstSequence, packetCount, chunkSize } = checkpoint;
    const packets = await readPackets(lane, firstSequence, packetCount);
    if (packets === undefined) return undefined;
    const hashes = hashBook.get(checkpoint) ?? chunkHashes(packets, chunkSize);
    hashBook.put(checkpoint, hashes);
    return { packets, hashes };
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
      // On disk at once: what showed the conflict may never be served again.
      await putChain(name, { ...before, frozen: reason }, [], true);
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
          frames.push(frame.bytes);
          operations.push(put(storeKey('frame', lane, frame.firstSequence), frame.bytes));
        }
        operations.push(...returnsOf(lane, packets));
        const end = firstSequence + BigInt(packets.length / PACKET_BYTES);
        derived.set(lane, { derived: end, totals: addPackets(record.totals, packets) });
      }
      for (const { lane, acceptedSequence, accepted, delivered: ranges, refused } of derivation.settlements) {
        for (const checkpoint of accepted) operations.push(...(await certificates.settle(checkpoint)));
        let { delivered } = settled.get(lane) ?? (await settledOf.load(lane));
        for (const range of ranges) {
          delivered = addRange(delivered, range.firstSequence, range.firstSequence + BigInt(range.count));
          operations.push(put(storeKey('delivered', lane, range.firstSequence), deliveredCodec.encode(range)));
        }
        for (const packet of refused)
          operations.push(put(storeKey('refused', lane, packet.sequence), refusedCodec.encode(packet)));
        settled.set(lane, { accepted: acceptedSequence ?? delivered.through, delivered });
      }
      for (const { holder, slot } of derivation.voided ?? []) operations.push(put(voidedKey(name, holder, slot), MARK));
      for (const [lane, record] of derived)
        operations.push(put(storeKey('derived', lane), derivedCodec.encode(record)));
      for (const [lane, record] of settled)
        operations.push(put(storeKey('settled', lane), settledCodec.encode(record)));
      // The records in memory follow the store, never the other way round: a failed write leaves both as they were.
      const chain = { ...before, cursor: derivation.cursor, derivedHeight: derivation.height };
      await putChain(name, chain, operations);
      derivedOf.set(derived);
      settledOf.set(settled);
      recent.put(frames);
      tell([...derived.keys(), ...settled.keys()]);
      return frames;
    },

    async verifiedHash(name, height) {
      return store.get(blockKey(name, height));
    },

    lane: async (lane) => ({ ...(await derivedOf.load(lane)), ...(await settledOf.load(lane)) }),

    readPackets,
    readChunks,
    chunkHashes: async (checkpoint) => hashBook.get(checkpoint) ?? (await readChunks(checkpoint))?.hashes,

    async readRelayedPackets(lane, first, count) {
      const held = recent.read(lane, first, count);
      if (held !== undefined) return held;
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

    async dropRelayedFrames(lane, first, end) {
      const from = first < BigInt(FRAME_PACKETS_MAX) ? 0n : first - BigInt(FRAME_PACKETS_MAX) + 1n;
      const keys: string[] = [];
      const range = { gte: storeKey('relayed', lane, from), lt: storeKey('relayed', lane, end) };
      for await (const { key, value } of store.range(range)) {
        const frame = ownFrame(value);
        if (frame.firstSequence + BigInt(frame.count) > first) keys.push(key);
      }
      if (keys.length > 0) await store.write(keys.map(del), { sync: false });
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
      await certificates.put(certificate);
      tell([certificate.checkpoint.lane]);
    },

    certificates: certificates.from,

    async signed(lane) {
      const value = await store.get(`signed/${lane}`);
      return value === undefined ? emptySigned : signedCodec.decode(value);
    },

    async putSigned(lane, record) {
      await store.write([put(`signed/${lane}`, signedCodec.encode(record))], { sync: true });
    },

    async deliveredBy(lane, sequence) {
      for await (const { value } of store.range(lastAtOrBelow(sequence, 'delivered', lane))) {
        const range = deliveredCodec.decode(value);
        return sequence < range.firstSequence + BigInt(range.count) ? range : undefined;
      }
      return undefined;
    },

    async refusal(lane, sequence) {
      const value = await store.get(storeKey('refused', lane, sequence));
      return value === undefined ? undefined : refusedCodec.decode(value);
    },

    async returnOf(transfer) {
      const value = await store.get(`return/${transfer}`);
      return value === undefined ? undefined : placeCodec.decode(value);
    },

    watchLane(lane, listener) {
      const own = listeners.get(lane) ?? new Set();
      listeners.set(lane, own.add(listener));
      return () => {
        own.delete(listener);
      };
    },
  };
}

/** Records of chains or lanes in memory beside the store: one process owns a journal, and they are read in every round. */
function createRecords<K extends string, T>(store: Store, prefix: string, empty: T, decode: (value: Uint8Array) => T) {
  const known = new Map<K, T>();
  return {
    async load(of: K): Promise<T> {
      const cached = known.get(of);
      if (cached !== undefined) return cached;
      const value = await store.get(storeKey(prefix, of));
      const raced = known.get(of);
      if (raced !== undefined) return raced;
      const loaded = value === undefined ? empty : decode(value);
      known.set(of, loaded);
      return loaded;
    },
    set(records: ReadonlyMap<K, T>): void {
      for (const [of, record] of records) known.set(of, record);
    },
  };
}

function blockKey(name: ChainName, height: bigint): string {
  return storeKey('block', name, height);
}

interface CutFrame {
  readonly firstSequence: bigint;
  readonly bytes: Uint8Array;
}

function cutFrames(lane: LaneId, first: bigint, packets: Uint8Array, source: BlockPoint): CutFrame[] {
  const frames: CutFrame[] = [];
  const step = FRAME_PACKETS_MAX * PACKET_BYTES;
  for (let offset = 0; offset < packets.length; offset += step) {
    const firstSequence = first + BigInt(offset / PACKET_BYTES);
    const bytes = encodeFrame({ lane, firstSequence, source, packets: packets.subarray(offset, offset + step) });
    frames.push({ firstSequence, bytes });
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
    operations.push(put(`return/${refused}`, placeCodec.encode({ lane, sequence: readSequence(packets, offset) })));
  }
  return operations;
}
