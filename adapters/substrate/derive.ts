/**
 * From a verified head to the packets and settlements of one vault gateway. Pure, and the same on every attester.
 *
 * Trusts: the head (verified by the light client), the cursor (our own), the gateway's terms and the pinned hashes of runtime
 * metadata (the manifest). Proves: the headers between cursor and head are the head's ancestors without a gap; the extrinsics
 * of each block are all there are, by its extrinsics root; its events and the spec version that made it, by a read proof under
 * its state root. So an endpoint can neither hide nor invent nor change a deposit, a release, or their outcome.
 *
 * `System.LastRuntimeUpgrade` in a block's state names the runtime that made the block: a new runtime writes it when it begins
 * its first one.
 *
 * A release counts as paid when `MultisigExecuted` says Ok for the hash of the very call that its packets make. The call and
 * the packets come with the evidence and are bound by hashes.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { type Header, type LinkedHeader, linkHeaders, slotOf as blockSlot } from '../../light-clients/grandpa/index.ts';
import { verifyExtrinsics } from '../../light-clients/grandpa/extrinsicsRoot.ts';
import { judge, must, Refusal } from '../../light-clients/refusal.ts';
import { readTrie, storagePrefix } from '../../light-clients/trie/index.ts';
import { concatBytes, equalBytes } from '../../relayer/core/bytes.ts';
import { chunkHash } from '../../relayer/core/checkpoint.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, encodePacket, type Packet, packetProblem, transferIdOf } from '../../relayer/core/packet.ts';
import type {
  DeliveredRange,
  Derivation,
  Derive,
  RefusedPacket,
  Verdict,
  VoidedRelease,
} from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import { readCompact } from './codec.ts';
import { createScaleReader } from '../../light-clients/scale.ts';
import { type Cursor, decodeCursor, encodeCursor, type OpenOperation, slotOf } from './cursor.ts';
import { type Deposit, judgeDeposit } from './deposits.ts';
import { type BlockContent, decodeEvidence, type Evidence } from './evidence.ts';
import type { SubstrateGateway } from './gateway.ts';
import { type ClosedOperation, type OpenedOperation, readBlock } from './readBlock.ts';
import { refusalOf, releaseCall, remarkOfCall } from './releaseCall.ts';
import type { ReleaseRemark } from './releaseRemark.ts';
import type { Runtime } from './runtime.ts';
import type { Runtimes } from './runtimes.ts';

/** What the proof of a block is asked for. */
export const EVENTS_KEY = storagePrefix('System', 'Events');
export const RUNTIME_KEY = storagePrefix('System', 'LastRuntimeUpgrade');

/** Operations open at once. Each costs its opener a deposit; beyond this, later ones are not for members to approve. */
const OPEN_MAX = 1_024;
const STATE_REFUSAL = 'the chain would not take it: no account that could hold it, too little, or frozen';

export function createSubstrateDerive(gateway: SubstrateGateway, runtimes: Runtimes): Derive {
  return ({ cursor: cursorBytes, head }, bytes) => {
    const cursor = decodeCursor(cursorBytes, gateway.startHeight);
    if (head.header.length === 0) return { kind: 'needsMore', reason: 'the head comes without its header' };
    return judge(() => {
      const evidence = settle(decodeEvidence(bytes));
      const { headers, blocks } = evidence;
      // Nothing below this head is new: it only has to be said that it was looked at.
      if (head.height <= cursor.height) {
        must(headers.length === 0 && blocks.length === 0, 'evidence where none is needed');
        return { cursor: encodeCursor(cursor), height: head.height, outbound: [], settlements: [] };
      }
      const linked = settle(linkHeaders([...headers, head.header], head.hash));
      const first = linked[0] as LinkedHeader;
      must(BigInt(first.header.number) === cursor.height + 1n, 'headers do not reach from the cursor to the head');
      must(blocks.length > 0 && blocks.length <= linked.length, 'no blocks, or more than headers');
      if (cursor.hash !== undefined && !equalBytes(first.header.parentHash, cursor.hash)) {
        throw new Refusal(`block ${cursor.height} is not the one that was derived before`, 'conflict');
      }
      const tally = createTally(gateway, cursor, evidence);
      for (const [index, block] of blocks.entries())
        readInto(tally, gateway, runtimes, linked[index] as LinkedHeader, block);
      const last = linked[blocks.length - 1] as LinkedHeader;
      return tally.finish(BigInt(last.header.number), last.hash);
    });
  };
}

