/** Evidence in parts, laid end to end on the way: encoded whole, a block of deposits would be copied three times. */
import { encodeEvidence, type Evidence } from '../../../adapters/evm/evidence.ts';
import { fromHex } from '../../../relayer/core/bytes.ts';
import type { LaneId } from '../../../relayer/core/ids.ts';

/** The place of the outgoing lanes in the list of evidence. */
const OUTBOUND_INDEX = 3;

/** The same bytes as `encodeEvidence` with the one lane's packets. */
export function evidenceParts(
  evidence: Omit<Evidence, 'outbound'>,
  lane: LaneId,
  packets: readonly Uint8Array[],
): Uint8Array[] {
  const without = encodeEvidence({ ...evidence, outbound: [] });
  const size = packets.reduce((sum, { length }) => sum + length, 0);
  if (size === 0) return [without];
  const [, listAt] = span(without, 0);
  let at = listAt;
  for (let index = 0; index < OUTBOUND_INDEX; index++) [at] = span(without, at);
  const [after] = span(without, at);

  const laneItem = Uint8Array.of(0xa0, ...fromHex(lane));
  const packetsHead = head(0x80, size);
  const entrySize = laneItem.length + packetsHead.length + size;
  const entryHead = head(0xc0, entrySize);
  const lanesHead = head(0xc0, entryHead.length + entrySize);
  const rest = without.length - listAt - (after - at);
  return [
    head(0xc0, rest + lanesHead.length + entryHead.length + entrySize),
    without.subarray(listAt, at),
    lanesHead,
    entryHead,
    laneItem,
    packetsHead,
    ...packets,
    without.subarray(after),
  ];
}

/** Where the RLP item at `at` ends, and where its content begins. */
function span(bytes: Uint8Array, at: number): [end: number, contentAt: number] {
  const prefix = bytes[at] as number;
  if (prefix < 0x80) return [at + 1, at];
  const short = prefix - (prefix >= 0xc0 ? 0xc0 : 0x80);
  if (short <= 55) return [at + 1 + short, at + 1];
  const spelled = short - 55;
  let length = 0;
  for (let i = 1; i <= spelled; i++) length = length * 256 + (bytes[at + i] as number);
  return [at + 1 + spelled + length, at + 1 + spelled];
}

/** The RLP prefix of a string (0x80) or a list (0xc0). */
function head(kind: number, length: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(kind + length);
  const spelled: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) spelled.unshift(rest % 256);
  return Uint8Array.of(kind + 55 + spelled.length, ...spelled);
}
