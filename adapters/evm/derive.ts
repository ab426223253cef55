/**
 * From a verified head to packets and settlements of one EVM gateway. Pure.
 *
 * Trusts: the head (verified by a light client) and the cursor (our own). Proves, by EIP-1186 proofs under the head's
 * state root:
 * - outgoing lanes: the packets are exactly those the gateway appended since the cursor, because the hash chain over them
 *   ends in the gateway's own accumulator. An omitted, forged, changed or reordered packet ends elsewhere;
 * - incoming lanes: what was accepted, by the lane's own slot; each new checkpoint's range and cut, by its commitment;
 *   each delivered chunk, by its replay bit.
 * Not proven, and only passed on for people: which transaction delivered a chunk, and why a packet was refused.
 *
 * Anything in the evidence that is not used is refused, so that one head has one evidence.
 */
import type { Checkpoint } from '../../relayer/core/checkpoint.ts';
import { verifyAccountProof, verifyStorageProof } from '../../light-clients/merkle/index.ts';
import { bytesToHex, equalBytes, toBigInt } from '../../relayer/core/bytes.ts';
import { packetsProblem } from '../../relayer/core/frame.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { type Accumulate, accumulateLanes } from '../../relayer/core/packet.ts';
import type {
  DeliveredRange,
  Derivation,
  Derive,
  DeriveLater,
  EvidenceRequest,
  LaneSettlement,
  OutboundPackets,
  VerifiedHead,
  Verdict,
} from '../../relayer/core/ports.ts';
import { decodeAcceptedCheckpoint } from './acceptedCheckpoint.ts';
import {
  chunksOf,
  type Cursor,
  decodeCursor,
  encodeCursor,
  FRESH_INBOUND,
  FRESH_OUTBOUND,
  type InboundCursor,
  type OpenCheckpoint,
  type OutboundCursor,
} from './cursor.ts';
import { decodeEvidence, type Evidence, type InboundEvidence } from './evidence.ts';
import {
  accumulatorSlot,
  checkpointSlot,
  deliveredSlot,
  inboundLaneSlot,
  readInboundLane,
  REFUSALS,
} from './gateway.ts';
import { stateRootOf } from './stateRoot.ts';

/** One gateway and its lanes, from the manifest. */
export interface EvmGateway {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** The first block that can hold anything of the gateway. */
  readonly startHeight: bigint;
  /** Lanes whose source is this gateway. */
  readonly outbound: readonly LaneId[];
  /** Lanes whose target is this gateway. */
  readonly inbound: readonly LaneId[];
}

export function createEvmDerive(gateway: EvmGateway): Derive {
  return (request, bytes) => {
    const begun = begin(gateway, request, bytes);
    return begun.kind === 'valid' ? finish(begun.value, accumulateLanes(begun.value.told)) : begun;
  };
}

/** The same, with its accumulators handed to somebody who may run those of several chains side by side. */
export function createEvmDeriveWith(gateway: EvmGateway, accumulate: Accumulate): DeriveLater {
  return async (request, bytes) => {
    const begun = begin(gateway, request, bytes);
    return begun.kind === 'valid' ? finish(begun.value, await accumulate(begun.value.told)) : begun;
  };
}

/** Everything but the accumulators is read; what they end in decides. */
interface Begun {
  readonly told: readonly ToldPackets[];
  /** By the accumulators after the packets, in the order of `told`. */
  conclude(ends: readonly Uint8Array[]): Derivation;
}

interface ToldPackets {
  readonly lane: LaneId;
  readonly at: OutboundCursor;
  readonly packets: Uint8Array;
  readonly nextSequence: bigint;
  readonly accumulator: Uint8Array;
}

