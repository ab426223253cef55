/**
 * The ledger beside the attester: it knows what came into every chain (verified) and what this attester already signed
 * out of it, and says whether one more signature keeps the rule of `checkOutflow`. What was signed is on disk before a
 * signature leaves the process.
 *
 * Checks come one after the other, each counting what those before it booked. Their writes go to the disk together: when each
 * check waited for the sync of the one before, 32 lanes at 100,000 transfers a second waited two seconds here.
 */
import { createSerial } from '../core/concurrency.ts';
import { assert } from '../core/errors.ts';
import type { AssetId, ChainName, LaneId } from '../core/ids.ts';
import { CHECKPOINT_PACKETS_MAX, PACKET_BYTES } from '../core/limits.ts';
import { addPackets } from '../core/totals.ts';
import type { Journal, SignedRecord } from '../store/journal.ts';
import { checkOutflow, type OutflowExcess } from './checkOutflow.ts';

export interface LedgerLane {
  readonly id: LaneId;
  readonly source: ChainName;
  readonly target: ChainName;
}

export interface LedgerOptions {
  readonly lanes: readonly LedgerLane[];
  isHome(asset: AssetId, chain: ChainName): boolean;
}

export type Booking =
  | { readonly kind: 'booked' }
  /** Not yet, or never: the named assets left the chain in larger amounts than came in. */
  | { readonly kind: 'excess'; readonly excess: readonly OutflowExcess[] }
  /** Own frames of earlier packets are missing, so the books cannot be drawn up. */
  | { readonly kind: 'incomplete' };

/** Packets read at once to make up for lost books: 18 MB. */
const MISSED_STEP = BigInt(CHECKPOINT_PACKETS_MAX);

export interface Ledger {
  /**
   * Books the packets from `first` on as signed, or says why not. When it resolves `booked`, the books are on disk, and what
   * `behind` wrote as well: it is called once the books are on their way there, so that both can share a commit.
   */
  book(lane: LaneId, first: bigint, packets: Uint8Array, behind?: () => Promise<void>): Promise<Booking>;
}

export function createLedger(journal: Journal, options: LedgerOptions): Ledger {
  const byId = new Map(options.lanes.map((lane) => [lane.id, lane]));
  // Two lanes out of one chain must not both be checked before either is booked.
  const serial = createSerial();
  /** The newest books, ahead of the disk by the writes under way. One that failed stays counted: that errs on the safe side. */
  const booked = new Map<LaneId, SignedRecord>();

  async function signedOf(lane: LaneId): Promise<SignedRecord> {
    return booked.get(lane) ?? journal.signed(lane);
  }

  /** The lane's books with everything up to the end of the packets signed. */
  async function extended(lane: LaneId, first: bigint, packets: Uint8Array): Promise<SignedRecord | undefined> {
    const signed = await signedOf(lane);
    const end = first + BigInt(packets.length / PACKET_BYTES);
    if (end <= signed.through) return signed;
    let { totals } = signed;
    if (first > signed.through) {
      // Signed by others while this attester was away, or before its journal was lost: booked from its own frames.
      for (let next = signed.through; next < first;) {
        const left = first - next;
        const count = left < MISSED_STEP ? left : MISSED_STEP;
        const missed = await journal.readPackets(lane, next, Number(count));
        if (missed === undefined) return undefined;
        totals = addPackets(totals, missed);
        next += count;
      }
    }
    const fresh = signed.through > first ? packets.subarray(Number(signed.through - first) * PACKET_BYTES) : packets;
    return { through: end, totals: addPackets(totals, fresh) };
  }

  /** Books in memory and hands the write to the disk. */
  async function check(lane: LaneId, first: bigint, packets: Uint8Array): Promise<Checked> {
    const chain = byId.get(lane)?.source;
    assert(chain !== undefined, 'a lane of the manifest');
    const next = await extended(lane, first, packets);
    if (next === undefined) return { kind: 'incomplete' };
    const into = options.lanes.filter((other) => other.target === chain);
    const outOf = options.lanes.filter((other) => other.source === chain && other.id !== lane);
    const inflows = await Promise.all(into.map(async (other) => (await journal.lane(other.id)).totals));
    const outflows = await Promise.all(outOf.map(async (other) => (await signedOf(other.id)).totals));
    const excess = checkOutflow({
      inflows,
      outflows: [...outflows, next.totals],
      isHome: (asset) => options.isHome(asset, chain),
    });
    if (excess.length > 0) return { kind: 'excess', excess };
    booked.set(lane, next);
    const stored = journal.putSigned(lane, next);
    // Awaited by whoever books; until then nobody listens.
    stored.catch(() => undefined);
    return { kind: 'booked', stored };
  }

  return {
    async book(lane, first, packets, behind) {
      const checked = await serial(async () => check(lane, first, packets));
      if (checked.kind !== 'booked') return checked;
      await Promise.all([checked.stored, behind?.()]);
      return { kind: 'booked' };
    },
  };
}

type Checked = Exclude<Booking, { kind: 'booked' }> | { readonly kind: 'booked'; readonly stored: Promise<void> };
