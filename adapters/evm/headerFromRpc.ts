/**
 * The RLP of a block header from a JSON-RPC block object. Nodes add fields of later forks to the JSON of earlier blocks,
 * so the field list is the one whose hash is the block's own.
 */
import {
  encodeExecutionHeader,
  EXECUTION_HEADER_FIELD_COUNTS,
  EXECUTION_HEADER_FIELDS,
  executionHeaderHash,
} from '../../light-clients/ethereum/executionHeader.ts';
import { integerBytes } from '../../light-clients/merkle/index.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import { asRecord, parseData, parseQuantity } from './json.ts';

export interface RpcHeader {
  readonly rlp: Uint8Array;
  readonly hash: Uint8Array;
}

/** Undefined when the object is no block, or no list of its fields has the hash it claims. */
export function headerFromRpc(block: unknown): RpcHeader | undefined {
  const record = asRecord(block);
  const hash = parseData(record?.['hash'], 32);
  if (record === undefined || hash === undefined) return undefined;
  const fields: Uint8Array[] = [];
  for (const [name, shape] of EXECUTION_HEADER_FIELDS) {
    const field = shape.kind === 'integer' ? quantityBytes(record[name]) : parseData(record[name]);
    if (field === undefined) break;
    fields.push(field);
  }
  for (const count of EXECUTION_HEADER_FIELD_COUNTS.toReversed()) {
    if (count > fields.length) continue;
    const rlp = encodeExecutionHeader(fields.slice(0, count));
    if (equalBytes(executionHeaderHash(rlp), hash)) return { rlp, hash };
  }
  return undefined;
}

function quantityBytes(value: unknown): Uint8Array | undefined {
  const number = parseQuantity(value);
  return number === undefined ? undefined : integerBytes(number);
}
