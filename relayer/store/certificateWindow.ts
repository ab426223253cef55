/**
 * The newest certificates of one lane in memory, beside the store. Every role looks at them in every round; two iterators
 * and a decode of each certificate per look were the greatest single cost of an idle lane.
 *
 * It follows the store's commits, in their order, so it never holds what a failed write did not leave. Below its lowest row
 * it knows nothing, unless it reaches the lane's first certificate.
 */
import { type Certificate, endSequence } from '../core/certificate.ts';
import type { LaneId } from '../core/ids.ts';
import { rangeOf } from './keys.ts';
import type { Operation, Store } from './port.ts';
import { ownCertificate } from './records.ts';

export interface CertificateRow {
  readonly key: string;
  readonly first: bigint;
  /** First sequence after it. */
  readonly end: bigint;
  readonly certificate: Certificate;
}

export interface CertificateWindow {
  /** All that is known, in key order. */
  readonly rows: readonly CertificateRow[];
  /** True when no row of the lane is missing. */
  readonly isWhole: boolean;
}

/** Rows of a lane in memory: 0.5 MB at most, and more than the undelivered ones of a lane in trouble. */
const ROWS_MAX = 512;

export interface OpenWindow {
  /** As it is now, once it is read. */
  view(): Promise<CertificateWindow>;
  /** Takes a commit's operation on a certificate of the lane. */
  apply(operation: Operation): void;
}

/** Begins to read the window of a lane; operations committed from now on must be handed to it. */
export function openWindow(store: Store, lane: LaneId): OpenWindow {
  let rows: CertificateRow[] = [];
  let isWhole = true;
  let missed: Operation[] | undefined = [];
  const read = load();

  async function load(): Promise<void> {
    const newest: CertificateRow[] = [];
    const range = { ...rangeOf('certificate', lane), reverse: true, limit: ROWS_MAX };
    for await (const { key, value } of store.range(range)) newest.push(rowOf(key, value));
    rows = newest.reverse();
    isWhole = rows.length < ROWS_MAX;
    // Committed while it was read: in the rows or not, applying it again changes nothing.
    missed?.forEach(applyNow);
    missed = undefined;
  }

  function applyNow(operation: Operation): void {
    const { key } = operation;
    const at = firstAtOrAbove(rows, key);
    const known = rows[at]?.key === key;
    if (operation.kind === 'del') {
      if (known) rows.splice(at, 1);
      return;
    }
    if (at === 0 && !known && !isWhole) return;
    rows.splice(at, known ? 1 : 0, rowOf(key, operation.value));
    if (rows.length <= ROWS_MAX) return;
    rows.shift();
    isWhole = false;
  }

  return {
    view: async () => {
      await read;
      return { rows, isWhole };
    },
    apply(operation) {
      if (missed === undefined) applyNow(operation);
      else missed.push(operation);
    },
  };
}

/** The index of the first row not below `key`. */
export function firstAtOrAbove(rows: readonly CertificateRow[], key: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as CertificateRow).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function rowOf(key: string, value: Uint8Array): CertificateRow {
  const certificate = ownCertificate(value);
  const { firstSequence } = certificate.checkpoint;
  return { key, first: firstSequence, end: endSequence(certificate.checkpoint), certificate };
}
