/**
 * Checkpoints: the signed statement about a contiguous range of a lane.
 *
 * A chunk's hash is keccak256 over its packets laid end to end. A checkpoint's root is the binary Merkle root over its
 * chunk hashes in RFC 6962 shape: leaf = keccak256(0x00 ‖ chunk hash), node = keccak256(0x01 ‖ left ‖ right), the left
 * subtree being the largest power of two below the count. A proof is checked for
 * an (index, count): the count comes from the signed statement, never from whoever brings the proof.
 */
import { equalBytes, padWord, utf8, word } from './bytes.ts';
import { assert } from './errors.ts';
import { type Caip2, idBytes, type LaneId } from './ids.ts';
import { keccak256, keccakEach } from './keccak.ts';
import { CHECKPOINT_CHUNKS_MAX, CHUNK_PACKETS_MAX, PACKET_BYTES } from './limits.ts';

export interface Checkpoint {
  readonly lane: LaneId;
  readonly signerEpoch: bigint;
  /** 32 bytes. */
  readonly signerSetHash: Uint8Array;
  /** 32 bytes: every signer read the same manifest. */
  readonly manifestHash: Uint8Array;
  readonly firstSequence: bigint;
  readonly packetCount: number;
  /** Packets in each chunk but the last. */
  readonly chunkSize: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly sourceHeight: bigint;
  /** 32 bytes. */
  readonly sourceBlockHash: Uint8Array;
}

export interface SignerSet {
  readonly epoch: bigint;
  readonly threshold: number;
  /** EVM addresses of 20 bytes, strictly ascending. */
  readonly members: readonly Uint8Array[];
}

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);

export function chunkHash(packets: Uint8Array): Uint8Array {
  return keccak256(packets);
}

/** The chunk hashes of packets laid end to end, cut every `chunkSize` packets. */
export function chunkHashes(packets: Uint8Array, chunkSize: number): Uint8Array[] {
  assert(packets.length > 0 && packets.length % PACKET_BYTES === 0, 'whole packets, at least one');
  assert(chunkSize >= 1 && chunkSize <= CHUNK_PACKETS_MAX, 'chunk size within limits');
  const digests = keccakEach(packets, chunkSize * PACKET_BYTES);
  return Array.from({ length: digests.length / 32 }, (_, index) => digests.subarray(index * 32, (index + 1) * 32));
}

export function chunkCount(checkpoint: Pick<Checkpoint, 'packetCount' | 'chunkSize'>): number {
  return Math.ceil(checkpoint.packetCount / checkpoint.chunkSize);
}

export function merkleRoot(chunks: readonly Uint8Array[]): Uint8Array {
  assert(chunks.length >= 1 && chunks.length <= CHECKPOINT_CHUNKS_MAX, 'chunk count within limits');
  return subtreeRoot(chunks);
}

/** The audit path of chunk `index`, deepest sibling first. */
export function merkleProof(chunks: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  const proof = chunks.length === 0 ? undefined : subtree(chunks).proofs[index];
  assert(proof !== undefined, 'index within count');
  return proof;
}

/** The root and the audit paths of all chunks, each node hashed once. */
export function merkleTree(chunks: readonly Uint8Array[]): {
  readonly root: Uint8Array;
  readonly proofs: readonly (readonly Uint8Array[])[];
} {
  assert(chunks.length >= 1 && chunks.length <= CHECKPOINT_CHUNKS_MAX, 'chunk count within limits');
  return subtree(chunks);
}

function subtree(chunks: readonly Uint8Array[]): { root: Uint8Array; proofs: Uint8Array[][] } {
  if (chunks.length === 1) return { root: keccak256(LEAF, chunks[0] as Uint8Array), proofs: [[]] };
  const split = splitPoint(chunks.length);
  const [left, right] = [subtree(chunks.slice(0, split)), subtree(chunks.slice(split))];
  return {
    root: keccak256(NODE, left.root, right.root),
    proofs: [
      ...left.proofs.map((proof) => [...proof, right.root]),
      ...right.proofs.map((proof) => [...proof, left.root]),
    ],
  };
}

/** True only for the exact (index, count) and the exact number of siblings (RFC 9162, 2.1.3.2). Total. */
export function verifyMerkleProof(
  root: Uint8Array,
  chunk: Uint8Array,
  index: number,
  count: number,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isInteger(index) || !Number.isInteger(count)) return false;
  if (count < 1 || count > CHECKPOINT_CHUNKS_MAX || index < 0 || index >= count) return false;
  let node = keccak256(LEAF, chunk);
  let position = index;
  let last = count - 1;
  for (const sibling of proof) {
    if (sibling.length !== 32 || last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = keccak256(NODE, sibling, node);
      while (position % 2 === 0 && position !== 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      node = keccak256(NODE, node, sibling);
    }
    position >>= 1;
    last >>= 1;
  }
  return last === 0 && equalBytes(node, root);
}

/** keccak256(abi.encode(uint64 epoch, uint32 threshold, address[] members)). */
export function signerSetHash(set: SignerSet): Uint8Array {
  return keccak256(
    word(set.epoch),
    word(set.threshold),
    word(3 * 32),
    word(set.members.length),
    ...set.members.map(padWord),
  );
}

const DOMAIN_TYPE = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
);
const CHECKPOINT_TYPE = keccak256(
  utf8(
    'Checkpoint(bytes32 laneId,uint64 signerEpoch,bytes32 signerSetHash,bytes32 manifestHash,uint64 firstSequence,' +
      'uint32 packetCount,uint32 chunkSize,bytes32 root,uint64 sourceHeight,bytes32 sourceBlockHash)',
  ),
);

const VAULT_DOMAIN = keccak256(utf8('Viaduct vault 1'));

/**
 * Of an EVM gateway the EIP-712 domain separator: name `Viaduct`, version `1`, its chain id and address. No chain checks
 * the one of a vault, only its members: keccak256(tag ‖ keccak256(CAIP-2 id) ‖ keccak256(gateway bytes)).
 */
export function domainSeparator(chain: Caip2, gateway: Uint8Array): Uint8Array {
  const [namespace, reference] = chain.split(':');
  assert(reference !== undefined, 'a CAIP-2 id');
  if (namespace !== 'eip155') return keccak256(VAULT_DOMAIN, keccak256(utf8(chain)), keccak256(gateway));
  return keccak256(
    DOMAIN_TYPE,
    keccak256(utf8('Viaduct')),
    keccak256(utf8('1')),
    word(BigInt(reference)),
    padWord(gateway),
  );
}

/** What a signer signs: keccak256(0x1901 ‖ domain separator ‖ struct hash). 32 bytes. */
export function checkpointDigest(checkpoint: Checkpoint, domain: Uint8Array): Uint8Array {
  const structHash = keccak256(
    CHECKPOINT_TYPE,
    idBytes(checkpoint.lane),
    word(checkpoint.signerEpoch),
    checkpoint.signerSetHash,
    checkpoint.manifestHash,
    word(checkpoint.firstSequence),
    word(checkpoint.packetCount),
    word(checkpoint.chunkSize),
    checkpoint.root,
    word(checkpoint.sourceHeight),
    checkpoint.sourceBlockHash,
  );
  return keccak256(Uint8Array.of(0x19, 0x01), domain, structHash);
}

function subtreeRoot(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return keccak256(LEAF, chunks[0] as Uint8Array);
  const split = splitPoint(chunks.length);
  return keccak256(NODE, subtreeRoot(chunks.slice(0, split)), subtreeRoot(chunks.slice(split)));
}

/** The largest power of two below `count` (RFC 6962, 2.1). */
function splitPoint(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}
