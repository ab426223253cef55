import { describe, expect, it } from 'vitest';
import { LANE } from '../../test/sim/statements.ts';
import { createChunkHashBook } from './chunkHashes.ts';

const at = (first: number, packetCount = 2, chunkSize = 1) => {
  return { lane: LANE, firstSequence: BigInt(first), packetCount, chunkSize };
};
const hashes = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => Uint8Array.of(i));

describe('the book of chunk hashes', () => {
  it('knows them by range and cut', () => {
    const book = createChunkHashBook();
    book.put(at(0), hashes(2));
    expect(book.get(at(0))).toEqual(hashes(2));
    for (const other of [
      at(1),
      at(0, 3),
      at(0, 2, 2),
      { ...at(0), lane: at(0).lane.replace(/^./, 'f') as typeof LANE },
    ])
      expect(book.get(other)).toBeUndefined();
  });

  it('forgets the oldest, by how many hashes there are', () => {
    const book = createChunkHashBook();
    for (let i = 0; i < 128; i++) book.put(at(i, 256), hashes(256));
    book.put(at(127, 256), hashes(256));
    expect(book.get(at(0, 256))).toHaveLength(256);
    book.put(at(128, 256), hashes(256));
    expect([0, 1, 128].map((i) => book.get(at(i, 256))?.length)).toEqual([undefined, 256, 256]);
  });
});
