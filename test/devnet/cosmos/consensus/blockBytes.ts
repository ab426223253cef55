/**
 * A whole block in protobuf, cut into parts as CometBFT gossips it: the root over the parts is in every block id, so a
 * real commit signs it. Evidence is never in a block here.
 * Source: CometBFT proto/tendermint/types/{block,types}.proto, types/part_set.go.
 */
import { bytesField, joinBytes, messageField, varintField } from '../../../../light-clients/protobuf.ts';
import { merkleRoot } from '../../../../light-clients/merkle/rfc6962.ts';
import { blockIdBytes, commitSignatureBytes } from '../../../../light-clients/tendermint/canonical.ts';
import {
  type BlockId,
  type Commit,
  encodeHeader,
  type Header,
  headerHash,
  sha256,
} from '../../../../light-clients/tendermint/index.ts';

const PART_BYTES = 65_536;
const NO_BYTES = new Uint8Array(0);

export function blockBytes(header: Header, txs: readonly Uint8Array[], lastCommit: Commit): Uint8Array {
  return joinBytes([
    messageField(1, encodeHeader(header)),
    messageField(2, joinBytes(txs.map((tx) => messageField(1, tx)))),
    messageField(3, NO_BYTES),
    messageField(4, commitBytes(lastCommit)),
  ]);
}

/** The id of a block, and its size in bytes. */
export function identifyBlock(
  header: Header,
  txs: readonly Uint8Array[],
  lastCommit: Commit,
): { readonly blockId: BlockId; readonly size: number } {
  const bytes = blockBytes(header, txs, lastCommit);
  const parts = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, index) =>
    bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES),
  );
  const blockId = { hash: headerHash(header), partsTotal: parts.length, partsHash: merkleRoot(parts, sha256) };
  return { blockId, size: bytes.length };
}

function commitBytes(commit: Commit): Uint8Array {
  return joinBytes([
    varintField(1, commit.height),
    varintField(2, commit.round),
    messageField(3, blockIdBytes(commit.blockId)),
    ...commit.signatures.map((entry) => bytesField(4, commitSignatureBytes(entry))),
  ]);
}
