/**
 * Certificates in the journal, by lane, start and what they state: several may cover the same range until the target
 * accepts one of them.
 */
import { type Certificate, encodeCertificate, endSequence } from '../core/certificate.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { bytesToHex } from '../core/bytes.ts';
import type { LaneId } from '../core/ids.ts';
import { keccak256 } from '../core/keccak.ts';
import { rangeOf, storeKey } from './keys.ts';
import { del, type Operation, put, type Store } from './port.ts';
import { ownCertificate } from './records.ts';

export interface Certificates {
  put(certificate: Certificate): Promise<void>;
  /** Those that cover `sequence` or anything after it, ascending. */
  from(lane: LaneId, sequence: bigint, limit: number): Promise<Certificate[]>;
  /**
   * To write when the target accepted the checkpoint: of the certificates of its start it alone is left, and when nobody
   * had sent it, it is there without signatures.
   */
  settle(checkpoint: Checkpoint): Promise<Operation[]>;
}

/** Certificates that start at or before a sequence and are looked at for covering it: a few per member and turn. */
const OVERLAPS_SEARCHED = 64;

export function createCertificates(store: Store): Certificates {
  return {
    async put(certificate) {
      await store.write([put(keyOf(certificate), encodeCertificate(certificate))], { sync: false });
    },

    async from(lane, sequence, limit) {
      const found: Certificate[] = [];
      // One that covers `sequence` may start before it; the newest that starts at or before it is where to look.
      let from = sequence;
      const before = {
        gte: rangeOf('certificate', lane).gte,
        lt: storeKey('certificate', lane, sequence + 1n),
        reverse: true,
        limit: OVERLAPS_SEARCHED,
      };
      for await (const { value } of store.range(before)) {
        const { checkpoint } = ownCertificate(value);
        if (endSequence(checkpoint) > sequence && checkpoint.firstSequence < from) from = checkpoint.firstSequence;
      }
      const after = { ...rangeOf('certificate', lane), gte: storeKey('certificate', lane, from), limit };
      for await (const { value } of store.range(after)) found.push(ownCertificate(value));
      return found;
    },

    async settle(checkpoint) {
      const certificate: Certificate = { checkpoint, signatures: new Uint8Array(0) };
      const own = keyOf(certificate);
      const operations: Operation[] = [];
      let isKnown = false;
      for await (const { key } of store.range(rangeOf('certificate', checkpoint.lane, checkpoint.firstSequence))) {
        if (key === own) isKnown = true;
        else operations.push(del(key));
      }
      return isKnown ? operations : [...operations, put(own, encodeCertificate(certificate))];
    },
  };
}

function keyOf(certificate: Certificate): string {
  const { lane, firstSequence } = certificate.checkpoint;
  return storeKey('certificate', lane, firstSequence, statementDigits(certificate));
}

/**
 * Sixteen digits that differ for any two statements. The root alone would not do: two checkpoints over the same packets
 * name different source blocks when two members proposed them, and the target delivers only from the one it accepted.
 */
function statementDigits({ checkpoint }: Certificate): string {
  return bytesToHex(keccak256(encodeCertificate({ checkpoint, signatures: new Uint8Array(0) }))).slice(0, 16);
}