function begin(gateway: EvmGateway, request: EvidenceRequest, bytes: Uint8Array): Verdict<Begun> {
  const cursor = decodeCursor(request.cursor, gateway.startHeight);
  if (request.head.header.length === 0) return { kind: 'needsMore', reason: 'the head comes without its header' };
  if (request.head.height <= cursor.height) return { kind: 'needsMore', reason: 'the head is already derived' };
  const evidence = decodeEvidence(bytes);
  if (evidence === undefined) return invalid('the evidence does not decode');
  return orRefused(() => beginChecked(gateway, request, cursor, evidence));
}

function finish(begun: Begun, ends: readonly Uint8Array[]): Verdict<Derivation> {
  return orRefused(() => begun.conclude(ends));
}

function orRefused<T>(check: () => T): Verdict<T> {
  try {
    return { kind: 'valid', value: check() };
  } catch (error) {
    if (error instanceof Refused) return { kind: error.kind, reason: error.message };
    throw error;
  }
}

/** Control flow inside this file only: an early way out of nested checks, turned into a verdict above. */
class Refused extends Error {
  readonly kind: 'invalid' | 'conflict';
  constructor(kind: 'invalid' | 'conflict', reason: string) {
    super(reason);
    this.kind = kind;
  }
}

type ReadWord = (slot: Uint8Array, what: string) => Uint8Array;

interface OpenStorage {
  readonly read: ReadWord;
  requireAllRead(): void;
}

function beginChecked(gateway: EvmGateway, { head }: EvidenceRequest, cursor: Cursor, evidence: Evidence): Begun {
  const storage = openStorage(gateway, head, evidence);
  requireKnownLanes(gateway, evidence);

  const told = gateway.outbound.map((lane) => {
    const at = cursor.outbound.get(lane) ?? FRESH_OUTBOUND;
    const packets = evidence.outbound.find((entry) => entry.lane === lane)?.packets ?? new Uint8Array(0);
    return { lane, at, packets, nextSequence: checkSequences(lane, at, packets), accumulator: at.accumulator };
  });
  return { told, conclude: (ends) => conclude(gateway, head, cursor, evidence, storage, told, ends) };
}

function conclude(
  gateway: EvmGateway,
  head: VerifiedHead,
  cursor: Cursor,
  evidence: Evidence,
  storage: OpenStorage,
  told: readonly ToldPackets[],
  ends: readonly Uint8Array[],
): Derivation {
  const outbound: OutboundPackets[] = [];
  const outboundCursors = new Map<LaneId, OutboundCursor>();
  for (const [index, { lane, at, packets, nextSequence }] of told.entries()) {
    const accumulator = ends[index] as Uint8Array;
    if (!equalBytes(accumulator, storage.read(accumulatorSlot(lane), 'an accumulator'))) {
      throw new Refused('invalid', `lane ${lane}: the packets do not end in the gateway's accumulator`);
    }
    outboundCursors.set(lane, { nextSequence, accumulator });
    if (packets.length > 0) outbound.push({ lane, firstSequence: at.nextSequence, packets });
  }

  const settlements: LaneSettlement[] = [];
  const inboundCursors = new Map<LaneId, InboundCursor>();
  for (const lane of gateway.inbound) {
    const at = cursor.inbound.get(lane) ?? FRESH_INBOUND;
    const told = evidence.inbound.find((entry) => entry.lane === lane) ?? emptyInbound(lane);
    const { next, settlement } = checkInbound(lane, at, told, storage.read);
    inboundCursors.set(lane, next);
    if (settlement.delivered.length > 0 || settlement.acceptedSequence !== at.acceptedSequence)
      settlements.push(settlement);
  }
  storage.requireAllRead();

  return {
    cursor: encodeCursor({ height: head.height, outbound: outboundCursors, inbound: inboundCursors }),
    height: head.height,
    outbound,
    settlements,
  };
}

