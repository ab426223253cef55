/** Amounts by asset in canonical units, and how flat packets add to them: one pass over the bytes. */
import { type AssetId, assetId } from './ids.ts';
import { PACKET_BYTES } from './limits.ts';
import { PACKET_OFFSETS } from './packet.ts';

export type Totals = ReadonlyMap<AssetId, bigint>;

export function addPackets(totals: Totals, packets: Uint8Array): Totals {
  const next = new Map(totals);
  const count = packets.length / PACKET_BYTES;
  const view = new DataView(packets.buffer, packets.byteOffset, packets.length);
  for (let from = 0; from < count;) {
    const asset = view.getUint32(from * PACKET_BYTES + PACKET_OFFSETS.asset);
    // A run of one asset, in words of 32 bits: a number holds the sum of 2^21 of them, a bigint for each packet costs more.
    let [a, b, c, d] = [0, 0, 0, 0];
    let at = from;
    for (const end = Math.min(count, from + RUN_MAX); at < end; at++) {
      const offset = at * PACKET_BYTES;
      if (view.getUint32(offset + PACKET_OFFSETS.asset) !== asset) break;
      const amount = offset + PACKET_OFFSETS.amount;
      a += view.getUint32(amount);
      b += view.getUint32(amount + 4);
      c += view.getUint32(amount + 8);
      d += view.getUint32(amount + 12);
    }
    const sum = (BigInt(a) << 96n) + (BigInt(b) << 64n) + (BigInt(c) << 32n) + BigInt(d);
    next.set(assetId(asset), (next.get(assetId(asset)) ?? 0n) + sum);
    from = at;
  }
  return next;
}

const RUN_MAX = 2 ** 20;

export function sumTotals(all: readonly Totals[]): Totals {
  const sum = new Map<AssetId, bigint>();
  for (const totals of all) for (const [asset, amount] of totals) sum.set(asset, (sum.get(asset) ?? 0n) + amount);
  return sum;
}
