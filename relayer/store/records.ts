/**
 * What the journal keeps, and how it is written: JSON for the few records of chains and lanes, flat bytes for frames and
 * certificates. Decoding is for our own bytes: what does not decode is damage, `STORE_CORRUPT`, never something to skip.
 */
import { bytesToHex, fromHex, utf8 } from '../core/bytes.ts';
import { type Certificate, decodeCertificate } from '../core/certificate.ts';
import { ViaductError } from '../core/errors.ts';
import { type Frame, viewFrame } from '../core/frame.ts';
import { assetId, laneId, type LaneId } from '../core/ids.ts';
import type { DeliveredRange, RefusedPacket, VerifiedHead } from '../core/ports.ts';
import { emptyWatermark, type Watermark } from '../core/ranges.ts';
import type { Totals } from '../core/totals.ts';

export interface ChainRecord {
  readonly trusted: Uint8Array;
  readonly head: VerifiedHead;
  /** The derivation's own cursor; undefined before the first derivation. */
  readonly cursor: Uint8Array | undefined;
  /** Derived up to this height; undefined before the first derivation. */
  readonly derivedHeight: bigint | undefined;
  /** Why nothing of this chain is signed any more; undefined in normal life. */
  readonly frozen: string | undefined;
}

/** A lane as its source chain says; only the derivation of that chain writes it. */
export interface DerivedRecord {
  /** First sequence not derived from the source. */
  readonly derived: bigint;
  /** Amounts of all derived packets. */
  readonly totals: Totals;
}

/** A lane as its target chain says; only the derivation of that chain writes it. */
export interface SettledRecord {
  /** First sequence the target has not accepted, verified. */
  readonly accepted: bigint;
  readonly delivered: Watermark;
}

export interface SignedRecord {
  /** First sequence never signed by this attester. */
  readonly through: bigint;
  readonly totals: Totals;
}

/** Where a packet is. */
export interface PacketPlace {
  readonly lane: LaneId;
  readonly sequence: bigint;
}

interface Codec<T> {
  encode(record: T): Uint8Array;
  /** Throws `STORE_CORRUPT`. */
  decode(value: Uint8Array): T;
}

export const emptyDerived: DerivedRecord = { derived: 0n, totals: new Map() };
export const emptySettled: SettledRecord = { accepted: 0n, delivered: emptyWatermark };
export const emptySigned: SignedRecord = { through: 0n, totals: new Map() };

export const chainCodec = jsonCodec<ChainRecord>(
  'a chain',
  ({ trusted, head, cursor, derivedHeight, frozen }) => ({
    trusted: bytesToHex(trusted),
    head: {
      height: head.height,
      hash: bytesToHex(head.hash),
      timeSeconds: head.timeSeconds,
      header: bytesToHex(head.header),
    },
    cursor: cursor && bytesToHex(cursor),
    derivedHeight,
    frozen,
  }),
  (value) => {
    const row = value as {
      trusted: string;
      head: { height: string; hash: string; timeSeconds: string; header: string };
      cursor?: string;
      derivedHeight?: string;
      frozen?: string;
    };
    return {
      trusted: fromHex(row.trusted),
      head: {
        height: BigInt(row.head.height),
        hash: fromHex(row.head.hash, 32),
        timeSeconds: BigInt(row.head.timeSeconds),
        header: fromHex(row.head.header),
      },
      cursor: row.cursor === undefined ? undefined : fromHex(row.cursor),
      derivedHeight: row.derivedHeight === undefined ? undefined : BigInt(row.derivedHeight),
      frozen: row.frozen,
    };
  },
);

export const derivedCodec = jsonCodec<DerivedRecord>(
  'a derived lane',
  ({ derived, totals }) => ({ derived, totals: [...totals] }),
  (value) => {
    const row = value as { derived: string; totals: TotalsRow };
    return { derived: BigInt(row.derived), totals: readTotals(row.totals) };
  },
);

export const settledCodec = jsonCodec<SettledRecord>(
  'a settled lane',
  ({ accepted, delivered }) => ({ accepted, ...delivered }),
  (value) => {
    const row = value as { accepted: string; through: string; above: [string, string][] };
    const above = row.above.map(([first, end]): readonly [bigint, bigint] => [BigInt(first), BigInt(end)]);
    return { accepted: BigInt(row.accepted), delivered: { through: BigInt(row.through), above } };
  },
);

export const signedCodec = jsonCodec<SignedRecord>(
  'the books of a lane',
  ({ through, totals }) => ({ through, totals: [...totals] }),
  (value) => {
    const row = value as { through: string; totals: TotalsRow };
    return { through: BigInt(row.through), totals: readTotals(row.totals) };
  },
);

export const deliveredCodec = jsonCodec<DeliveredRange>(
  'a delivered range',
  ({ firstSequence, count, transaction }) => ({ firstSequence, count, transaction }),
  (value) => {
    const row = value as { firstSequence: string; count: number; transaction?: string };
    return { firstSequence: BigInt(row.firstSequence), count: row.count, transaction: row.transaction };
  },
);

export const refusedCodec = jsonCodec<RefusedPacket>(
  'a refused packet',
  ({ sequence, reason, transaction }) => ({ sequence, reason, transaction }),
  (value) => {
    const row = value as { sequence: string; reason: string; transaction: string };
    return { sequence: BigInt(row.sequence), reason: row.reason, transaction: row.transaction };
  },
);

export const placeCodec = jsonCodec<PacketPlace>(
  'a return',
  ({ lane, sequence }) => ({ lane, sequence }),
  (value) => {
    const row = value as { lane: string; sequence: string };
    return { lane: laneId(row.lane), sequence: BigInt(row.sequence) };
  },
);

/** Its packets were checked when it was made or taken from the bus, and the store's checksum says that they still are so. */
export function ownFrame(value: Uint8Array): Frame {
  return reading('a frame', () => viewFrame(value));
}

export function ownCertificate(value: Uint8Array): Certificate {
  return reading('a certificate', () => decodeCertificate(value));
}

type TotalsRow = readonly [number, string][];

function readTotals(rows: TotalsRow): Totals {
  return new Map(rows.map(([asset, amount]) => [assetId(asset), BigInt(amount)]));
}

/** JSON, bigints as decimal strings; fields that are undefined are left out. */
export function jsonCodec<T>(what: string, write: (record: T) => unknown, read: (value: unknown) => T): Codec<T> {
  return {
    encode: (record) => {
      const text = JSON.stringify(write(record), (_, item: unknown) =>
        typeof item === 'bigint' ? item.toString() : item,
      );
      return utf8(text);
    },
    decode: (value) => reading(what, () => read(JSON.parse(new TextDecoder().decode(value)))),
  };
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ViaductError({
      code: 'STORE_CORRUPT',
      shortMessage: `The journal holds ${what} that does not decode.`,
      metaMessages: [
        'Stop the process, move the data directory away and start again: the journal is rebuilt from the chains.',
      ],
      cause,
    });
  }
}
