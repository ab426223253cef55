/**
 * ICS-23 proofs: a leaf, and the inner nodes from it up to the root, each with the bytes before and after the child.
 * What a store's nodes may look like is its spec; a proof that does not fit the spec is refused before anything is hashed.
 * Source: cosmos/ibc spec/core/ics-023-vector-commitments; cosmos/ics23 proto/cosmos/ics23/v1/proofs.proto.
 */

/** `HashOp`, by its number on the wire. Keccak (3) and Blake3 (9) are in the format and in no Cosmos store. */
export const HASH_OPS = {
  none: 0,
  sha256: 1,
  sha512: 2,
  ripemd160: 4,
  bitcoin: 5,
  sha512_256: 6,
  blake2b: 7,
  blake2s: 8,
} as const;

/** `LengthOp`, by its number on the wire. */
export const LENGTH_OPS = {
  none: 0,
  varint: 1,
  fixed32Big: 3,
  fixed32Little: 4,
  fixed64Big: 5,
  fixed64Little: 6,
  require32: 7,
  require64: 8,
} as const;

/** Inner nodes of one proof, where the spec says nothing else: the spec's own default. */
export const DEPTH_MAX = 128;
/** Inner nodes of any proof: a sparse tree over 256-bit keys. */
export const DEPTH_MAX_ANY = 256;
/** Bytes of a key, a value, a prefix or a suffix. Stored values beyond 4 MiB are not proven here. */
export const FIELD_BYTES_MAX = 4 * 1024 * 1024;
/** Proofs chained one into the next: two for a Cosmos store, and room. */
export const CHAIN_MAX = 8;

export interface LeafOp {
  readonly hash: number;
  readonly prehashKey: number;
  readonly prehashValue: number;
  readonly length: number;
  readonly prefix: Uint8Array;
}

export interface InnerOp {
  readonly hash: number;
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
}

export interface ExistenceProof {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly leaf: LeafOp | undefined;
  readonly path: readonly InnerOp[];
}

export interface NonExistenceProof {
  readonly key: Uint8Array;
  readonly left: ExistenceProof | undefined;
  readonly right: ExistenceProof | undefined;
}

export type CommitmentProof =
  | { readonly kind: 'existence'; readonly proof: ExistenceProof }
  | { readonly kind: 'nonExistence'; readonly proof: NonExistenceProof };

export interface InnerSpec {
  readonly childOrder: readonly number[];
  readonly childSize: number;
  readonly minPrefixLength: number;
  readonly maxPrefixLength: number;
  /** What stands in for a missing child; empty when the tree has no such thing. */
  readonly emptyChild: Uint8Array;
  readonly hash: number;
}

export interface ProofSpec {
  readonly leaf: LeafOp;
  readonly inner: InnerSpec;
  /** 0 means the default. */
  readonly maxDepth: number;
  readonly minDepth: number;
  readonly prehashKeyBeforeComparison: boolean;
}
