/**
 * A block's receipts against the root in its header: the second way to show what a contract logged, beside a proof of the
 * state it left.
 *
 * Trusts: the receipts root. Proves: that these are all the receipts of the block, in their order, so that the logs taken
 * from them are every log of the contract in that block; a node can neither add one nor leave one out. Does not prove:
 * which transaction a receipt belongs to by hash (a receipt does not carry it), only by its place in the block.
 *
 * A receipt is RLP of [status or state root, cumulative gas used, bloom, logs], after its type byte for the typed ones
 * (EIP-2718): legacy, 1 (EIP-2930), 2 (EIP-1559), 3 (EIP-4844), 4 (EIP-7702), which all have the same four fields. Before
 * Byzantium (EIP-658) the first field was the state root after the transaction. Types of other chains are refused.
 */
import { keccak256 } from '../keccak.ts';
import { decodeRlp, encodeRlp, integerBytes, isBytes, type RlpItem, rlpInteger, sameBytes } from '../merkle/rlp.ts';
import { listRoot } from '../merkle/trieRoot.ts';
import { judge, must } from '../refusal.ts';
import type { Verdict } from '../verdict.ts';

export type ReceiptType = 0 | 1 | 2 | 3 | 4;

export interface ReceiptLog {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** At most four, of 32 bytes. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

export interface Receipt {
  readonly type: ReceiptType;
  readonly outcome:
    | { readonly kind: 'status'; readonly succeeded: boolean }
    /** Before Byzantium; legacy receipts only. */
    | { readonly kind: 'stateRoot'; readonly root: Uint8Array };
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly ReceiptLog[];
}

export interface ProvenLog extends ReceiptLog {
  readonly transactionIndex: number;
  /** Position among all logs of the block, as `eth_getLogs` counts. */
  readonly logIndex: number;
}

/** Receipts of one block: a block of 420 M gas full of plain transfers; Ethereum's own have at most 60 M. */
export const RECEIPTS_MAX = 20_000;
/** Bytes of one receipt: a log byte costs 8 gas, and EIP-7825 allows 16.8 M gas; 60 M gas before it. */
export const RECEIPT_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes of all receipts of one block. No further reason. */
export const RECEIPTS_BYTES_MAX = 32 * 1024 * 1024;

const TOPICS_MAX = 4;
const BLOOM_BYTES = 256;
const SUCCEEDED = Uint8Array.of(1);
const FAILED = new Uint8Array(0);

/** The logs of `contract` in the block whose header carries `root`, from all its receipts as the chain encodes them. */
export function proveLogs(
  root: Uint8Array,
  receipts: readonly Uint8Array[],
  contract: Uint8Array,
): Verdict<readonly ProvenLog[]> {
  return judge(() => {
    must(contract.length === 20, 'the address has not 20 bytes');
    must(receipts.length <= RECEIPTS_MAX, `more than ${RECEIPTS_MAX} receipts`);
    const size = receipts.reduce((sum, { length }) => sum + length, 0);
    must(size <= RECEIPTS_BYTES_MAX, `the receipts have more than ${RECEIPTS_BYTES_MAX} bytes`);
    must(
      receipts.every(({ length }) => length > 0),
      'an empty receipt',
    );
    // Hashing first: what does not belong under the root is not worth decoding.
    must(sameBytes(listRoot(receipts), root), 'the receipts have another root');
    const proven: ProvenLog[] = [];
    let logIndex = 0;
    for (const [transactionIndex, bytes] of receipts.entries()) {
      const receipt = decodeReceipt(bytes);
      must(receipt !== undefined, `receipt ${transactionIndex} does not decode`);
      for (const log of receipt.logs) {
        if (sameBytes(log.address, contract)) proven.push({ ...log, transactionIndex, logIndex });
        logIndex++;
      }
    }
    return proven;
  });
}

/** The same from receipts as values, such as a node's JSON gives; what the values say beyond the encoding is not used. */
export function proveLogsOfValues(
  root: Uint8Array,
  receipts: readonly Receipt[],
  contract: Uint8Array,
): Verdict<readonly ProvenLog[]> {
  if (receipts.length > RECEIPTS_MAX) return { kind: 'invalid', reason: `more than ${RECEIPTS_MAX} receipts` };
  return proveLogs(root, receipts.map(encodeReceipt), contract);
}

/** The root of the receipts trie. */
export function receiptsRootOf(receipts: readonly Uint8Array[]): Uint8Array {
  return listRoot(receipts);
}

/** As the receipts trie holds it. The bloom follows from the logs. Values that no receipt can have do not decode again. */
export function encodeReceipt({ type, outcome, cumulativeGasUsed, logs }: Receipt): Uint8Array {
  const first = outcome.kind === 'stateRoot' ? outcome.root : outcome.succeeded ? SUCCEEDED : FAILED;
  const body = encodeRlp([
    first,
    integerBytes(cumulativeGasUsed),
    logsBloom(logs),
    logs.map(({ address, topics, data }) => [address, topics, data]),
  ]);
  if (type === 0) return body;
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = type;
  bytes.set(body, 1);
  return bytes;
}

/** Total and strict: undefined unless the bytes are exactly one receipt of a known type. */
export function decodeReceipt(bytes: Uint8Array): Receipt | undefined {
  const type = typeOf(bytes[0]);
  if (type === undefined) return undefined;
  const fields = decodeRlp(type === 0 ? bytes : bytes.subarray(1), RECEIPT_BYTES_MAX);
  if (fields === undefined || isBytes(fields) || fields.length !== 4) return undefined;
  const [first, gas, bloom, entries] = fields;
  const outcome = outcomeOf(first, type);
  const cumulativeGasUsed = rlpInteger(gas, 8);
  if (outcome === undefined || cumulativeGasUsed === undefined) return undefined;
  if (!isBytes(bloom) || bloom.length !== BLOOM_BYTES || entries === undefined || isBytes(entries)) return undefined;
  const logs: ReceiptLog[] = [];
  for (const entry of entries) {
    const log = logOf(entry);
    if (log === undefined) return undefined;
    logs.push(log);
  }
  return { type, outcome, cumulativeGasUsed, logs };
}

/** Yellow Paper, 4.4.1: three bits for each address and topic, each from two bytes of its hash. 256 bytes. */
export function logsBloom(logs: readonly ReceiptLog[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const { address, topics } of logs) {
    for (const item of [address, ...topics]) {
      const hash = keccak256(item);
      for (let i = 0; i < 6; i += 2) {
        const bit = (((hash[i] as number) << 8) | (hash[i + 1] as number)) & 2047;
        const at = BLOOM_BYTES - 1 - (bit >> 3);
        bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
      }
    }
  }
  return bloom;
}

/** A legacy receipt begins as a list; EIP-2718 keeps type bytes below that. */
function typeOf(first: number | undefined): ReceiptType | undefined {
  if (first === undefined) return undefined;
  if (first >= 0xc0) return 0;
  return first === 1 || first === 2 || first === 3 || first === 4 ? first : undefined;
}

function outcomeOf(item: RlpItem | undefined, type: ReceiptType): Receipt['outcome'] | undefined {
  if (!isBytes(item)) return undefined;
  if (item.length === 0) return { kind: 'status', succeeded: false };
  if (sameBytes(item, SUCCEEDED)) return { kind: 'status', succeeded: true };
  return item.length === 32 && type === 0 ? { kind: 'stateRoot', root: item } : undefined;
}

function logOf(entry: RlpItem): ReceiptLog | undefined {
  if (isBytes(entry) || entry.length !== 3) return undefined;
  const [address, topics, data] = entry;
  if (!isBytes(address) || address.length !== 20 || !isBytes(data)) return undefined;
  if (topics === undefined || isBytes(topics) || topics.length > TOPICS_MAX) return undefined;
  return topics.every(isHash) ? { address, topics, data } : undefined;
}

function isHash(item: RlpItem): item is Uint8Array {
  return isBytes(item) && item.length === 32;
}