/** The spec version and the events of a block, from its proof. */
export function readProvenState(
  stateRoot: Uint8Array,
  proof: readonly Uint8Array[],
): Verdict<{ readonly specVersion: number; readonly events: Uint8Array }> {
  return judge(() => {
    const { values } = settle(readTrie(stateRoot, proof, { keys: [EVENTS_KEY, RUNTIME_KEY] }));
    const [events, upgrade] = values;
    must(events !== undefined, 'the state has no events');
    must(upgrade !== undefined, 'the state does not name its runtime');
    return { specVersion: Number(readCompact(createScaleReader(upgrade, 'runtime version'))), events };
  });
}

function readInto(
  tally: Tally,
  gateway: SubstrateGateway,
  runtimes: Runtimes,
  { header, hash }: LinkedHeader,
  { extrinsics, proof }: BlockContent,
): void {
  const where = `block ${header.number}`;
  settle(verifyExtrinsics(header.extrinsicsRoot, extrinsics), where);
  const { specVersion, events } = settle(readProvenState(header.stateRoot, proof), where);
  const runtime = runtimes.get(specVersion);
  if (runtime === undefined) {
    throw new Refusal(`${where}: the metadata of spec version ${specVersion} is not pinned or not here`, 'needsMore');
  }
  for (const event of readBlock(gateway, runtime, hash, extrinsics, events)) {
    switch (event.kind) {
      case 'deposit':
        tally.deposited(judgeDeposit(gateway, event));
        break;
      case 'opened':
        tally.opened(event, header.number, timeOf(header, gateway.slotMs));
        break;
      case 'executed':
      case 'failed':
      case 'cancelled':
        tally.closed(event, runtime);
    }
  }
}

interface Tally {
  deposited(deposit: Deposit): void;
  opened(event: OpenedOperation, height: number, timeSeconds: bigint): void;
  closed(event: ClosedOperation, runtime: Runtime): void;
  finish(height: bigint, hash: Uint8Array): Derivation;
}

function createTally(gateway: SubstrateGateway, cursor: Cursor, evidence: Evidence): Tally {
  const nextSequences = new Map(cursor.nextSequences);
  const packets = new Map<LaneId, Packet[]>();
  const settlements = new Map<LaneId, { readonly delivered: DeliveredRange[]; readonly refused: RefusedPacket[] }>();
  const voided: VoidedRelease[] = [];
  let open: readonly OpenOperation[] = cursor.open;

  const add = (lane: LaneId, packet: Omit<Packet, 'sequence'>): void => {
    const sequence = nextSequences.get(lane) ?? 0n;
    nextSequences.set(lane, sequence + 1n);
    const list = packets.get(lane) ?? [];
    list.push({ ...packet, sequence });
    packets.set(lane, list);
  };

  const paid = (event: ClosedOperation, runtime: Runtime, operation: OpenOperation | undefined): void => {
    const call = evidence.calls.find((bytes) => equalBytes(blake2b256(bytes), event.callHash));
    if (call === undefined) throw new Refusal(`the call of ${event.transaction} is not in the evidence`, 'needsMore');
    const remark = remarkOfCall(runtime, call);
    const inbound = remark === undefined ? undefined : inboundOf(gateway, remark.lane);
    // Something else that the members did with the vault, by hand.
    if (remark === undefined || inbound === undefined) return;
    const chunk = packetsOf(evidence, remark);
    if (chunk === undefined) {
      throw new Refusal(`the packets that ${event.transaction} paid are not in the evidence`, 'needsMore');
    }
    const expected = releaseCall(gateway, runtime, event.vault, remark, chunk);
    if (expected === undefined || !equalBytes(expected, call)) {
      throw new Refusal(`${event.transaction} does not pay the packets that it names`, 'conflict');
    }
    const settlement = settlements.get(remark.lane) ?? { delivered: [], refused: [] };
    settlements.set(remark.lane, settlement);
    const { firstSequence, count } = remark;
    settlement.delivered.push({ firstSequence, count, transaction: event.transaction });
    for (const position of remark.refused) {
      const offset = position * PACKET_BYTES;
      const packet = decodePacket(chunk, offset);
      const isReturn = packet.kind === 'return' || inbound.opposite === undefined;
      const reason = isReturn ? 'it cannot be paid: the vault holds it' : whyRefused(gateway, packet, operation);
      settlement.refused.push({ sequence: packet.sequence, reason, transaction: event.transaction });
      // A return never travels again.
      if (isReturn || inbound.opposite === undefined) continue;
      add(inbound.opposite, {
        kind: 'return',
        asset: packet.asset,
        amount: packet.amount,
        receiver: packet.sender,
        deadline: 0n,
        sourceReference: transferIdBytes(remark.lane, chunk, offset),
        sender: packet.receiver,
      });
    }
  };

  return {
    deposited: (deposit) => {
      if (deposit.kind === 'kept') return;
      const { asset, amount, sourceReference, sender } = deposit;
      const base = { asset, amount, sourceReference, sender };
      if (deposit.kind === 'refund') add(gateway.home, { ...base, kind: 'return', receiver: sender, deadline: 0n });
      else {
        const { lane, receiver, deadline } = deposit;
        add(lane, { ...base, kind: 'transfer', receiver, deadline });
      }
    },
    opened: ({ vault, callHash, remark, index }, height, timeSeconds) => {
      const { lane, firstSequence, count } = remark;
      // The chain decides which of two operations for the same packets may be approved: the one that was opened first.
      if (open.length >= OPEN_MAX || open.some((other) => overlaps(other, remark))) return;
      const timepoint = { height, index };
      open = [...open, { vault, callHash, timepoint, timeSeconds, lane, firstSequence, count }];
    },
    closed: (event, runtime) => {
      const operation = open.find((one) => isSameOperation(one, event));
      open = open.filter((one) => one !== operation);
      if (event.kind === 'executed') paid(event, runtime, operation);
      else voided.push({ holder: formatAccount(event.vault, gateway.ss58Prefix), slot: slotOf(event.timepoint) });
    },
    finish: (height, hash) => ({
      cursor: encodeCursor({ height, hash, nextSequences, open }),
      height,
      outbound: [...packets].map(([lane, list]) => ({
        lane,
        firstSequence: list[0]?.sequence ?? 0n,
        packets: concatBytes(...list.map(encodePacket)),
      })),
      settlements: [...settlements].map(([lane, { delivered, refused }]) => ({
        lane,
        acceptedSequence: undefined,
        accepted: [],
        delivered,
        refused,
      })),
      ...(voided.length === 0 ? {} : { voided }),
    }),
  };
}