/** The gateway's storage at the head: each word read is proven, and each proof given must be read. */
function openStorage(gateway: EvmGateway, head: VerifiedHead, evidence: Evidence): OpenStorage {
  const state = stateRootOf(head);
  if (state.kind === 'invalid') throw new Refused('invalid', state.reason);

  const account = verifyAccountProof(state.root, gateway.address, evidence.accountProof);
  if (account.kind === 'invalid') throw new Refused('invalid', `the gateway's account proof: ${account.reason}`);
  if (account.kind === 'absent') throw new Refused('invalid', 'the gateway does not exist at this head');

  const proofs = new Map(evidence.storage.map(({ slot, proof }) => [bytesToHex(slot), proof]));
  if (proofs.size !== evidence.storage.length) throw new Refused('invalid', 'a slot is proven twice');
  const unread = new Set(proofs.keys());
  return {
    read: (slot, what) => {
      const key = bytesToHex(slot);
      const proof = proofs.get(key);
      if (proof === undefined) throw new Refused('invalid', `no proof of ${what}`);
      const verdict = verifyStorageProof(account.account.storageRoot, slot, proof);
      if (verdict.kind === 'invalid') throw new Refused('invalid', `the proof of ${what}: ${verdict.reason}`);
      unread.delete(key);
      return verdict.word;
    },
    requireAllRead: () => {
      if (unread.size > 0) throw new Refused('invalid', `${unread.size} proofs of slots that were not asked for`);
    },
  };
}

function requireKnownLanes(gateway: EvmGateway, evidence: Evidence): void {
  const check = (told: readonly { lane: LaneId }[], known: readonly LaneId[]): void => {
    const lanes = new Set(told.map(({ lane }) => lane));
    if (lanes.size !== told.length) throw new Refused('invalid', 'a lane is named twice');
    if (told.some(({ lane }) => !known.includes(lane)))
      throw new Refused('invalid', 'a lane that is not of this gateway');
  };
  check(evidence.outbound, gateway.outbound);
  check(evidence.inbound, gateway.inbound);
}

/** The packets are whole, well formed and follow the cursor; the sequence after them. */
function checkSequences(lane: LaneId, at: OutboundCursor, packets: Uint8Array): bigint {
  const problem = packetsProblem(packets, at.nextSequence);
  if (problem !== undefined) throw new Refused('invalid', `lane ${lane}: ${problem}`);
  return at.nextSequence + BigInt(packets.length / PACKET_BYTES);
}

