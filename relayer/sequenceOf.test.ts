import { describe, expect, it } from 'vitest';
import { concatBytes, word } from './core/bytes.ts';
import { decodeFrame, encodeFrame, type Frame } from './core/frame.ts';
import { assetId, laneId } from './core/ids.ts';
import { encodePacket } from './core/packet.ts';
import { sequenceOf } from './sequenceOf.ts';

const LANE = laneId('11'.repeat(32));
const OTHER = laneId('22'.repeat(32));
const account = new Uint8Array(20).fill(1);

/** Packet n has the source reference n. */
function frame(firstSequence: bigint, count: number): Frame {
  const packets = Array.from({ length: count }, (_, i) =>
    encodePacket({
      ...{ kind: 'transfer', asset: assetId(1), amount: 1n, receiver: account, sender: account, deadline: 0n },
      sequence: firstSequence + BigInt(i),
      sourceReference: word(firstSequence + BigInt(i)),
    }),
  );
  const source = { height: 5n, hash: word(5n) };
  return decodeFrame(encodeFrame({ lane: LANE, firstSequence, source, packets: concatBytes(...packets) }));
}

const journal = {
  async *latestFrames(lane: typeof LANE): AsyncIterable<Frame> {
    await Promise.resolve();
    if (lane === LANE) yield* [frame(7n, 3), frame(0n, 7)];
  },
};

describe('sequenceOf', () => {
  it('finds the packet with a source reference in any frame of its lane', async () => {
    for (const sequence of [0n, 6n, 7n, 9n]) expect(await sequenceOf(journal, LANE, word(sequence))).toBe(sequence);
  });

  it('finds nothing of another lane, and nothing that is not derived yet', async () => {
    expect(await sequenceOf(journal, OTHER, word(3n))).toBeUndefined();
    expect(await sequenceOf(journal, LANE, word(10n))).toBeUndefined();
  });
});
