/** Trees made up for tests, as the SDK and IAVL build them, with their proofs and the proofs' bytes. */
import { createHash } from 'node:crypto';
import { merkleProof } from '../merkle/rfc6962.ts';
import { bytesField, joinBytes, messageField, varintBytes, varintField } from '../protobuf.ts';
import { calculateRoot } from './ops.ts';
import { IAVL_SPEC, TENDERMINT_SPEC } from './specs.ts';
import type { CommitmentProof, ExistenceProof, InnerOp } from './types.ts';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest());
export const NONE = new Uint8Array(0);

export interface Tree {
  readonly root: Uint8Array;
  readonly keys: readonly string[];
  prove(key: string): ExistenceProof;
}

/** The tree over store roots: RFC 6962 with leaves of (key, hash of the value), both length-prefixed. */
export function simpleTree(pairs: Readonly<Record<string, Uint8Array>>): Tree {
  const keys = Object.keys(pairs).sort();
  const leaves = keys.map((key) => {
    const value = sha256(known(pairs[key]));
    return joinBytes([varintBytes(key.length), utf8(key), varintBytes(value.length), value]);
  });
  const prove = (key: string): ExistenceProof => {
    const index = keys.indexOf(key);
    const path: InnerOp[] = [];
    let [position, width] = [index, keys.length];
    for (const sibling of known(merkleProof(leaves, index, sha256))) {
      while ((position ^ 1) >= width) [position, width] = [position >> 1, (width + 1) >> 1];
      const left = (position & 1) === 1;
      path.push({
        hash: 1,
        prefix: left ? joinBytes([Uint8Array.of(1), sibling]) : Uint8Array.of(1),
        suffix: left ? NONE : sibling,
      });
      [position, width] = [position >> 1, (width + 1) >> 1];
    }
    return { key: utf8(key), value: known(pairs[key]), leaf: TENDERMINT_SPEC.leaf, path };
  };
  const first = known(keys[0]);
  return { root: known(calculateRoot(prove(first))), keys, prove };
}

/** A balanced IAVL tree; heights, sizes and versions as a real one writes them. */
export function iavlTree(pairs: Readonly<Record<string, Uint8Array>>): Tree {
  const keys = Object.keys(pairs).sort();
  const zigzag = (value: number): Uint8Array => varintBytes(value * 2);
  const leafPrefix = joinBytes([zigzag(0), zigzag(1), zigzag(3)]);
  const length = Uint8Array.of(0x20);
  const proofs = new Map<string, { path: InnerOp[] }>();
  const build = (from: number, to: number): { hash: Uint8Array; height: number } => {
    if (to - from === 1) {
      const key = known(keys[from]);
      proofs.set(key, { path: [] });
      const value = sha256(known(pairs[key]));
      const data = joinBytes([leafPrefix, varintBytes(key.length), utf8(key), varintBytes(value.length), value]);
      return { hash: sha256(data), height: 0 };
    }
    const middle = (from + to + 1) >> 1;
    const [left, right] = [build(from, middle), build(middle, to)];
    const height = Math.max(left.height, right.height) + 1;
    const head = joinBytes([zigzag(height), zigzag(to - from), zigzag(3)]);
    keys.slice(from, to).forEach((key, offset) => {
      const isLeft = from + offset < middle;
      known(proofs.get(key)).path.push({
        hash: 1,
        prefix: isLeft ? joinBytes([head, length]) : joinBytes([head, length, left.hash, length]),
        suffix: isLeft ? joinBytes([length, right.hash]) : NONE,
      });
    });
    return { hash: sha256(joinBytes([head, length, left.hash, length, right.hash])), height };
  };
  const { hash } = build(0, keys.length);
  return {
    root: hash,
    keys,
    prove: (key) => ({
      key: utf8(key),
      value: known(pairs[key]),
      leaf: { ...IAVL_SPEC.leaf, prefix: leafPrefix },
      path: known(proofs.get(key)).path,
    }),
  };
}

function encodeExistence(proof: ExistenceProof): Uint8Array {
  const { leaf } = proof;
  return joinBytes([
    bytesField(1, proof.key),
    bytesField(2, proof.value),
    leaf === undefined
      ? NONE
      : messageField(
          3,
          joinBytes([
            varintField(1, leaf.hash),
            varintField(2, leaf.prehashKey),
            varintField(3, leaf.prehashValue),
            varintField(4, leaf.length),
            bytesField(5, leaf.prefix),
          ]),
        ),
    ...proof.path.map((op) =>
      messageField(4, joinBytes([varintField(1, op.hash), bytesField(2, op.prefix), bytesField(3, op.suffix)])),
    ),
  ]);
}

export function encodeProof(proof: CommitmentProof): Uint8Array {
  if (proof.kind === 'existence') return messageField(1, encodeExistence(proof.proof));
  const { key, left, right } = proof.proof;
  return messageField(
    2,
    joinBytes([
      bytesField(1, key),
      left === undefined ? NONE : messageField(2, encodeExistence(left)),
      right === undefined ? NONE : messageField(3, encodeExistence(right)),
    ]),
  );
}

export const encodeChain = (proofs: readonly CommitmentProof[]): Uint8Array =>
  joinBytes(proofs.map((proof) => messageField(1, encodeProof(proof))));

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not in the tree');
  return value;
}