function checkInbound(
  lane: LaneId,
  at: InboundCursor,
  told: InboundEvidence,
  read: ReadWord,
): { next: InboundCursor; settlement: LaneSettlement } {
  const proven = readInboundLane(read(inboundLaneSlot(lane), 'an incoming lane'));
  if (proven.acceptedSequence < at.acceptedSequence || proven.acceptedChunks < at.acceptedChunks) {
    throw new Refused('conflict', `lane ${lane}: the gateway accepted less than was verified before`);
  }

  // 1. New checkpoints, back to back from the cursor to what the gateway says it accepted.
  const open: OpenCheckpoint[] = [...at.open];
  const accepted: Checkpoint[] = [];
  let { acceptedSequence, acceptedChunks } = at;
  for (const preimage of told.checkpoints) {
    const checkpoint = decodeAcceptedCheckpoint(preimage);
    if (checkpoint === undefined) throw new Refused('invalid', `lane ${lane}: a checkpoint does not decode`);
    const { chunkBase, ...statement } = checkpoint;
    const { firstSequence, packetCount, chunkSize } = statement;
    if (checkpoint.lane !== lane || firstSequence !== acceptedSequence || chunkBase !== acceptedChunks) {
      throw new Refused('invalid', `lane ${lane}: a checkpoint that is not the next one`);
    }
    if (!equalBytes(keccak256(preimage), read(checkpointSlot(lane, firstSequence), 'a checkpoint'))) {
      throw new Refused('invalid', `lane ${lane}: checkpoint ${firstSequence} is not the accepted one`);
    }
    accepted.push(statement);
    open.push({ firstSequence, packetCount, chunkSize, chunkBase, delivered: 0n });
    acceptedSequence += BigInt(packetCount);
    acceptedChunks += BigInt(chunksOf(checkpoint));
  }
  if (acceptedSequence !== proven.acceptedSequence || acceptedChunks !== proven.acceptedChunks) {
    throw new Refused('invalid', `lane ${lane}: accepted checkpoints are missing`);
  }

  // 2. Replay bits of the chunks that were open.
  const words = new Map<bigint, bigint>();
  for (const index of replayWords(open)) {
    words.set(index, toBigInt(read(deliveredSlot(lane, index), 'replay bits')));
  }
  const transactions = new Map(told.deliveries.map(({ ordinal, transaction }) => [ordinal, transaction]));
  const delivered: DeliveredRange[] = [];
  const stillOpen: OpenCheckpoint[] = [];
  for (const checkpoint of open) {
    const bits = deliveredBits(checkpoint, words);
    const chunks = chunksOf(checkpoint);
    for (let i = 0; i < chunks; i++) {
      if (!hasBit(bits, i) || hasBit(checkpoint.delivered, i)) continue;
      const skip = i * checkpoint.chunkSize;
      delivered.push({
        firstSequence: checkpoint.firstSequence + BigInt(skip),
        count: Math.min(checkpoint.chunkSize, checkpoint.packetCount - skip),
        transaction: transactions.get(checkpoint.chunkBase + BigInt(i)),
      });
    }
    if (bits !== (1n << BigInt(chunks)) - 1n) stillOpen.push({ ...checkpoint, delivered: bits });
  }

  // 3. Hints about refusals, only inside what was just delivered.
  const refused = told.refusals
    .filter(({ sequence }) => isInside(delivered, sequence))
    .map(({ sequence, reason, transaction }) => ({
      sequence,
      reason: REFUSALS[reason] ?? `reason ${reason}`,
      transaction,
    }));

  return {
    next: { acceptedSequence, acceptedChunks, open: stillOpen },
    settlement: { lane, acceptedSequence, accepted, delivered, refused },
  };
}

/** The words of replay bits that hold a chunk not yet delivered, ascending. */
export function replayWords(open: readonly OpenCheckpoint[]): bigint[] {
  const indexes = new Set<bigint>();
  for (const checkpoint of open) {
    for (let i = 0; i < chunksOf(checkpoint); i++) {
      if (!hasBit(checkpoint.delivered, i)) indexes.add((checkpoint.chunkBase + BigInt(i)) >> 8n);
    }
  }
  return [...indexes].sort((a, b) => (a < b ? -1 : 1));
}

function deliveredBits(checkpoint: OpenCheckpoint, words: ReadonlyMap<bigint, bigint>): bigint {
  let bits = checkpoint.delivered;
  for (let i = 0; i < chunksOf(checkpoint); i++) {
    const ordinal = checkpoint.chunkBase + BigInt(i);
    const value = words.get(ordinal >> 8n) ?? 0n;
    if ((value >> (ordinal & 255n)) & 1n) bits |= 1n << BigInt(i);
  }
  return bits;
}

/** Binary search: the ranges ascend, and there may be as many hints as the evidence has room for. */
function isInside(ranges: readonly DeliveredRange[], sequence: bigint): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle] as DeliveredRange;
    if (sequence < range.firstSequence) high = middle - 1;
    else if (sequence >= range.firstSequence + BigInt(range.count)) low = middle + 1;
    else return true;
  }
  return false;
}

function hasBit(bits: bigint, index: number): boolean {
  return ((bits >> BigInt(index)) & 1n) === 1n;
}

function emptyInbound(lane: LaneId): InboundEvidence {
  return { lane, checkpoints: [], deliveries: [], refusals: [] };
}

function invalid(reason: string): Verdict<never> {
  return { kind: 'invalid', reason };
}
