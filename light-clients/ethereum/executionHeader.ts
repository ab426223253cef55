/**
 * Execution-layer headers: RLP in, named fields out, and the block hash.
 *
 * Trusts: nothing. Proves: only that these fields are the ones which this hash commits to; whether the chain ever had
 * that block is the business of whoever verified the hash.
 *
 * A fork appends fields, so the number of fields tells the fork: 15 (Frontier), 16 (London, EIP-1559), 17 (Shanghai,
 * EIP-4895), 20 (Cancun, EIP-4844 and EIP-4788), 21 (Prague, EIP-7685). What later forks append is kept in the hash and
 * not interpreted.
 */
import { keccak256 } from '../keccak.ts';
import { decodeRlp, encodeRlp, isBytes, type RlpItem, rlpInteger } from '../merkle/rlp.ts';

export interface ExecutionHeader {
  /** keccak256 of the RLP. 32 bytes. */
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly baseFeePerGas: bigint | undefined;
  /** How many fields the header has: tells the fork. */
  readonly fieldCount: number;
}

export type ExecutionHeaderVerdict =
  { readonly kind: 'header'; readonly header: ExecutionHeader } | { readonly kind: 'invalid'; readonly reason: string };

/** The shape of a field: a number of bytes, an integer of at most so many bytes, or any bytes up to a maximum. */
export type FieldShape =
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'integer'; readonly bytesMax: number }
  | { readonly kind: 'bytes'; readonly bytesMax: number };

const HASH: FieldShape = { kind: 'fixed', bytes: 32 };
const U64: FieldShape = { kind: 'integer', bytesMax: 8 };
const U256: FieldShape = { kind: 'integer', bytesMax: 32 };

/** In the order of the RLP list; names as the JSON-RPC spells them. */
export const EXECUTION_HEADER_FIELDS: readonly (readonly [name: string, shape: FieldShape])[] = [
  ['parentHash', HASH],
  ['sha3Uncles', HASH],
  ['miner', { kind: 'fixed', bytes: 20 }],
  ['stateRoot', HASH],
  ['transactionsRoot', HASH],
  ['receiptsRoot', HASH],
  ['logsBloom', { kind: 'fixed', bytes: 256 }],
  ['difficulty', U256],
  ['number', U64],
  ['gasLimit', U64],
  ['gasUsed', U64],
  ['timestamp', U64],
  // 32 bytes by protocol; chains of authority signers (EIP-225 and its kin) carry lists and seals in it.
  ['extraData', { kind: 'bytes', bytesMax: 2048 }],
  ['mixHash', HASH],
  ['nonce', { kind: 'fixed', bytes: 8 }],
  ['baseFeePerGas', U256],
  ['withdrawalsRoot', HASH],
  ['blobGasUsed', U64],
  ['excessBlobGas', U64],
  ['parentBeaconBlockRoot', HASH],
  ['requestsHash', HASH],
];

/** The numbers of fields that forks have had so far. */
export const EXECUTION_HEADER_FIELD_COUNTS: readonly number[] = [15, 16, 17, 20, 21];

/** Bytes of a header: about 700 on Ethereum; room for long extra data. */
export const EXECUTION_HEADER_BYTES_MAX = 4096;
/** Fields of a header: room for forks to come. */
const FIELDS_MAX = 32;

export function decodeExecutionHeader(rlp: Uint8Array): ExecutionHeaderVerdict {
  const fields = decodeRlp(rlp, EXECUTION_HEADER_BYTES_MAX);
  if (fields === undefined) return invalid('not canonical RLP, or too large');
  if (isBytes(fields)) return invalid('not a list');
  const known = EXECUTION_HEADER_FIELD_COUNTS.includes(fields.length) || fields.length > EXECUTION_HEADER_FIELDS.length;
  if (!known || fields.length > FIELDS_MAX) return invalid(`${fields.length} fields`);
  for (const [index, field] of fields.entries()) {
    if (!isBytes(field)) return invalid(`field ${index} is a list`);
    const named = EXECUTION_HEADER_FIELDS[index];
    if (named !== undefined && !hasShape(field, named[1])) return invalid(`malformed ${named[0]}`);
  }
  const at = (index: number): Uint8Array => fields[index] as Uint8Array;
  return {
    kind: 'header',
    header: {
      hash: keccak256(rlp),
      parentHash: at(0),
      stateRoot: at(3),
      transactionsRoot: at(4),
      receiptsRoot: at(5),
      number: rlpInteger(fields[8], 8) ?? 0n,
      timestamp: rlpInteger(fields[11], 8) ?? 0n,
      baseFeePerGas: rlpInteger(fields[15], 32),
      fieldCount: fields.length,
    },
  };
}

/** The RLP of a header from its raw fields, in order. */
export function encodeExecutionHeader(fields: readonly Uint8Array[]): Uint8Array {
  return encodeRlp(fields);
}

export function executionHeaderHash(rlp: Uint8Array): Uint8Array {
  return keccak256(rlp);
}

function hasShape(field: RlpItem, shape: FieldShape): boolean {
  if (!isBytes(field)) return false;
  switch (shape.kind) {
    case 'fixed':
      return field.length === shape.bytes;
    case 'integer':
      return rlpInteger(field, shape.bytesMax) !== undefined;
    case 'bytes':
      return field.length <= shape.bytesMax;
    default: {
      const rest: never = shape;
      return rest;
    }
  }
}

function invalid(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}
