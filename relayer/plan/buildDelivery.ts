/** Turns planned chunks into the deliveries that submitters need: packets from the journal, proof, signatures. */
import { equalBytes } from '../core/bytes.ts';
import { type Certificate, encodeDelivery, packetsInChunk } from '../core/certificate.ts';
import { chunkHashes, merkleProof, merkleRoot } from '../core/checkpoint.ts';
import { PACKET_BYTES } from '../core/limits.ts';

/**
 * A function that encodes the delivery of one chunk after the other, hashing the checkpoint's packets once; undefined
 * when `packets` are not the ones that were signed (frames from the bus may be anything).
 */
export function deliveryBuilder(
  certificate: Certificate,
  packets: Uint8Array,
): ((chunkIndex: number) => Uint8Array) | undefined {
  const { checkpoint, signatures } = certificate;
  if (packets.length !== checkpoint.packetCount * PACKET_BYTES) return undefined;
  const hashes = chunkHashes(packets, checkpoint.chunkSize);
  if (!equalBytes(merkleRoot(hashes), checkpoint.root)) return undefined;
  return (chunkIndex) => {
    const from = chunkIndex * checkpoint.chunkSize * PACKET_BYTES;
    return encodeDelivery({
      checkpoint,
      signatures,
      chunkIndex,
      packets: packets.subarray(from, from + packetsInChunk(checkpoint, chunkIndex) * PACKET_BYTES),
      proof: merkleProof(hashes, chunkIndex),
    });
  };
}
