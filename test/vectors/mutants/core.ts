/**
 * Corruptions of what a gateway is given: Merkle proofs of chunks for an (index, count), and whole deliveries, in which the
 * count, the index, the signatures, the siblings and the packets are all open to change. The count of a proof alone is not
 * changed: a root says nothing of it, which is why it is signed; the deliveries show that it is.
 */
import { addressOf, sign } from '../../../relayer/core/secp256k1.ts';
import { compareBytes, concatBytes, readU32, utf8, writeU32 } from '../../../relayer/core/bytes.ts';
import { decodeDelivery, encodeDelivery } from '../../../relayer/core/certificate.ts';
import {
  type Checkpoint,
  checkpointDigest,
  chunkCount,
  chunkHash,
  chunkHashes,
  domainSeparator,
  merkleProof,
  merkleRoot,
  signerSetHash,
  type SignerSet,
  verifyMerkleProof,
} from '../../../relayer/core/checkpoint.ts';
import { DecodeError } from '../../../relayer/core/errors.ts';
import { assetId, caip2, laneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { encodePacket } from '../../../relayer/core/packet.ts';
import type { Delivery } from '../../../relayer/core/ports.ts';
import { type AttestationRules, certificateProblem } from '../../../relayer/core/signatures.ts';
import { type Family, type Target, whole } from './mutate.ts';

export const core: Family = {
  name: 'core',
  targets: () => [
    ...(
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 5],
        [6, 11],
        [0, 256],
        [200, 256],
      ] as const
    ).map(([index, count]) => chunkTarget(index, count)),
    deliveryTarget(20, 8, 1),
    deliveryTarget(9, 4, 2),
    deliveryTarget(3, 8, 0),
  ],
};

const named = (name: string): Uint8Array => keccak256(utf8(name));

/** Parts: the index, the chunk's hash, the siblings. */
function chunkTarget(index: number, count: number): Target {
  const chunks = Array.from({ length: count }, (_, i) => named(`chunk ${i}`));
  const root = merkleRoot(chunks);
  const position = new Uint8Array(4);
  writeU32(position, 0, index);
  return {
    name: `chunk ${index} of ${count}`,
    parts: [position, chunks[index]!, ...merkleProof(chunks, index)],
    ordered: true,
    accepts: ([at, chunk, ...siblings]) =>
      at?.length === 4 && chunk !== undefined && verifyMerkleProof(root, chunk, readU32(at, 0), count, siblings),
  };
}

function deliveryTarget(packetCount: number, chunkSize: number, chunkIndex: number): Target {
  const keys = ['one', 'two', 'three'].map(named);
  const set: SignerSet = { epoch: 1n, threshold: 2, members: keys.map(addressOf).sort(compareBytes) };
  const rules: AttestationRules = {
    signers: set,
    manifestHash: named('manifest'),
    domain: domainSeparator(caip2('eip155:2'), named('gateway').subarray(12)),
    chunkSize,
  };
  const packets = concatBytes(...Array.from({ length: packetCount }, (_, i) => packet(BigInt(i))));
  const hashes = chunkHashes(packets, chunkSize);
  const checkpoint: Checkpoint = {
    lane: laneId(named('lane')),
    signerEpoch: set.epoch,
    signerSetHash: signerSetHash(set),
    manifestHash: rules.manifestHash,
    firstSequence: 0n,
    packetCount,
    chunkSize,
    root: merkleRoot(hashes),
    sourceHeight: 77n,
    sourceBlockHash: named('block'),
  };
  const digest = checkpointDigest(checkpoint, rules.domain);
  const signers = keys.slice(0, 2).sort((a, b) => compareBytes(addressOf(a), addressOf(b)));
  const step = chunkSize * (packets.length / packetCount);
  const delivery: Delivery = {
    checkpoint,
    signatures: concatBytes(...signers.map((key) => sign(digest, key))),
    chunkIndex,
    packets: packets.slice(chunkIndex * step, (chunkIndex + 1) * step),
    proof: merkleProof(hashes, chunkIndex),
  };
  return {
    name: `delivery of chunk ${chunkIndex} of ${hashes.length}`,
    parts: [encodeDelivery(delivery)],
    accepts: whole((bytes) => isAccepted(bytes, rules)),
  };
}

/** The gateway's checks, in its order. */
function isAccepted(bytes: Uint8Array, rules: AttestationRules): boolean {
  const delivery = decoded(bytes);
  if (delivery === undefined || certificateProblem(delivery, rules) !== undefined) return false;
  const { checkpoint, chunkIndex, packets, proof } = delivery;
  return verifyMerkleProof(checkpoint.root, chunkHash(packets), chunkIndex, chunkCount(checkpoint), proof);
}

function decoded(bytes: Uint8Array): Delivery | undefined {
  try {
    return decodeDelivery(bytes);
  } catch (thrown) {
    if (thrown instanceof DecodeError) return undefined;
    throw thrown;
  }
}

function packet(sequence: bigint): Uint8Array {
  return encodePacket({
    kind: 'transfer',
    sequence,
    asset: assetId(1),
    amount: 5n + sequence,
    receiver: named('bob').slice(0, 20),
    deadline: 0n,
    sourceReference: named(`source ${sequence}`),
    sender: named('alice').slice(0, 20),
  });
}
