/**
 * The evidence of an EVM gateway at one head, as bytes: proofs of the gateway's account and of the storage slots that
 * matter, and the packets and checkpoints that those slots commit to. Untrusted until `derive` says otherwise.
 *
 * One RLP list:
 *   [version, account proof nodes,
 *    [[slot, proof nodes]...],
 *    [[lane id, packets laid end to end]...]                                              outgoing lanes
 *    [[lane id, [checkpoint preimage...], [[chunk ordinal, transaction]...],              incoming lanes
 *      [[sequence, reason, transaction]...]]...]]
 */
import {
  decodeRlp,
  encodeRlp,
  integerBytes,
  isBytes,
  type RlpItem,
  rlpInteger,
} from '../../light-clients/merkle/index.ts';
import { bytesToHex, fromHex, toHex } from '../../relayer/core/bytes.ts';
import { laneId, type LaneId } from '../../relayer/core/ids.ts';
import { EVIDENCE_BYTES_MAX } from '../../relayer/core/limits.ts';

export interface StorageEvidence {
  /** 32 bytes. */
  readonly slot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface InboundEvidence {
  readonly lane: LaneId;
  /** Preimages of newly accepted checkpoints, ascending. */
  readonly checkpoints: readonly Uint8Array[];
  /** Hints: which transaction delivered a chunk. */
  readonly deliveries: readonly { readonly ordinal: bigint; readonly transaction: string }[];
  /** Hints: why single packets were refused. */
  readonly refusals: readonly { readonly sequence: bigint; readonly reason: number; readonly transaction: string }[];
}

export interface Evidence {
  readonly accountProof: readonly Uint8Array[];
  readonly storage: readonly StorageEvidence[];
  readonly outbound: readonly { readonly lane: LaneId; readonly packets: Uint8Array }[];
  readonly inbound: readonly InboundEvidence[];
}

const VERSION = 1;

export function encodeEvidence(evidence: Evidence): Uint8Array {
  return encodeRlp([
    integerBytes(VERSION),
    evidence.accountProof,
    evidence.storage.map(({ slot, proof }) => [slot, proof]),
    evidence.outbound.map(({ lane, packets }) => [fromHex(lane), packets]),
    evidence.inbound.map(({ lane, checkpoints, deliveries, refusals }) => [
      fromHex(lane),
      checkpoints,
      deliveries.map(({ ordinal, transaction }) => [integerBytes(ordinal), fromHex(transaction)]),
      refusals.map(({ sequence, reason, transaction }) => [
        integerBytes(sequence),
        integerBytes(reason),
        fromHex(transaction),
      ]),
    ]),
  ]);
}

/** Total: undefined when the bytes are not exactly one evidence within its bounds. */
export function decodeEvidence(bytes: Uint8Array): Evidence | undefined {
  const item = decodeRlp(bytes, EVIDENCE_BYTES_MAX);
  if (item === undefined || isBytes(item) || item.length !== 5 || rlpInteger(item[0], 1) !== BigInt(VERSION))
    return undefined;
  const accountProof = bytesList(item[1]);
  const storage = listOf(item[2], (entry): StorageEvidence | undefined => {
    const [slot, nodes] = fields(entry, 2);
    const proof = bytesList(nodes);
    return fixed(slot, 32) && proof !== undefined ? { slot, proof } : undefined;
  });
  const outbound = listOf(item[3], (entry) => {
    const [lane, packets] = fields(entry, 2);
    return fixed(lane, 32) && isBytes(packets) ? { lane: laneId(bytesToHex(lane)), packets } : undefined;
  });
  const inbound = listOf(item[4], decodeInbound);
  if (accountProof === undefined || storage === undefined || outbound === undefined || inbound === undefined)
    return undefined;
  return { accountProof, storage, outbound, inbound };
}

function decodeInbound(entry: RlpItem): InboundEvidence | undefined {
  const [lane, preimages, delivered, refused] = fields(entry, 4);
  const checkpoints = bytesList(preimages);
  const deliveries = listOf(delivered, (item) => {
    const [ordinalItem, transaction] = fields(item, 2);
    const ordinal = rlpInteger(ordinalItem, 8);
    return ordinal !== undefined && fixed(transaction, 32) ? { ordinal, transaction: toHex(transaction) } : undefined;
  });
  const refusals = listOf(refused, (item) => {
    const [sequenceItem, reasonItem, transaction] = fields(item, 3);
    const sequence = rlpInteger(sequenceItem, 8);
    const reason = rlpInteger(reasonItem, 1);
    if (sequence === undefined || reason === undefined || !fixed(transaction, 32)) return undefined;
    return { sequence, reason: Number(reason), transaction: toHex(transaction) };
  });
  if (!fixed(lane, 32) || checkpoints === undefined || deliveries === undefined || refusals === undefined)
    return undefined;
  return { lane: laneId(bytesToHex(lane)), checkpoints, deliveries, refusals };
}

/** The items of a list of exactly so many, or none. */
function fields(item: RlpItem | undefined, count: number): readonly RlpItem[] {
  return item !== undefined && !isBytes(item) && item.length === count ? item : [];
}

function fixed(item: RlpItem | undefined, length: number): item is Uint8Array {
  return isBytes(item) && item.length === length;
}

function bytesList(item: RlpItem | undefined): Uint8Array[] | undefined {
  return listOf(item, (entry) => (isBytes(entry) ? entry : undefined));
}

function listOf<T>(item: RlpItem | undefined, read: (entry: RlpItem) => T | undefined): T[] | undefined {
  if (item === undefined || isBytes(item)) return undefined;
  const values: T[] = [];
  for (const entry of item) {
    const value = read(entry);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
