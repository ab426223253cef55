/**
 * Reads a gateway's logs of a block range from one endpoint. Logs only say where to look: what they say is proven or
 * refused by `derive`. They are read while they come, the packet's hex straight from the answer's bytes into a flat buffer: a
 * general event decoder costs 25-31 us a log, and text and objects of the whole answer more than what is done with them.
 */
import { Buffer } from 'node:buffer';
import { toHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { BLOCK_RANGE_MAX, EVIDENCE_BYTES_MAX, PACKET_BYTES } from '../../relayer/core/limits.ts';
import { readSequence } from '../../relayer/core/packet.ts';
import { CHECKPOINT_PREIMAGE_BYTES } from './acceptedCheckpoint.ts';
import type { Cursor } from './cursor.ts';
import type { EvmGateway } from './derive.ts';
import type { InboundEvidence } from './evidence.ts';
import { TOPICS } from './gateway.ts';
import { asList, asRecord, parseData, quantity } from './json.ts';
import type { TakeObject } from './listReader.ts';
import { createPacketFinder, PACKET_HEAD, PACKET_PADDED_CHARS } from './packetFinder.ts';
import type { RpcEndpoint } from './rpc.ts';

export interface GatewayLogs {
  readonly outbound: readonly { readonly lane: LaneId; readonly packets: Uint8Array }[];
  readonly inbound: readonly InboundEvidence[];
}

interface PacketBuffer {
  bytes: Buffer;
  used: number;
  next: bigint;
}

interface InboundNews {
  checkpoints: Uint8Array[];
  nextSequence: bigint;
  deliveries: InboundEvidence['deliveries'][number][];
  refusals: InboundEvidence['refusals'][number][];
}

/** What was read so far. */
interface News {
  readonly outbound: ReadonlyMap<string, PacketBuffer>;
  readonly inbound: ReadonlyMap<string, InboundNews>;
  /** Bytes that may still come. */
  budget: number;
}

/**
 * All news since the cursor up to block `last`. Throws `ENDPOINT_FAILED` when the endpoint refuses even single receipts,
 * answers nonsense, or its logs have a gap.
 */
export async function readGatewayLogs(
  endpoint: RpcEndpoint,
  gateway: EvmGateway,
  cursor: Cursor,
  last: bigint,
  signal: AbortSignal,
): Promise<GatewayLogs> {
  const news: News = {
    outbound: new Map(
      gateway.outbound.map((lane) => [
        lane,
        { bytes: Buffer.alloc(0), used: 0, next: cursor.outbound.get(lane)?.nextSequence ?? 0n },
      ]),
    ),
    inbound: new Map(
      gateway.inbound.map((lane) => {
        const nextSequence = cursor.inbound.get(lane)?.acceptedSequence ?? 0n;
        return [lane, { checkpoints: [], nextSequence, deliveries: [], refusals: [] }];
      }),
    ),
    budget: EVIDENCE_BYTES_MAX / 2,
  };

  // A lane that the cursor does not know yet may have news from the gateway's start on.
  const known =
    gateway.outbound.every((lane) => cursor.outbound.has(lane)) &&
    gateway.inbound.every((lane) => cursor.inbound.has(lane));
  const first = known ? cursor.height + 1n : gateway.startHeight;
  await readRange(endpoint, gateway, first, last, news, signal);

  return {
    outbound: [...news.outbound]
      .filter(([, { used }]) => used > 0)
      .map(([lane, { bytes, used }]) => ({ lane: lane as LaneId, packets: new Uint8Array(bytes.subarray(0, used)) })),
    inbound: [...news.inbound]
      .filter(([, lane]) => lane.checkpoints.length + lane.deliveries.length + lane.refusals.length > 0)
      .map(([lane, { checkpoints, deliveries, refusals }]) => ({
        lane: lane as LaneId,
        checkpoints,
        deliveries,
        refusals,
      })),
  };
}

/**
 * Ranges are halved when the endpoint refuses one, and doubled again when it takes one. What is too much in one block (30,000
 * deposits are 32 MB of JSON) is read from the receipts of its transactions.
 */
async function readRange(
  endpoint: RpcEndpoint,
  gateway: EvmGateway,
  first: bigint,
  last: bigint,
  news: News,
  signal: AbortSignal,
): Promise<void> {
  const topics = [Object.values(TOPICS)];
  const take = createTake(endpoint, news);
  let refused: unknown;
  const takeBytes: TakeObject = (...object) => {
    try {
      return take(...object);
    } catch (error) {
      refused = error;
      throw error;
    }
  };
  let from = first;
  let size = BigInt(BLOCK_RANGE_MAX);
  while (from <= last) {
    const to = from + size - 1n < last ? from + size - 1n : last;
    // Of what is asked, which may be less than a whole range: halving that again and again would ask the same.
    const span = to - from + 1n;
    const filter = { address: toHex(gateway.address), fromBlock: quantity(from), toBlock: quantity(to), topics };
    const takeBack = marked(news);
    let answer;
    try {
      answer = await endpoint.callList({ method: 'eth_getLogs', params: [filter] }, 'result', takeBytes, signal);
    } catch (error) {
      // Too large an answer, or too slow a one: a smaller range may pass. Half of it may have been read.
      // What it says is wrong stays wrong in smaller parts.
      if (error === refused || !(error instanceof ViaductError) || error.code !== 'ENDPOINT_FAILED') throw error;
      takeBack();
    }
    if (answer === undefined || answer.kind === 'error') {
      size = span === 1n ? 1n : span / 2n;
      if (span > 1n) continue;
      await readReceipts(endpoint, gateway, from, signal, (log) => readLog(endpoint, log, news));
      from++;
      continue;
    }
    const logs = asList(answer.value);
    if (logs === undefined) throw failed(endpoint, 'answered no list of logs');
    // None, but for an endpoint that writes its list in a way of its own.
    for (const log of logs) readLog(endpoint, log, news);
    from = to + 1n;
    if (size < BigInt(BLOCK_RANGE_MAX)) size *= 2n;
  }
}

/** The same logs as `eth_getLogs` gives for one block, transaction by transaction. */
async function readReceipts(
  endpoint: RpcEndpoint,
  gateway: EvmGateway,
  height: bigint,
  signal: AbortSignal,
  take: (log: unknown) => void,
): Promise<void> {
  const block = asRecord(await endpoint.result('eth_getBlockByNumber', [quantity(height), false], signal));
  const transactions = asList(block?.['transactions']);
  if (transactions === undefined) throw failed(endpoint, 'answered no block');
  const [address, topics] = [toHex(gateway.address), new Set<unknown>(Object.values(TOPICS))];
  for (const transaction of transactions) {
    const receipt = asRecord(await endpoint.result('eth_getTransactionReceipt', [transaction], signal));
    const logs = asList(receipt?.['logs']);
    if (logs === undefined) throw failed(endpoint, 'answered no receipt');
    for (const log of logs) {
      const record = asRecord(log);
      const [topic] = asList(record?.['topics']) ?? [];
      const from = record?.['address'];
      if (typeof from === 'string' && from.toLowerCase() === address && topics.has(topic)) take(log);
    }
  }
}

/** Reads logs by their bytes, while they come. */
function createTake(endpoint: RpcEndpoint, news: News): TakeObject {
  const findPacket = createPacketFinder();
  return (bytes, start, end) => {
    const found = findPacket(bytes, start, end);
    if (found !== undefined) {
      spend(endpoint, news, PACKET_BYTES);
      const buffer = news.outbound.get(found.lane);
      if (buffer !== undefined) appendPacket(endpoint, buffer, found.hex);
      return true;
    }
    let log: unknown;
    try {
      log = JSON.parse(bytes.toString('utf8', start, end));
    } catch {
      return false;
    }
    readLog(endpoint, log, news);
    return true;
  };
}

/** Remembers what there is; what it returns takes back what was read since. */
function marked(news: News): () => void {
  const { budget } = news;
  const outbound = [...news.outbound.values()].map((buffer) => ({ buffer, ...buffer }));
  const inbound = [...news.inbound.values()].map((lane) => {
    const { checkpoints, nextSequence, deliveries, refusals } = lane;
    return { lane, nextSequence, counts: [checkpoints.length, deliveries.length, refusals.length] as const };
  });
  return () => {
    news.budget = budget;
    for (const { buffer, used, next } of outbound) Object.assign(buffer, { used, next });
    for (const { lane, nextSequence, counts } of inbound) {
      lane.nextSequence = nextSequence;
      [lane.checkpoints.length, lane.deliveries.length, lane.refusals.length] = counts;
    }
  };
}

function spend(endpoint: RpcEndpoint, news: News, bytes: number): void {
  news.budget -= bytes;
  if (news.budget >= 0) return;
  const detail = `At most ${EVIDENCE_BYTES_MAX} bytes.`;
  throw failed(endpoint, 'has more news of the gateway than fit into one derivation', detail);
}

function readLog(endpoint: RpcEndpoint, log: unknown, news: News): void {
  const record = asRecord(log);
  const topics = asList(record?.['topics']);
  const data = record?.['data'];
  const [topic, laneTopic] = topics ?? [];
  if (record === undefined || typeof data !== 'string' || typeof laneTopic !== 'string')
    throw failed(endpoint, 'answered a malformed log');
  const lane = laneTopic.slice(2);
  // A packet takes its 135 bytes, any other log at most its data and a transaction hash.
  spend(endpoint, news, topic === TOPICS.packetSent ? PACKET_BYTES : data.length / 2 + 32);

  if (topic === TOPICS.packetSent) {
    if (data.length !== 2 + PACKET_HEAD.length + PACKET_PADDED_CHARS || !data.startsWith(PACKET_HEAD, 2))
      throw failed(endpoint, 'answered a malformed log');
    const buffer = news.outbound.get(lane);
    const start = 2 + PACKET_HEAD.length;
    if (buffer !== undefined) appendPacket(endpoint, buffer, data.slice(start, start + PACKET_BYTES * 2));
    return;
  }
  const told = news.inbound.get(lane);
  if (told === undefined) return;
  const bytes = parseData(data);
  const transaction = record['transactionHash'];
  if (bytes === undefined || typeof transaction !== 'string' || parseData(transaction, 32) === undefined) {
    throw failed(endpoint, 'answered a malformed log');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (topic === TOPICS.checkpointAccepted && bytes.length === CHECKPOINT_PREIMAGE_BYTES) {
    const firstSequence = view.getBigUint64(4 * 32 + 24);
    if (firstSequence < told.nextSequence) return;
    told.nextSequence = firstSequence + BigInt(view.getUint32(5 * 32 + 28));
    told.checkpoints.push(bytes);
  } else if (topic === TOPICS.chunkDelivered && bytes.length === 4 * 32) {
    told.deliveries.push({ ordinal: view.getBigUint64(2 * 32 + 24), transaction });
  } else if (topic === TOPICS.packetRefused && bytes.length === 2 * 32) {
    told.refusals.push({ sequence: view.getBigUint64(24), reason: bytes[63] as number, transaction });
  } else {
    throw failed(endpoint, 'answered a malformed log');
  }
}

function appendPacket(endpoint: RpcEndpoint, buffer: PacketBuffer, hex: string): void {
  if (buffer.used + PACKET_BYTES > buffer.bytes.length) {
    const larger = Buffer.allocUnsafe(Math.max(64 * PACKET_BYTES, buffer.bytes.length * 2));
    buffer.bytes.copy(larger, 0, 0, buffer.used);
    buffer.bytes = larger;
  }
  const written = buffer.bytes.write(hex, buffer.used, PACKET_BYTES, 'hex');
  if (written !== PACKET_BYTES) throw failed(endpoint, 'answered a malformed log');
  const sequence = readSequence(buffer.bytes, buffer.used);
  if (sequence < buffer.next) return;
  if (sequence > buffer.next) throw failed(endpoint, `left out packet ${buffer.next} of a lane`);
  buffer.next = sequence + 1n;
  buffer.used += PACKET_BYTES;
}

function failed(endpoint: RpcEndpoint, what: string, ...metaMessages: string[]): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `${endpoint.name} ${what}.`, metaMessages });
}
