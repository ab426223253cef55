/**
 * A gateway of the simulated chains: what the contract keeps in its storage, and what it does with deliveries, by the same
 * rules. It pays nobody: it counts. A packet that comes a second time, or that nobody sent, is seen and counted.
 */
import { Buffer } from 'node:buffer';
import { checkpointSlot, deliveredSlot, inboundLaneSlot } from '../../../adapters/evm/gateway.ts';
import { checkpointPreimage } from '../../../adapters/evm/acceptedCheckpoint.ts';
import type { InboundEvidence } from '../../../adapters/evm/evidence.ts';
import { equalBytes, word } from '../../../relayer/core/bytes.ts';
import { chunkCount, verifyMerkleProof } from '../../../relayer/core/checkpoint.ts';
import { type AssetId, idBytes, type LaneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { PACKET_BYTES } from '../../../relayer/core/limits.ts';
import { encodePacket, PACKET_OFFSETS } from '../../../relayer/core/packet.ts';
import type { Delivery } from '../../../relayer/core/ports.ts';
import { type AttestationRules, certificateProblem } from '../../../relayer/core/signatures.ts';

/** Packets kept behind what is delivered: for evidence asked for again, and for comparing. */
const PACKETS_KEPT = 32_768;

export interface OutLane {
  readonly id: LaneId;
  readonly next: number;
  readonly accumulator: Uint8Array;
  /** Makes so many deposits at a time; the accumulator is given by whoever makes a block. */
  deposit(count: number, nowMs: number): Uint8Array;
  commit(accumulator: Uint8Array): void;
  /** In parts, in place. */
  packets(first: number, end: number): Uint8Array[];
  /** Takes note that [first, first + count) was paid out with these bytes, and says when each part was deposited. */
  paid(first: number, packets: Uint8Array, deposited: (atMs: number, count: number) => void): void;
  readonly delivered: number;
  readonly doubled: number;
  readonly altered: number;
}

export function createOutLane(id: LaneId, asset: AssetId, index: number): OutLane {
  const template = encodePacket({
    kind: 'transfer',
    sequence: 0n,
    asset,
    amount: 1_000_000_000_000_000_000n,
    receiver: keccak256(idBytes(id)).slice(12),
    deadline: 0n,
    sourceReference: keccak256(word(index)),
    sender: keccak256(idBytes(id)).slice(0, 20),
  });
  const segments: { readonly first: number; readonly bytes: Uint8Array; readonly atMs: number }[] = [];
  let accumulator: Uint8Array = new Uint8Array(32);
  let next = 0;
  let [delivered, doubled, altered] = [0, 0, 0];
  /** A bit for each sequence. */
  let seen = new Uint8Array(1 << 16);

  function deposit(count: number, nowMs: number): Uint8Array {
    const bytes = new Uint8Array(count * PACKET_BYTES);
    const view = new DataView(bytes.buffer);
    if (count > 0) bytes.set(template);
    // What is there is doubled until all is.
    for (let filled = PACKET_BYTES; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
    for (let i = 0, at = 0; i < count; i++, at += PACKET_BYTES) {
      view.setUint32(at + PACKET_OFFSETS.sequence + 4, next + i);
      view.setUint32(at + PACKET_OFFSETS.amount + 12, next + i);
      view.setUint32(at + PACKET_OFFSETS.sourceReference, next + i);
    }
    if (count > 0) segments.push({ first: next, bytes, atMs: nowMs });
    next += count;
    return bytes;
  }

  function packets(first: number, end: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    overlaps(first, end, (segment, from, to) => {
      parts.push(segment.bytes.subarray((from - segment.first) * PACKET_BYTES, (to - segment.first) * PACKET_BYTES));
    });
    return parts;
  }

  function overlaps(
    first: number,
    end: number,
    see: (one: (typeof segments)[number], from: number, to: number) => void,
  ) {
    for (const segment of segments) {
      if (segment.first >= end) return;
      const segmentEnd = segment.first + segment.bytes.length / PACKET_BYTES;
      if (segmentEnd > first) see(segment, Math.max(first, segment.first), Math.min(end, segmentEnd));
    }
  }

  function paid(first: number, paidOut: Uint8Array, deposited: (atMs: number, count: number) => void): void {
    const end = first + paidOut.length / PACKET_BYTES;
    while (seen.length * 8 < end) {
      const wider = new Uint8Array(seen.length * 2);
      wider.set(seen);
      seen = wider;
    }
    for (let at = first; at < end; at++) {
      const bit = 1 << (at & 7);
      if (((seen[at >> 3] as number) & bit) !== 0) doubled++;
      else delivered++;
      seen[at >> 3] = (seen[at >> 3] as number) | bit;
    }
    if (!isLaidEndToEnd(paidOut, packets(first, end))) altered++;
    overlaps(first, end, (segment, from, to) => deposited(segment.atMs, to - from));
    while (segments.length > 0) {
      const [oldest] = segments;
      if (oldest === undefined || oldest.first + oldest.bytes.length / PACKET_BYTES > delivered - PACKETS_KEPT) return;
      segments.shift();
    }
  }

  return {
    id,
    deposit,
    packets,
    paid,
    commit(value) {
      accumulator = value;
    },
    get next() {
      return next;
    },
    get accumulator() {
      return accumulator;
    },
    get delivered() {
      return delivered;
    },
    get doubled() {
      return doubled;
    },
    get altered() {
      return altered;
    },
  };
}

function isLaidEndToEnd(bytes: Uint8Array, parts: readonly Uint8Array[]): boolean {
  let at = 0;
  for (const part of parts) {
    if (Buffer.compare(part, bytes.subarray(at, at + part.length)) !== 0) return false;
    at += part.length;
  }
  return at === bytes.length;
}

interface Accepted {
  readonly first: bigint;
  readonly base: bigint;
  readonly chunks: number;
  readonly root: Uint8Array;
  readonly preimage: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface InLane {
  readonly id: LaneId;
  readonly accepted: bigint;
  /** The gateway's rules, by the hash of the packets; a reason when it reverts. */
  execute(delivery: Delivery, chunk: Uint8Array, transaction: string): string | undefined;
  isDelivered(first: bigint, chunkIndex: number): boolean;
  /** Slots and words that evidence may ask for. */
  storage(): (readonly [slot: Uint8Array, word: Uint8Array])[];
  /** Evidence from a cursor's accepted sequence and open chunks to now. */
  evidence(accepted: bigint, openBases: readonly bigint[]): InboundEvidence;
  /** Everything below may be forgotten: whoever follows the chain is past it. */
  forget(accepted: bigint, base: bigint): void;
}

export function createInLane(id: LaneId, rules: AttestationRules): InLane {
  let accepted = 0n;
  let chunks = 0n;
  const known = new Map<bigint, Accepted>();
  const words = new Map<bigint, bigint>();
  const transactions = new Map<bigint, string>();

  function isSet(ordinal: bigint): boolean {
    return (((words.get(ordinal >> 8n) ?? 0n) >> (ordinal & 255n)) & 1n) === 1n;
  }

  function execute(delivery: Delivery, chunk: Uint8Array, transaction: string): string | undefined {
    const { checkpoint, chunkIndex, proof } = delivery;
    let at = known.get(checkpoint.firstSequence);
    if (at === undefined) {
      if (checkpoint.firstSequence !== accepted) return 'not next';
      const problem = certificateProblem(delivery, rules);
      if (problem !== undefined) return problem;
      const preimage = checkpointPreimage(checkpoint, chunks);
      at = {
        first: checkpoint.firstSequence,
        base: chunks,
        chunks: chunkCount(checkpoint),
        root: checkpoint.root,
        preimage,
        commitment: keccak256(preimage),
      };
    }
    if (!equalBytes(at.root, checkpoint.root)) return 'another checkpoint';
    if (!verifyMerkleProof(at.root, chunk, chunkIndex, at.chunks, proof)) return 'proof';
    const ordinal = at.base + BigInt(chunkIndex);
    if (isSet(ordinal)) return 'already delivered';
    if (!known.has(at.first)) {
      known.set(at.first, at);
      accepted += BigInt(checkpoint.packetCount);
      chunks += BigInt(at.chunks);
    }
    words.set(ordinal >> 8n, (words.get(ordinal >> 8n) ?? 0n) | (1n << (ordinal & 255n)));
    transactions.set(ordinal, transaction);
    return undefined;
  }

  return {
    id,
    get accepted() {
      return accepted;
    },
    execute,
    isDelivered(first, chunkIndex) {
      const at = known.get(first);
      // A checkpoint that was forgotten was delivered whole.
      return at === undefined ? first < accepted : isSet(at.base + BigInt(chunkIndex));
    },
    storage: () => [
      [inboundLaneSlot(id), packedLane(accepted, chunks)],
      ...[...known.values()].map(({ first, commitment }) => [checkpointSlot(id, first), commitment] as const),
      ...[...words].map(([index, value]) => [deliveredSlot(id, index), word(value)] as const),
    ],
    evidence(from, openBases) {
      const fresh = [...known.values()].filter(({ first }) => first >= from);
      const bases = new Set([...openBases, ...fresh.map(({ base }) => base)]);
      const deliveries = [...known.values()]
        .filter(({ base }) => bases.has(base))
        .flatMap(({ base, chunks: count }) => Array.from({ length: count }, (_, i) => base + BigInt(i)))
        .flatMap((ordinal) => {
          const transaction = transactions.get(ordinal);
          return transaction === undefined ? [] : [{ ordinal, transaction }];
        });
      return { lane: id, checkpoints: fresh.map(({ preimage }) => preimage), deliveries, refusals: [] };
    },
    forget(from, base) {
      for (const [first, at] of known) {
        if (first >= from || at.base + BigInt(at.chunks) > base) continue;
        known.delete(first);
        for (let i = 0n; i < BigInt(at.chunks); i++) transactions.delete(at.base + i);
      }
      for (const index of words.keys()) if (index < base >> 8n) words.delete(index);
    },
  };
}

/** As Solidity packs the two counters into one word. */
function packedLane(accepted: bigint, chunks: bigint): Uint8Array {
  return word((chunks << 64n) | accepted);
}
