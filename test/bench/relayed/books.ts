/** What was delivered by the chain's own word, and what the books of the processes say, for any family. */
import { createJournal, type Journal } from '../../../relayer/store/journal.ts';
import { createLevelStore } from '../../../relayer/store/index.ts';
import type { AssetId, LaneId } from '../../../relayer/core/ids.ts';
import { join } from 'node:path';
import type { PaidChunk } from './chainEye.ts';

export interface DeliveredCount {
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
}

/** Every sequence of [0, deposits) must have been delivered once, and nothing beyond. */
export function countDelivered(chunks: readonly PaidChunk[], deposits: number): DeliveredCount {
  const times = new Uint8Array(deposits);
  let beyond = 0;
  for (const { firstSequence, count } of chunks) {
    for (let index = 0; index < count; index++) {
      const at = Number(firstSequence) + index;
      if (at < times.length) times[at] = (times[at] ?? 0) + 1;
      else beyond++;
    }
  }
  return {
    lost: times.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0),
    doubled: times.reduce((sum, count) => sum + Math.max(0, count - 1), beyond),
    refused: chunks.reduce((sum, { refused }) => sum + refused, 0),
  };
}

export interface BookedLane {
  readonly lane: LaneId;
  readonly asset: AssetId;
  readonly deposits: number;
  /** Canonical units. */
  readonly amount: bigint;
}

/** True when the journal has all of the lane derived and delivered, and as an attester's all of it signed. */
export async function bookHolds(
  journal: Journal,
  { lane, asset, deposits, amount }: BookedLane,
  isAttester: boolean,
): Promise<boolean> {
  const { derived, delivered, totals } = await journal.lane(lane);
  const all = BigInt(deposits);
  if (derived !== all || delivered.through !== all || (totals.get(asset) ?? 0n) !== amount) return false;
  if (!isAttester) return true;
  const signed = await journal.signed(lane);
  return signed.through === all && (signed.totals.get(asset) ?? 0n) === amount;
}

/** Of a process that has stopped. */
export async function withJournal<T>(dataDir: string, read: (journal: Journal) => Promise<T>): Promise<T> {
  const store = await createLevelStore({ path: join(dataDir, 'journal') });
  try {
    return await read(createJournal(store));
  } finally {
    await store.close();
  }
}
