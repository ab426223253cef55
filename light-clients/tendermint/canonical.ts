/**
 * The bytes that CometBFT 0.34 to 0.40 hashes and signs: header, validator set, commit, precommit, transactions and
 * results. Nothing is checked here; decoded values go in, bytes come out.
 * Source: CometBFT spec/core/data_structures.md and encoding.md; proto/tendermint/types/{types,canonical}.proto.
 */
import { hash as digest } from 'node:crypto';
import { merkleRoot } from '../merkle/rfc6962.ts';
import {
  bytesField,
  fixed64Field,
  joinBytes,
  messageField,
  plainBytes,
  varintBytes,
  varintField,
} from '../protobuf.ts';
import {
  FLAG_COMMIT,
  type BlockId,
  type Commit,
  type CommitSignature,
  type Header,
  type PublicKey,
  type TxResult,
  type Validator,
} from './types.ts';

const NANOS_PER_SECOND = 1_000_000_000n;
const PRECOMMIT = 2;
const KEY_FIELD: Record<PublicKey['type'], number> = { ed25519: 1, secp256k1: 2 };

export function sha256(bytes: Uint8Array): Uint8Array {
  return plainBytes(digest('sha256', bytes, 'buffer'));
}

/** google.protobuf.Timestamp. Nanoseconds are never negative, so seconds round down. */
export function timestampBytes(timeNanos: bigint): Uint8Array {
  let nanos = timeNanos % NANOS_PER_SECOND;
  if (nanos < 0n) nanos += NANOS_PER_SECOND;
  return joinBytes([varintField(1, (timeNanos - nanos) / NANOS_PER_SECOND), varintField(2, nanos)]);
}

/** BlockID; CanonicalBlockID has the same layout. */
export function blockIdBytes(id: BlockId): Uint8Array {
  const parts = joinBytes([varintField(1, id.partsTotal), bytesField(2, id.partsHash)]);
  return joinBytes([bytesField(1, id.hash), messageField(2, parts)]);
}

/** The Merkle root over the fourteen fields, each wrapped so that a default value is an empty leaf. */
export function headerHash(header: Header): Uint8Array {
  return merkleRoot(
    [
      joinBytes([varintField(1, header.versionBlock), varintField(2, header.versionApp)]),
      bytesField(1, new TextEncoder().encode(header.chainId)),
      varintField(1, header.height),
      timestampBytes(header.timeNanos),
      blockIdBytes(header.lastBlockId),
      bytesField(1, header.lastCommitHash),
      bytesField(1, header.dataHash),
      bytesField(1, header.validatorsHash),
      bytesField(1, header.nextValidatorsHash),
      bytesField(1, header.consensusHash),
      bytesField(1, header.appHash),
      bytesField(1, header.lastResultsHash),
      bytesField(1, header.evidenceHash),
      bytesField(1, header.proposerAddress),
    ],
    sha256,
  );
}

export function publicKeyBytes(key: PublicKey): Uint8Array {
  return messageField(KEY_FIELD[key.type], key.bytes);
}

/** The root over (key, power), in the order given: the order is part of what is hashed. */
export function validatorsHash(validators: readonly Validator[]): Uint8Array {
  return merkleRoot(
    validators.map((validator) =>
      joinBytes([messageField(1, publicKeyBytes(validator.publicKey)), varintField(2, validator.power)]),
    ),
    sha256,
  );
}

export function commitSignatureBytes(entry: CommitSignature): Uint8Array {
  return joinBytes([
    varintField(1, entry.flag),
    bytesField(2, entry.address),
    messageField(3, timestampBytes(entry.timeNanos)),
    bytesField(4, entry.signature),
  ]);
}

/** What the next header carries as its last commit hash. */
export function commitHash(commit: Commit): Uint8Array {
  return merkleRoot(commit.signatures.map(commitSignatureBytes), sha256);
}

/** Makes the function from a commit entry to the bytes its validator signed (CanonicalVote, length-prefixed). */
export function voteSignBytes(chainId: string, commit: Commit): (entry: CommitSignature) => Uint8Array {
  const head = joinBytes([varintField(1, PRECOMMIT), fixed64Field(2, commit.height), fixed64Field(3, commit.round)]);
  const forBlock = joinBytes([head, messageField(4, blockIdBytes(commit.blockId))]);
  const tail = bytesField(6, new TextEncoder().encode(chainId));
  return (entry) => {
    const vote = joinBytes([
      // A vote for nothing leaves the block id out.
      entry.flag === FLAG_COMMIT ? forBlock : head,
      messageField(5, timestampBytes(entry.timeNanos)),
      tail,
    ]);
    return joinBytes([varintBytes(vote.length), vote]);
  };
}

/** The leaf of a transaction in the data tree. */
export function txLeaf(tx: Uint8Array): Uint8Array {
  return sha256(tx);
}

/** The leaf of a result in the results tree: its deterministic fields only, without log, info and events. */
export function resultLeaf(result: TxResult): Uint8Array {
  return joinBytes([
    varintField(1, result.code),
    bytesField(2, result.data),
    varintField(5, result.gasWanted),
    varintField(6, result.gasUsed),
  ]);
}

export function dataHash(txs: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(txs.map(txLeaf), sha256);
}

export function resultsHash(results: readonly TxResult[]): Uint8Array {
  return merkleRoot(results.map(resultLeaf), sha256);
}
