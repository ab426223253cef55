/**
 * From a verified head to the packets of one vault gateway. Pure, and the same on every attester.
 *
 * Trusts: the head (verified by the light client), the cursor (our own), the gateway's terms (the manifest). Proves: the
 * headers between cursor and head are the head's ancestors without a gap; the transactions of each block are all there are,
 * by its data hash, and their results all there are, by the next header's results hash. So an endpoint can neither hide nor
 * invent nor change a deposit, nor its outcome. Events are not read: no root covers them.
 *
 * Proves as well what the vault's own transactions settled: see `shardTxs.ts` and `settle.ts`.
 *
 * Results of a block are committed by the next one, so at head H the blocks up to H - 1 are derived; the derivation's height
 * is H, the block that proved it. Sequences follow the order of block, transaction, message and coin.
 */
import { bytesToHex, equalBytes } from '../../relayer/core/bytes.ts';
import { chunkHash } from '../../relayer/core/checkpoint.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { encodePacket, type Packet } from '../../relayer/core/packet.ts';
import type { Derivation, Derive, OutboundPackets, VerifiedHead, Verdict } from '../../relayer/core/ports.ts';
import {
  decodeHeader,
  type Header,
  headerHash,
  verifyBlockTxs,
  walkBack,
} from '../../light-clients/tendermint/index.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import { createDepositReader, type Deposit, type DepositReader } from './deposits.ts';
import { decodeEvidence, type Evidence } from './evidence.ts';
import type { CosmosGateway } from './gateway.ts';
import { createSettlingFactory, type SettlingFactory, type UnplacedPacket } from './settle.ts';
import { createShardTxReader, type ShardTxReader } from './shardTxs.ts';

interface Readers {
  readonly deposits: DepositReader;
  readonly shardTx: ShardTxReader;
  readonly settling: SettlingFactory;
}

export function createCosmosDerive(gateway: CosmosGateway): Derive {
  const readers: Readers = {
    deposits: createDepositReader(gateway),
    shardTx: createShardTxReader(gateway),
    settling: createSettlingFactory(gateway),
  };
  return ({ cursor: cursorBytes, head }, bytes) => {
    const cursor = decodeCursor(cursorBytes, gateway.startHeight);
    if (head.header.length === 0) return { kind: 'needsMore', reason: 'the head comes without its header' };
    const top = headerOf(head, gateway.chainId);
    if (top.kind !== 'valid') return top;
    const evidence = decodeEvidence(bytes);
    if (evidence.kind !== 'valid') return evidence;
    return deriveChecked(gateway, readers, cursor, top.value, evidence.value);
  };
}

function deriveChecked(
  gateway: CosmosGateway,
  readers: Readers,
  cursor: Cursor,
  top: Header,
  { headers, blocks, chunks }: Evidence,
): Verdict<Derivation> {
  // Nothing below this head is new: it only has to be said that it was looked at.
  const missing = top.height - 1n - cursor.height;
  if (missing <= 0n) {
    if (headers.length > 0 || blocks.length > 0) return invalid('evidence where none is needed');
    const value = { cursor: encodeCursor(cursor), height: top.height, outbound: [], settlements: [] };
    return { kind: 'valid', value };
  }
  if (BigInt(headers.length) !== missing) return invalid('headers do not reach from the cursor to the head');
  if (blocks.length === 0 || blocks.length > headers.length) return invalid('no blocks, or more than headers');
  const ancestors = walkBack(top, headers.toReversed());
  if (ancestors.kind !== 'valid') return ancestors;
  if (cursor.hash !== undefined && !equalBytes(headers[0]?.lastBlockId.hash ?? NONE, cursor.hash)) {
    return { kind: 'conflict', reason: `block ${cursor.height} is not the one that was derived before` };
  }

  const packets = new Map<LaneId, Packet[]>();
  const nextSequences = new Map(cursor.nextSequences);
  const place = ({ lane, packet }: UnplacedPacket): void => {
    const sequence = nextSequences.get(lane) ?? 0n;
    nextSequences.set(lane, sequence + 1n);
    const list = packets.get(lane);
    if (list === undefined) packets.set(lane, [{ ...packet, sequence }]);
    else list.push({ ...packet, sequence });
  };
  const settling = readers.settling(
    cursor.nextSlots,
    new Map(chunks.map((chunk) => [bytesToHex(chunkHash(chunk)), chunk])),
  );
  for (const [index, { txs, results }] of blocks.entries()) {
    const header = headers[index] as Header;
    const included = verifyBlockTxs(header, headers[index + 1] ?? top, txs, results);
    if (included.kind !== 'valid') return invalid(`block ${header.height}: ${included.reason}`);
    for (const { tx, result } of included.value) {
      if (result.code !== 0) continue;
      const shardTx = readers.shardTx(tx);
      if (shardTx === undefined) {
        for (const deposit of readers.deposits(tx, result.code)) {
          if (deposit.kind !== 'kept') place(packetOf(deposit, gateway.home));
        }
        continue;
      }
      const returns = settling.take(shardTx, tx);
      if (returns === undefined) {
        const reason = `block ${header.height}: the packets of a release that refused some are not known yet`;
        return { kind: 'needsMore', reason };
      }
      for (const one of returns) place(one);
    }
  }
  const last = headers[blocks.length - 1] as Header;
  const next: Cursor = {
    height: last.height,
    hash: headerHash(last),
    nextSequences,
    nextSlots: settling.nextSlots(),
  };
  const value: Derivation = {
    cursor: encodeCursor(next),
    height: last.height + 1n,
    outbound: [...packets].map(outboundOf),
    settlements: settling.settlements(),
    voided: settling.voided(),
  };
  return { kind: 'valid', value };
}

function packetOf(deposit: Exclude<Deposit, { kind: 'kept' }>, home: LaneId): UnplacedPacket {
  const { sourceReference, sender } = deposit;
  switch (deposit.kind) {
    case 'transfer': {
      const { lane, asset, amount, receiver, deadline } = deposit;
      return { lane, packet: { kind: 'transfer', asset, amount, receiver, deadline, sourceReference, sender } };
    }
    case 'refund': {
      const { asset, amount } = deposit;
      const packet = {
        kind: 'return',
        asset,
        amount,
        receiver: sender,
        deadline: 0n,
        sourceReference,
        sender,
      } as const;
      return { lane: home, packet };
    }
  }
}

function outboundOf([lane, list]: readonly [LaneId, readonly Packet[]]): OutboundPackets {
  // There may be more of them than a call takes arguments.
  const packets = new Uint8Array(list.length * PACKET_BYTES);
  for (let index = 0; index < list.length; index++)
    packets.set(encodePacket(list[index] as Packet), index * PACKET_BYTES);
  return { lane, firstSequence: list[0]?.sequence ?? 0n, packets };
}

/** The verified header in the family's own form; that it fits the head is a check of ourselves. */
function headerOf(head: VerifiedHead, chainId: string): Verdict<Header> {
  const header = decodeHeader(head.header);
  if (header.kind !== 'valid') return header;
  const { value } = header;
  if (value.chainId !== chainId) return invalid('the head is of another chain');
  const fits = value.height === head.height && equalBytes(headerHash(value), head.hash);
  return fits ? header : invalid("the head's header is another block's");
}

function invalid(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}

const NONE = new Uint8Array(0);
