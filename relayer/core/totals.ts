/** Amounts by asset in canonical units, and how flat packets add to them: one pass over the bytes. */
import type { AssetId } from './ids.ts';
import { PACKET_BYTES } from './limits.ts';
import { readAmount, readAsset } from './packet.ts';

export type Totals = ReadonlyMap<AssetId, bigint>;

export function addPackets(totals: Totals, packets: Uint8Array): Totals {
  const next = new Map(totals);
  for (let offset = 0; offset < packets.length; offset += PACKET_BYTES) {
    const asset = readAsset(packets, offset);
    next.set(asset, (next.get(asset) ?? 0n) + readAmount(packets, offset));
  }
  return next;
}

export function sumTotals(all: readonly Totals[]): Totals {
  const sum = new Map<AssetId, bigint>();
  for (const totals of all) for (const [asset, amount] of totals) sum.set(asset, (sum.get(asset) ?? 0n) + amount);
  return sum;
}
