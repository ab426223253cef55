import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors/load.ts';
import { fromHex, writeU32, writeU64 } from './bytes.ts';
import { DecodeError, ViaductError } from './errors.ts';
import { decodeFrame, encodeFrame, FRAME_HEADER_BYTES, packetsProblem } from './frame.ts';
import { laneId } from './ids.ts';
import { FRAME_PACKETS_MAX, PACKET_BYTES } from './limits.ts';
import { PACKET_OFFSETS } from './packet.ts';

const { checkpoint } = loadVectors();
const packets = fromHex(checkpoint.packets);
const frame = {
  lane: laneId(checkpoint.laneId),
  firstSequence: 0n,
  source: { height: 12345n, hash: fromHex(checkpoint.sourceBlockHash, 32) },
  packets,
};
const good = encodeFrame(frame);
const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
  const bytes = good.slice();
  change(bytes);
  return bytes;
};

/** `count` well-formed packets in sequence from `first`. */
function run(count: number, first = 0n): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_BYTES);
  for (let i = 0; i < count; i++) {
    bytes.set(packets.subarray(0, PACKET_BYTES), i * PACKET_BYTES);
    writeU64(bytes, i * PACKET_BYTES + PACKET_OFFSETS.sequence, first + BigInt(i));
  }
  return bytes;
}

describe('frame', () => {
  it('comes back as it was, its packets a view of the same bytes', () => {
    const decoded = decodeFrame(good);
    expect(decoded).toEqual({ ...frame, count: 20 });
    expect(decoded.packets.buffer).toBe(good.buffer);
    expect(decodeFrame(encodeFrame({ ...frame, packets: run(FRAME_PACKETS_MAX) })).count).toBe(FRAME_PACKETS_MAX);
  });

  it.each([
    ['no bytes', new Uint8Array(0), '0 bytes are too few'],
    ['a header alone', good.subarray(0, FRAME_HEADER_BYTES), '88 bytes are too few'],
    ['another magic', changed((b) => writeU32(b, 0, 0x56444632)), 'unknown magic'],
    ['no packets', changed((b) => writeU32(b, 44, 0)), 'packet count 0 is not 1 to 480'],
    ['too many packets', changed((b) => writeU32(b, 44, 481)), 'packet count 481 is not 1 to 480'],
    ['a huge count', changed((b) => writeU32(b, 44, 0xffffffff)), 'packet count 4294967295 is not 1 to 480'],
    ['a count too high by one', changed((b) => writeU32(b, 44, 21)), '21 packets take 2923 bytes, got 2788'],
    ['a count too low by one', changed((b) => writeU32(b, 44, 19)), '19 packets take 2653 bytes, got 2788'],
    ['a lost last byte', good.subarray(0, good.length - 1), '20 packets take 2788 bytes, got 2787'],
    ['a lost packet', good.subarray(0, good.length - PACKET_BYTES), '20 packets take 2788 bytes, got 2653'],
    ['another first sequence', changed((b) => writeU64(b, 36, 1n)), 'packet 1 carries sequence 0'],
    ['a bad kind', changed((b) => (b[FRAME_HEADER_BYTES] = 9)), 'packet 0: unknown kind 9'],
    ['a bad last sender', changed((b) => (b[b.length - 1] = 9)), 'packet 19: sender padding is not zero'],
  ])('refuses %s', (_, bytes, problem) => {
    expect(() => decodeFrame(bytes)).toThrow(new DecodeError({ shortMessage: `Malformed frame: ${problem}.` }));
  });

  it('refuses every truncation with a typed error', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeFrame(good.subarray(0, length))).toThrow(DecodeError);
    }
  });

  it('is total on arbitrary bytes behind a true magic', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 400 }), (bytes) => {
        writeU32(bytes, 0, 0x56444631);
        expect(() => decodeFrame(bytes)).toThrow(DecodeError);
      }),
    );
  });

  it.each([
    ['no packets', new Uint8Array(0)],
    ['half a packet', packets.subarray(0, 200)],
    ['too many', run(FRAME_PACKETS_MAX + 1)],
  ])('is not made of %s', (_, bytes) => {
    expect(() => encodeFrame({ ...frame, packets: bytes })).toThrow(ViaductError);
  });

  it('sees a gap, a repeat and a swap in a run of packets', () => {
    const three = run(3, 7n);
    expect(packetsProblem(three, 7n)).toBeUndefined();
    expect(packetsProblem(three, 6n)).toBe('packet 6 carries sequence 7');
    const second = PACKET_BYTES + PACKET_OFFSETS.sequence;
    for (const wrong of [7n, 9n, 0n]) {
      const bytes = three.slice();
      writeU64(bytes, second, wrong);
      expect(packetsProblem(bytes, 7n)).toBe(`packet 8 carries sequence ${wrong}`);
    }
  });
});
