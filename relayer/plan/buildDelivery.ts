/** Turns planned chunks into the work items that submitters need: proof, signatures, and packets where they go along. */
import { equalBytes } from '../core/bytes.ts';
import { type Certificate, encodeWorkItem, packetsInChunk } from '../core/certificate.ts';
import { chunkHashes, merkleTree } from '../core/checkpoint.ts';
import { assert } from '../core/errors.ts';
import { PACKET_BYTES } from '../core/limits.ts';

export type BuildChunk = (chunkIndex: number) => Uint8Array;

/**
 * A function that encodes the delivery of one chunk after the other, hashing the checkpoint's packets once; undefined
 * when `packets` are not the ones that were signed (frames from the bus may be anything).
 */
export function deliveryBuilder(certificate: Certificate, packets: Uint8Array): BuildChunk | undefined {
  const { checkpoint } = certificate;
  if (packets.length !== checkpoint.packetCount * PACKET_BYTES) return undefined;
  return workBuilder(certificate, chunkHashes(packets, checkpoint.chunkSize), packets);
}

/** The same from the hashes of the chunks; the packets are left out where none are given. */
export function workBuilder(
  { checkpoint, signatures }: Certificate,
  hashes: readonly Uint8Array[],
  packets?: Uint8Array,
): BuildChunk | undefined {
  const { root, proofs } = merkleTree(hashes);
  if (!equalBytes(root, checkpoint.root)) return undefined;
  return (chunkIndex) => {
    const proof = proofs[chunkIndex];
    assert(proof !== undefined, 'a chunk of the checkpoint');
    const from = chunkIndex * checkpoint.chunkSize * PACKET_BYTES;
    return encodeWorkItem({
      checkpoint,
      signatures,
      chunkIndex,
      packets: packets?.subarray(from, from + packetsInChunk(checkpoint, chunkIndex) * PACKET_BYTES),
      proof,
    });
  };
}