/** 0 for a block without a slot, which only genesis is. */
function timeOf(header: Header, slotMs: number): bigint {
  return ((blockSlot(header) ?? 0n) * BigInt(slotMs)) / 1000n;
}

/** For people. What the packet itself says is judged as of the opening, as members did; the rest was the chain's state then. */
function whyRefused(gateway: SubstrateGateway, packet: Packet, operation: OpenOperation | undefined): string {
  if (operation === undefined) return 'refused';
  return refusalOf(gateway, packet, operation.timeSeconds) ?? STATE_REFUSAL;
}

/** The lane, if its target is this gateway. What is refused on the home lane has nowhere else to go. */
function inboundOf(gateway: SubstrateGateway, lane: LaneId): { readonly opposite: LaneId | undefined } | undefined {
  if (lane === gateway.home) return { opposite: undefined };
  return gateway.inbound.find((inbound) => inbound.lane === lane);
}

function packetsOf({ chunks }: Evidence, remark: ReleaseRemark): Uint8Array | undefined {
  const { lane, firstSequence, count } = remark;
  const chunk = chunks.find((item) => item.lane === lane && item.firstSequence === firstSequence)?.packets;
  if (chunk?.length !== count * PACKET_BYTES || !equalBytes(chunkHash(chunk), remark.chunkHash)) return undefined;
  for (let offset = 0; offset < chunk.length; offset += PACKET_BYTES) {
    must(packetProblem(chunk, offset) === undefined, 'a chunk holds something that is no packet');
  }
  return chunk;
}

export function overlaps(
  a: { readonly lane: LaneId; readonly firstSequence: bigint; readonly count: number },
  b: { readonly lane: LaneId; readonly firstSequence: bigint; readonly count: number },
): boolean {
  return (
    a.lane === b.lane &&
    a.firstSequence < b.firstSequence + BigInt(b.count) &&
    b.firstSequence < a.firstSequence + BigInt(a.count)
  );
}

function isSameOperation(operation: OpenOperation, event: ClosedOperation): boolean {
  const { height, index } = operation.timepoint;
  const isSamePlace = height === event.timepoint.height && index === event.timepoint.index;
  return isSamePlace && equalBytes(operation.vault, event.vault) && equalBytes(operation.callHash, event.callHash);
}

function transferIdBytes(lane: LaneId, packets: Uint8Array, offset: number): Uint8Array {
  return Uint8Array.from(Buffer.from(transferIdOf(lane, packets, offset), 'hex'));
}

/** The value, or a `Refusal` of the verdict's kind. */
function settle<T>(verdict: Verdict<T>, where?: string): T {
  if (verdict.kind === 'valid') return verdict.value;
  throw new Refusal(where === undefined ? verdict.reason : `${where}: ${verdict.reason}`, verdict.kind);
}
