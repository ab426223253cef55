/** Carrying out a proof's steps: hashes, length prefixes, leaves and inner nodes. An undefined result is a refusal. */
import { hash as digest } from 'node:crypto';
import { blake2b, blake2s } from '@noble/hashes/blake2.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha512, sha512_256 } from '@noble/hashes/sha2.js';
import { joinBytes, plainBytes, varintBytes } from '../protobuf.ts';
import { HASH_OPS, LENGTH_OPS, type ExistenceProof, type InnerOp, type LeafOp, type ProofSpec } from './types.ts';

const INT32_MAX = 2 ** 31 - 1;

export function applyHash(op: number, data: Uint8Array): Uint8Array | undefined {
  switch (op) {
    case HASH_OPS.sha256:
      return sha256(data);
    case HASH_OPS.sha512:
      return sha512(data);
    case HASH_OPS.ripemd160:
      return ripemd160(data);
    case HASH_OPS.bitcoin:
      return ripemd160(sha256(data));
    case HASH_OPS.sha512_256:
      return sha512_256(data);
    case HASH_OPS.blake2b:
      return blake2b(data);
    case HASH_OPS.blake2s:
      return blake2s(data);
    default:
      return undefined;
  }
}

export function applyLeaf(op: LeafOp, key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
  if (key.length === 0 || value.length === 0) return undefined;
  const keyPart = prepare(op.prehashKey, op.length, key);
  const valuePart = prepare(op.prehashValue, op.length, value);
  if (keyPart === undefined || valuePart === undefined) return undefined;
  return applyHash(op.hash, joinBytes([op.prefix, keyPart, valuePart]));
}

export function applyInner(op: InnerOp, child: Uint8Array): Uint8Array | undefined {
  return child.length === 0 ? undefined : applyHash(op.hash, joinBytes([op.prefix, child, op.suffix]));
}

/** The root that a proof leads to. With a spec, a node longer than the spec's children is refused on the way. */
export function calculateRoot(proof: ExistenceProof, spec?: ProofSpec): Uint8Array | undefined {
  if (proof.leaf === undefined) return undefined;
  let node = applyLeaf(proof.leaf, proof.key, proof.value);
  for (const op of proof.path) {
    if (node === undefined) return undefined;
    node = applyInner(op, node);
    const size = spec?.inner.childSize ?? 0;
    if (node !== undefined && size >= 32 && node.length > size) return undefined;
  }
  return node;
}

export function hashOrNone(op: number, data: Uint8Array): Uint8Array | undefined {
  return op === HASH_OPS.none ? data : applyHash(op, data);
}

function prepare(hash: number, length: number, data: Uint8Array): Uint8Array | undefined {
  const hashed = hashOrNone(hash, data);
  return hashed === undefined ? undefined : withLength(length, hashed);
}

function withLength(op: number, data: Uint8Array): Uint8Array | undefined {
  if (data.length > INT32_MAX) return undefined;
  switch (op) {
    case LENGTH_OPS.none:
      return data;
    case LENGTH_OPS.varint:
      return joinBytes([varintBytes(data.length), data]);
    case LENGTH_OPS.fixed32Big:
      return joinBytes([fixed(4, data.length, false), data]);
    case LENGTH_OPS.fixed32Little:
      return joinBytes([fixed(4, data.length, true), data]);
    case LENGTH_OPS.fixed64Big:
      return joinBytes([fixed(8, data.length, false), data]);
    case LENGTH_OPS.fixed64Little:
      return joinBytes([fixed(8, data.length, true), data]);
    case LENGTH_OPS.require32:
      return data.length === 32 ? data : undefined;
    case LENGTH_OPS.require64:
      return data.length === 64 ? data : undefined;
    default:
      return undefined;
  }
}

function fixed(size: 4 | 8, value: number, little: boolean): Uint8Array {
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  if (size === 4) view.setUint32(0, value, little);
  else view.setBigUint64(0, BigInt(value), little);
  return out;
}

function sha256(data: Uint8Array): Uint8Array {
  return plainBytes(digest('sha256', data, 'buffer'));
}
