/** Who signed a checkpoint, and whether that is enough: the same rules as the gateway's, in the same order. */
import { Buffer } from 'node:buffer';
import { bytesToHex, compareBytes, equalBytes } from './bytes.ts';
import { type Certificate, encodeCertificate, SIGNATURE_BYTES } from './certificate.ts';
import {
  checkpointDigest,
  chunkCount,
  chunkHash,
  signerSetHash,
  type SignerSet,
  verifyMerkleProof,
} from './checkpoint.ts';
import type { Delivery } from './ports.ts';
import { recover } from './secp256k1.ts';

/** What a lane's certificates are checked against. */
export interface AttestationRules {
  readonly signers: SignerSet;
  /** 32 bytes: keccak256 over the manifest. */
  readonly manifestHash: Uint8Array;
  /** Domain separator of the lane's target gateway. */
  readonly domain: Uint8Array;
  /** The most packets in a chunk. */
  readonly chunkSize: number;
  /** The fewest that a proposer may choose, so that nobody makes a lane pay for many small ones; default: no choice. */
  readonly chunkSizeMin?: number | undefined;
}

/** Why the statement is not one that this signer set makes now, or undefined. */
export function statementProblem({ checkpoint }: Certificate, rules: AttestationRules): string | undefined {
  if (checkpoint.signerEpoch !== rules.signers.epoch) {
    return `signer epoch ${checkpoint.signerEpoch} is not the current ${rules.signers.epoch}`;
  }
  if (!equalBytes(checkpoint.signerSetHash, signerSetHash(rules.signers))) return 'another signer set';
  if (!equalBytes(checkpoint.manifestHash, rules.manifestHash)) return 'another manifest';
  const { chunkSize, chunkSizeMin = chunkSize } = rules;
  if (checkpoint.chunkSize < chunkSizeMin || checkpoint.chunkSize > chunkSize) {
    const allowed = chunkSizeMin === chunkSize ? `${chunkSize}` : `${chunkSizeMin} to ${chunkSize}`;
    return `chunk size ${checkpoint.chunkSize} is not ${allowed}`;
  }
  return undefined;
}

/** The member who made the signature, or undefined when nobody of the set did. 20 bytes. */
export function signerOf(certificate: Certificate, index: number, rules: AttestationRules): Uint8Array | undefined {
  const at = index * SIGNATURE_BYTES;
  const signature = certificate.signatures.subarray(at, at + SIGNATURE_BYTES);
  const address = recover(checkpointDigest(certificate.checkpoint, rules.domain), signature);
  return address === undefined ? undefined : rules.signers.members.find((member) => equalBytes(member, address));
}

/** Why the certificate would not be accepted by the gateway, or undefined. */
export function certificateProblem(certificate: Certificate, rules: AttestationRules): string | undefined {
  const problem = statementProblem(certificate, rules);
  if (problem !== undefined) return problem;
  const count = certificate.signatures.length / SIGNATURE_BYTES;
  if (count < rules.signers.threshold) return `${count} signatures, ${rules.signers.threshold} are needed`;
  let last: Uint8Array | undefined;
  for (let index = 0; index < count; index++) {
    const signer = signerOf(certificate, index, rules);
    if (signer === undefined) return `signature ${index} is by nobody of the signer set`;
    if (last !== undefined && compareBytes(last, signer) >= 0) {
      return `signers are not strictly ascending at ${bytesToHex(signer)}`;
    }
    last = signer;
  }
  return undefined;
}

export interface CertificateCheck {
  /** As `certificateProblem`, for one that comes again and again: with each of its chunks, by several ways. */
  problem(certificate: Certificate, rules: AttestationRules): string | undefined;
}

/** Certificates found good that are remembered for each set of rules: a few per lane that is under way. */
const GOOD_KEPT = 512;

/**
 * Remembers, byte by byte, what it found good under the same rules; what is bad is judged each time. Recovering a signature
 * costs 60 us, and a checkpoint of 32 chunks brings the same ones 32 times.
 */
export function createCertificateCheck(): CertificateCheck {
  const good = new WeakMap<AttestationRules, Set<string>>();
  return {
    problem(certificate, rules) {
      const known = good.get(rules) ?? new Set();
      good.set(rules, known);
      const bytes = encodeCertificate(certificate);
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      if (known.has(text)) return undefined;
      const problem = certificateProblem(certificate, rules);
      if (problem !== undefined) return problem;
      // The oldest gives way.
      for (const oldest of known) {
        if (known.size < GOOD_KEPT) break;
        known.delete(oldest);
      }
      known.add(text);
      return undefined;
    },
  };
}

/** Why the chunk is not one of the checkpoint, or undefined. */
export function chunkProblem({ packets, ...item }: Delivery): string | undefined {
  return isChunkOf(item, chunkHash(packets)) ? undefined : 'the packets are not the signed ones';
}

/** True when packets with this hash are the chunk that the item names. */
export function isChunkOf({ checkpoint, chunkIndex, proof }: Omit<Delivery, 'packets'>, hash: Uint8Array): boolean {
  return verifyMerkleProof(checkpoint.root, hash, chunkIndex, chunkCount(checkpoint), proof);
}
