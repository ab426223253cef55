/** ICS-23 proofs from protobuf. Total, bounded and strict; batch and compressed proofs are refused by name. */
import { Malformed, decoding, readMessage } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import {
  CHAIN_MAX,
  DEPTH_MAX_ANY,
  FIELD_BYTES_MAX,
  type CommitmentProof,
  type ExistenceProof,
  type InnerOp,
  type LeafOp,
  type NonExistenceProof,
} from './types.ts';

/** An `ics23.CommitmentProof`: what an `abci_query` returns as the data of each of its proof operations. */
export function decodeCommitmentProof(bytes: Uint8Array): Verdict<CommitmentProof> {
  return decoding('commitment proof', () => readCommitmentProof(bytes));
}

/** An `ibc.core.commitment.v1.MerkleProof`: a chain of proofs, from the key's tree upwards. */
export function decodeMerkleProof(bytes: Uint8Array): Verdict<readonly CommitmentProof[]> {
  return decoding('merkle proof', () => {
    const list = readMessage(bytes, { 1: 'repeatedBytes' }, 'merkle proof').repeated(1);
    if (list.length > CHAIN_MAX) throw new Malformed('too many proofs');
    return list.map(readCommitmentProof);
  });
}

export interface ProofOp {
  readonly type: string;
  readonly key: Uint8Array;
  readonly data: Uint8Array;
}

/** The proof operations of an `abci_query` on an SDK store: `ics23:iavl`, then `ics23:simple`. */
export function decodeProofOps(ops: readonly ProofOp[]): Verdict<readonly CommitmentProof[]> {
  return decoding('proof operations', () => {
    const types = ops.map((op) => op.type);
    if (types.length !== 2 || types[0] !== 'ics23:iavl' || types[1] !== 'ics23:simple') {
      throw new Malformed('an IAVL proof and a simple one expected');
    }
    return ops.map((op) => readCommitmentProof(op.data));
  });
}

function readCommitmentProof(bytes: Uint8Array): CommitmentProof {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'bytes' }, 'proof');
  if (message.has(3) || message.has(4)) throw new Malformed('batch and compressed proofs are not supported');
  if (message.has(1) === message.has(2)) throw new Malformed('exactly one proof expected');
  return message.has(1)
    ? { kind: 'existence', proof: readExistence(message.bytes(1)) }
    : { kind: 'nonExistence', proof: readNonExistence(message.bytes(2)) };
}

function readExistence(bytes: Uint8Array): ExistenceProof {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'repeatedBytes' }, 'existence proof');
  const path = message.repeated(4);
  if (path.length > DEPTH_MAX_ANY) throw new Malformed('too many inner nodes');
  const leaf = message.optionalBytes(3);
  return {
    key: bounded(message.bytes(1)),
    value: bounded(message.bytes(2)),
    leaf: leaf === undefined ? undefined : readLeaf(leaf),
    path: path.map(readInner),
  };
}

function readNonExistence(bytes: Uint8Array): NonExistenceProof {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes', 3: 'bytes' }, 'non-existence proof');
  const [left, right] = [message.optionalBytes(2), message.optionalBytes(3)];
  return {
    key: bounded(message.bytes(1)),
    left: left === undefined ? undefined : readExistence(left),
    right: right === undefined ? undefined : readExistence(right),
  };
}

function readLeaf(bytes: Uint8Array): LeafOp {
  const schema = { 1: 'varint', 2: 'varint', 3: 'varint', 4: 'varint', 5: 'bytes' } as const;
  const message = readMessage(bytes, schema, 'leaf');
  return {
    hash: message.uint32(1),
    prehashKey: message.uint32(2),
    prehashValue: message.uint32(3),
    length: message.uint32(4),
    prefix: bounded(message.bytes(5)),
  };
}

function readInner(bytes: Uint8Array): InnerOp {
  const message = readMessage(bytes, { 1: 'varint', 2: 'bytes', 3: 'bytes' }, 'inner node');
  return { hash: message.uint32(1), prefix: bounded(message.bytes(2)), suffix: bounded(message.bytes(3)) };
}

function bounded(bytes: Uint8Array): Uint8Array {
  if (bytes.length > FIELD_BYTES_MAX) throw new Malformed('a field is too long');
  return bytes;
}
