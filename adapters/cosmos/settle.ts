/**
 * What the transactions of shards settle, gathered over the blocks of one derivation: deliveries, refusals with the packets
 * that bring refused transfers back, and slots whose use paid nobody.
 *
 * Of a refused transfer a return goes out on the opposite lane. A refused return travels no further: it is marked as refused,
 * the coins stay in the vault, and its receiver gets them by hand (ADR 006).
 */
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { idBytes, type LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet, packetProblem, transferIdOf } from '../../relayer/core/packet.ts';
import type { DeliveredRange, LaneSettlement, RefusedPacket, VoidedRelease } from '../../relayer/core/ports.ts';
import type { CosmosGateway } from './gateway.ts';
import { createPacketJudge, END_OF_TIME, type PacketJudge } from './judgePackets.ts';
import { hashOfTx } from './releaseTx.ts';
import type { Release, ShardTx } from './shardTxs.ts';

/** A packet to be sent, without its place in the lane. */
export interface UnplacedPacket {
  readonly lane: LaneId;
  readonly packet: Omit<Packet, 'sequence'>;
}

export interface Settling {
  /** Takes one transaction with code 0. The returns it sends, or undefined when the chunk's packets are needed for them. */
  take(tx: ShardTx, raw: Uint8Array): readonly UnplacedPacket[] | undefined;
  settlements(): readonly LaneSettlement[];
  voided(): readonly VoidedRelease[];
  /** By shard, the first slot that is not known to be used. */
  nextSlots(): ReadonlyMap<string, bigint>;
}

/** Slots voided by one transaction: of an account older than the vault, the rest is nobody's promise. */
const VOIDED_MAX = 10_000n;

export type SettlingFactory = (
  nextSlots: ReadonlyMap<string, bigint>,
  /** By chunk hash in hex. */
  chunks: ReadonlyMap<string, Uint8Array>,
) => Settling;

export function createSettlingFactory(gateway: CosmosGateway): SettlingFactory {
  const judge = createPacketJudge(gateway);
  return (before, chunks) => {
    const next = new Map(before);
    const lanes = new Map<LaneId, { delivered: DeliveredRange[]; refused: RefusedPacket[] }>();
    const voided: VoidedRelease[] = [];

    const settle = (release: Release, tx: ShardTx, raw: Uint8Array): readonly UnplacedPacket[] | undefined => {
      const { lane, memo } = release;
      const packets = memo.refused.length === 0 ? NONE : chunks.get(bytesToHex(memo.chunkHash));
      if (packets === undefined) return undefined;
      const transaction = hashOfTx(raw);
      const refused = memo.refused.map((position) => {
        const bytes = packets.subarray(position * PACKET_BYTES, (position + 1) * PACKET_BYTES);
        return {
          sequence: memo.firstSequence + BigInt(position),
          reason: reasonOf(judge, bytes, tx),
          transaction,
          bytes,
        };
      });
      const entry = lanes.get(lane.lane) ?? { delivered: [], refused: [] };
      lanes.set(lane.lane, entry);
      entry.delivered.push({ firstSequence: memo.firstSequence, count: memo.count, transaction });
      entry.refused.push(...refused.map(({ sequence, reason }) => ({ sequence, reason, transaction })));
      return refused.flatMap(({ bytes }) => returnOf(gateway, lane, bytes));
    };

    return {
      take: (tx, raw) => {
        const { holder, slot, release } = tx;
        const returns = release === undefined ? [] : settle(release, tx, raw);
        if (returns === undefined) return undefined;
        const first = next.get(holder) ?? 0n;
        const floor = slot > VOIDED_MAX ? slot - VOIDED_MAX : 0n;
        for (let used = first > floor ? first : floor; used < slot; used++) voided.push({ holder, slot: used });
        if (release === undefined) voided.push({ holder, slot });
        next.set(holder, slot + 1n);
        return returns;
      },
      settlements: () =>
        [...lanes].map(([lane, { delivered, refused }]) => {
          return { lane, acceptedSequence: undefined, accepted: [], delivered, refused };
        }),
      voided: () => voided,
      nextSlots: () => next,
    };
  };
}

/** A hint for people: the time by which the members judged it is not on the chain. */
function reasonOf(judge: PacketJudge, packet: Uint8Array, { shard }: ShardTx): string {
  if (packetProblem(packet) !== undefined) return 'malformed';
  return judge(packet, END_OF_TIME, shard).refusals[0]?.reason ?? 'refused';
}

function returnOf({ home }: CosmosGateway, { lane, opposite }: Release['lane'], bytes: Uint8Array): UnplacedPacket[] {
  // No gateway sends malformed packets, and what the vault returned to itself goes nowhere else.
  if (lane === home || packetProblem(bytes) !== undefined) return [];
  const { kind, asset, amount, sender, receiver } = decodePacket(bytes);
  if (kind === 'return') return [];
  const sourceReference = idBytes(transferIdOf(lane, bytes));
  const packet = {
    kind: 'return',
    asset,
    amount,
    receiver: sender,
    deadline: 0n,
    sourceReference,
    sender: receiver,
  } as const;
  return [{ lane: opposite, packet }];
}

const NONE = new Uint8Array(0);
