/**
 * Looks for accounts among the verified packets of a lane, each packet once. It starts some way behind the newest, for what
 * came before somebody said that it should be looked for.
 */
import { bytesToHex, readU32 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import type { LaneId } from '../core/ids.ts';
import { FRAME_PACKETS_MAX, ID_SEARCH_FRAMES_MAX, PACKET_BYTES } from '../core/limits.ts';
import { PACKET_OFFSETS } from '../core/packet.ts';
import type { Journal } from '../store/journal.ts';

export interface Sighting {
  /** Hex digits. */
  readonly account: string;
  readonly sequence: bigint;
}

export interface LaneScan {
  readonly lane: LaneId;
  /** Those of `accounts` (hex digits) that packets below `end` name and that were not seen yet. */
  next(end: bigint, accounts: ReadonlySet<string>): Promise<readonly Sighting[]>;
  /** Nobody is looked for: the next look starts anew. */
  skip(): void;
}

/** The same window as a look-up by id has. */
const BACK_PACKETS = BigInt(FRAME_PACKETS_MAX * ID_SEARCH_FRAMES_MAX);
const STEP = BigInt(FRAME_PACKETS_MAX);
/** Looking back reads some MB: whoever registers many at once does not have it done for each. */
const LOOK_BACK_MS = 10_000;

export function createLaneScan(
  deps: { readonly journal: Journal; readonly clock: Clock },
  lane: LaneId,
  field: 'receiver' | 'sender',
): LaneScan {
  const { journal, clock } = deps;
  let at: bigint | undefined;
  let known = new Set<string>();
  let lookedBackMs = -Infinity;
  const offset = PACKET_OFFSETS[field];
  return {
    lane,
    skip: () => {
      at = undefined;
    },
    async next(end, accounts) {
      const start = end > BACK_PACKETS ? end - BACK_PACKETS : 0n;
      // Somebody new may have been paid before.
      const isNew = [...accounts].some((account) => !known.has(account));
      const looksBack = isNew && clock.now() - lookedBackMs >= LOOK_BACK_MS;
      if (looksBack) {
        known = new Set(accounts);
        lookedBackMs = clock.now();
      }
      let from = looksBack ? start : (at ?? end);
      // Most packets are none of these: four bytes say so.
      const heads = new Set([...accounts].map((account) => Number.parseInt(account.slice(0, 8), 16)));
      const found: Sighting[] = [];
      while (from < end) {
        const count = Number(end - from < STEP ? end - from : STEP);
        const packets = await journal.readPackets(lane, from, count);
        // Pruned, or not of this process's own verification: nothing to be seen there.
        for (let i = 0; packets !== undefined && i < count; i++) {
          const place = i * PACKET_BYTES + offset;
          if (!heads.has(readU32(packets, place + 1))) continue;
          const account = bytesToHex(packets.subarray(place + 1, place + 1 + (packets[place] ?? 0)));
          if (accounts.has(account)) found.push({ account, sequence: from + BigInt(i) });
        }
        from += BigInt(count);
      }
      at = end;
      return found;
    },
  };
}
