/**
 * Certificates in the journal, by lane, start and what they state: several may cover the same range until the target
 * accepts one of them.
 */
import { type Certificate, encodeCertificate } from '../core/certificate.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { bytesToHex, equalBytes } from '../core/bytes.ts';
import type { LaneId } from '../core/ids.ts';
import { keccak256 } from '../core/keccak.ts';
import {
  type CertificateRow,
  type CertificateWindow,
  firstAtOrAbove,
  openWindow,
  type OpenWindow,
  rowOf,
} from './certificateWindow.ts';
import { keyParts, rangeOf, storeKey } from './keys.ts';
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

const PREFIX = 'certificate';
/** Certificates that start at or before a sequence and are looked at for covering it: a few per member and turn. */
const OVERLAPS_SEARCHED = 64;

export function createCertificates(store: Store): Certificates {
  const windows = new Map<LaneId, OpenWindow>();
  store.watch(`${PREFIX}/`, (operations) => {
    for (const operation of operations) windows.get(keyParts(operation.key)[1] as LaneId)?.apply(operation);
  });

  async function windowOf(lane: LaneId): Promise<CertificateWindow> {
    const window = windows.get(lane) ?? openWindow(store, lane);
    windows.set(lane, window);
    try {
      return await window.view();
    } catch (error) {
      windows.delete(lane);
      throw error;
    }
  }

  /** Reads what the window does not reach down to. */
  async function fromStore(lane: LaneId, sequence: bigint, limit: number): Promise<Certificate[]> {
    const before = {
      gte: rangeOf(PREFIX, lane).gte,
      lt: storeKey(PREFIX, lane, sequence + 1n),
      reverse: true,
      limit: OVERLAPS_SEARCHED,
    };
    const covering: CertificateRow[] = [];
    for await (const { key, value } of store.range(before)) covering.push(rowOf(key, value));
    const from = lowestCovering(covering, sequence);
    const found: Certificate[] = [];
    const after = { ...rangeOf(PREFIX, lane), gte: storeKey(PREFIX, lane, from), limit };
    for await (const { value } of store.range(after)) found.push(ownCertificate(value));
    return found;
  }

  /** Keys of all certificates with the same start. */
  async function keysOf({ lane, firstSequence }: Checkpoint): Promise<string[]> {
    const { gte, lt } = rangeOf(PREFIX, lane, firstSequence);
    const { rows, isWhole } = await windowOf(lane);
    const at = firstAtOrAbove(rows, gte);
    if (isWhole || at > 0) return rows.slice(at, firstAtOrAbove(rows, lt)).map(({ key }) => key);
    const keys: string[] = [];
    for await (const { key } of store.range({ gte, lt })) keys.push(key);
    return keys;
  }

  return {
    async put(certificate) {
      const { lane } = certificate.checkpoint;
      const key = keyOf(certificate);
      const { rows } = await windowOf(lane);
      // The bus brings back what this process published: it need not be written again.
      const known = rows[firstAtOrAbove(rows, key)];
      if (known?.key === key && equalBytes(known.certificate.signatures, certificate.signatures)) return;
      await store.write([put(key, encodeCertificate(certificate))], { sync: false });
    },

    async from(lane, sequence, limit) {
      const { rows, isWhole } = await windowOf(lane);
      const below = firstAtOrAbove(rows, storeKey(PREFIX, lane, sequence + 1n));
      if (!isWhole && below < OVERLAPS_SEARCHED) return fromStore(lane, sequence, limit);
      const from = lowestCovering(rows.slice(Math.max(0, below - OVERLAPS_SEARCHED), below), sequence);
      const at = firstAtOrAbove(rows, storeKey(PREFIX, lane, from));
      return rows.slice(at, at + limit).map(({ certificate }) => certificate);
    },

    async settle(checkpoint) {
      const certificate: Certificate = { checkpoint, signatures: new Uint8Array(0) };
      const own = keyOf(certificate);
      const operations: Operation[] = [];
      let isKnown = false;
      for (const key of await keysOf(checkpoint)) {
        if (key === own) isKnown = true;
        else operations.push(del(key));
      }
      return isKnown ? operations : [...operations, put(own, encodeCertificate(certificate))];
    },
  };
}

/** Where to begin: one that covers `sequence` may start before it. */
function lowestCovering(rows: readonly CertificateRow[], sequence: bigint): bigint {
  let lowest = sequence;
  for (const { first, end } of rows) if (end > sequence && first < lowest) lowest = first;
  return lowest;
}

function keyOf(certificate: Certificate): string {
  const { lane, firstSequence } = certificate.checkpoint;
  return storeKey(PREFIX, lane, firstSequence, statementDigits(certificate));
}

/**
 * Sixteen digits that differ for any two statements. The root alone would not do: two checkpoints over the same packets
 * name different source blocks when two members proposed them, and the target delivers only from the one it accepted.
 */
function statementDigits({ checkpoint }: Certificate): string {
  return bytesToHex(keccak256(encodeCertificate({ checkpoint, signatures: new Uint8Array(0) }))).slice(0, 16);
}
