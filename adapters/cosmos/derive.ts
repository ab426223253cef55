/**
 * From a verified head to the packets of one vault gateway. Pure, and the same on every attester.
 *
 * Trusts: the head (verified by the light client), the cursor (our own), the gateway's terms (the manifest). Proves: the
 * headers between cursor and head are the head's ancestors without a gap; the transactions of each block are all there are,
 * by its data hash, and their results all there are, by the next header's results hash. So an endpoint can neither hide nor
 * invent nor change a deposit, nor its outcome. Events are not read: no root covers them.
 *
 * Results of a block are committed by the next one, so at head H the blocks up to H - 1 are derived; the derivation's height
 * is H, the block that proved it. Sequences follow the order of block, transaction, message and coin.
 */
import { concatBytes, equalBytes } from '../../relayer/core/bytes.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
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

export function createCosmosDerive(gateway: CosmosGateway): Derive {
  const read = createDepositReader(gateway);
  return ({ cursor: cursorBytes, head }, bytes) => {
    const cursor = decodeCursor(cursorBytes, gateway.startHeight);
    if (head.header.length === 0) return { kind: 'needsMore', reason: 'the head comes without its header' };
    const top = headerOf(head, gateway.chainId);
    if (top.kind !== 'valid') return top;
    const evidence = decodeEvidence(bytes);
    if (evidence.kind !== 'valid') return evidence;
    return deriveChecked(gateway, read, cursor, top.value, evidence.value);
  };
}

function deriveChecked(
  gateway: CosmosGateway,
  read: DepositReader,
  cursor: Cursor,
  top: Header,
  { headers, blocks }: Evidence,
): Verdict<Derivation> {
  // Nothing below this head is new: it only has to be said that it was looked at.
  const missing = top.height - 1n - cursor.height;
  if (missing <= 0n) {
    if (headers.length > 0 || blocks.length > 0) return invalid('evidence where none is needed');
    return { kind: 'valid', value: derivationOf(cursor, top.height, new Map()) };
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
  for (const [index, { txs, results }] of blocks.entries()) {
    const header = headers[index] as Header;
    const included = verifyBlockTxs(header, headers[index + 1] ?? top, txs, results);
    if (included.kind !== 'valid') return invalid(`block ${header.height}: ${included.reason}`);
    for (const { tx, result } of included.value) {
      for (const deposit of read(tx, result.code)) {
        if (deposit.kind === 'kept') continue;
        const lane = deposit.kind === 'transfer' ? deposit.lane : gateway.home;
        const sequence = nextSequences.get(lane) ?? 0n;
        nextSequences.set(lane, sequence + 1n);
        const packet = packetOf(deposit, sequence);
        const list = packets.get(lane);
        if (list === undefined) packets.set(lane, [packet]);
        else list.push(packet);
      }
    }
  }
  const last = headers[blocks.length - 1] as Header;
  const next: Cursor = { height: last.height, hash: headerHash(last), nextSequences };
  return { kind: 'valid', value: derivationOf(next, last.height + 1n, packets) };
}

function packetOf(deposit: Exclude<Deposit, { kind: 'kept' }>, sequence: bigint): Packet {
  const { sourceReference, sender } = deposit;
  switch (deposit.kind) {
    case 'transfer': {
      const { asset, amount, receiver, deadline } = deposit;
      return { kind: 'transfer', sequence, asset, amount, receiver, deadline, sourceReference, sender };
    }
    case 'refund': {
      const { asset, amount } = deposit;
      return { kind: 'return', sequence, asset, amount, receiver: sender, deadline: 0n, sourceReference, sender };
    }
  }
}

function derivationOf(cursor: Cursor, height: bigint, packets: ReadonlyMap<LaneId, readonly Packet[]>): Derivation {
  const outbound = [...packets].map(([lane, list]): OutboundPackets => ({
    lane,
    firstSequence: list[0]?.sequence ?? 0n,
    packets: concatBytes(...list.map(encodePacket)),
  }));
  return { cursor: encodeCursor(cursor), height, outbound, settlements: [] };
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
