import fc from 'fast-check';
import { concat, keccak256 as viemKeccak } from 'viem';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors/load.ts';
import { concatBytes, equalBytes, fromHex, toHex } from './bytes.ts';
import { DecodeError, ViaductError } from './errors.ts';
import { assetId, laneId } from './ids.ts';
import { PACKET_BYTES } from './limits.ts';
import {
  accumulate,
  decodePacket,
  encodePacket,
  type Packet,
  PACKET_OFFSETS,
  packetProblem,
  readAmount,
  readAsset,
  readKind,
  readSequence,
  transferIdOf,
} from './packet.ts';

const vectors = loadVectors();
const lane = laneId(vectors.lanes[0]!.laneId);

function packetOf(row: (typeof vectors.packets)[number]): Packet {
  return {
    kind: row.kind,
    sequence: BigInt(row.sequence),
    asset: assetId(row.asset),
    amount: BigInt(row.amount),
    receiver: fromHex(row.receiver),
    deadline: BigInt(row.deadline),
    sourceReference: fromHex(row.sourceReference, 32),
    sender: fromHex(row.sender),
  };
}

const good = packetOf(vectors.packets[3]!);
const goodBytes = encodePacket(good);
const changed = (offset: number, value: number): Uint8Array => {
  const bytes = goodBytes.slice();
  bytes[offset] = value;
  return bytes;
};

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const account = fc.uint8Array({ minLength: 1, maxLength: 32 });
const anyPacket: fc.Arbitrary<Packet> = fc.record({
  kind: fc.constantFrom('transfer' as const, 'return' as const),
  sequence: u64,
  asset: fc.nat({ max: 0xffffffff }).map(assetId),
  amount: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  receiver: account,
  deadline: u64,
  sourceReference: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  sender: account,
});

describe('packet codec', () => {
  it('lays out the golden packets byte for byte, and reads them back', () => {
    expect(vectors.packets).toHaveLength(20);
    for (const row of vectors.packets) {
      const bytes = fromHex(row.bytes, PACKET_BYTES);
      expect(toHex(encodePacket(packetOf(row)))).toBe(row.bytes);
      expect(decodePacket(bytes)).toEqual(packetOf(row));
    }
  });

  it('has each field where the table of DESIGN 4.1 puts it', () => {
    const [, ...bounds] = [...Object.values(PACKET_OFFSETS), PACKET_BYTES];
    const sizes = Object.entries(PACKET_OFFSETS).map(([name, offset], i) => [name, offset, bounds[i]! - offset]);
    expect(sizes).toEqual([
      ['kind', 0, 1],
      ['sequence', 1, 8],
      ['asset', 9, 4],
      ['amount', 13, 16],
      ['receiver', 29, 33],
      ['deadline', 62, 8],
      ['sourceReference', 70, 32],
      ['sender', 102, 33],
    ]);
  });

  it('returns any packet as it was, at any offset, also through the single readers', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat({ max: 300 }), (packet, offset) => {
        const bytes = concatBytes(new Uint8Array(offset).fill(0xee), encodePacket(packet));
        expect(decodePacket(bytes, offset)).toEqual(packet);
        expect(readKind(bytes, offset)).toBe(packet.kind);
        expect(readSequence(bytes, offset)).toBe(packet.sequence);
        expect(readAsset(bytes, offset)).toBe(packet.asset);
        expect(readAmount(bytes, offset)).toBe(packet.amount);
      }),
    );
  });

  it('has one encoding of each packet: whatever decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat({ max: PACKET_BYTES - 1 }), fc.nat({ max: 255 }), (packet, at, value) => {
        const bytes = encodePacket(packet);
        bytes[at] = value;
        if (packetProblem(bytes) === undefined) expect(equalBytes(encodePacket(decodePacket(bytes)), bytes)).toBe(true);
        else expect(() => decodePacket(bytes)).toThrow(DecodeError);
      }),
    );
  });

  it.each([
    ['no bytes', new Uint8Array(0), '135 bytes expected, got 0'],
    ['one byte short', goodBytes.subarray(0, 134), '135 bytes expected, got 134'],
    ['kind 0', changed(0, 0), 'unknown kind 0'],
    ['kind 3', changed(0, 3), 'unknown kind 3'],
    ['kind 255', changed(0, 255), 'unknown kind 255'],
    ['an empty receiver', changed(29, 0), 'receiver length 0 is not 1 to 32'],
    ['a receiver of 33 bytes', changed(29, 33), 'receiver length 33 is not 1 to 32'],
    ['a receiver of 255 bytes', changed(29, 255), 'receiver length 255 is not 1 to 32'],
    ['a shorter receiver with rest', changed(29, 19), 'receiver padding is not zero'],
    ['a byte right after the receiver', changed(30 + good.receiver.length, 1), 'receiver padding is not zero'],
    ['a byte at the end of the receiver field', changed(61, 1), 'receiver padding is not zero'],
    ['an empty sender', changed(102, 0), 'sender length 0 is not 1 to 32'],
    ['a sender of 33 bytes', changed(102, 33), 'sender length 33 is not 1 to 32'],
    ['a shorter sender with rest', changed(102, 1), 'sender padding is not zero'],
    ['a byte at the very end', changed(134, 1), 'sender padding is not zero'],
  ])('refuses %s', (_, bytes, problem) => {
    expect(packetProblem(bytes)).toBe(problem);
    expect(() => decodePacket(bytes)).toThrow(new DecodeError({ shortMessage: `Malformed packet: ${problem}.` }));
  });

  it('refuses an offset past the last whole packet', () => {
    expect(packetProblem(goodBytes, 1)).toBe('135 bytes expected, got 134');
    expect(packetProblem(goodBytes, 1000)).toBe('135 bytes expected, got -865');
    expect(packetProblem(goodBytes, -1)).toBeDefined();
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, offset) => {
        const problem = packetProblem(bytes, offset);
        expect(problem === undefined || typeof problem === 'string').toBe(true);
      }),
    );
  });

  it.each([
    ['a negative amount', { amount: -1n }],
    ['an amount of 2^128', { amount: 1n << 128n }],
    ['a source reference of 31 bytes', { sourceReference: new Uint8Array(31) }],
    ['an empty receiver', { receiver: new Uint8Array(0) }],
    ['a sender of 33 bytes', { sender: new Uint8Array(33) }],
  ])('will not encode %s', (_, change) => {
    expect(() => encodePacket({ ...good, ...change })).toThrow(ViaductError);
  });
});

describe('transfer id and accumulator', () => {
  it('are the golden ones, and what another keccak makes of the same bytes', () => {
    let accumulator: Uint8Array = new Uint8Array(32);
    let judged = toHex(accumulator);
    for (const row of vectors.packets) {
      const bytes = fromHex(row.bytes);
      expect(`0x${transferIdOf(lane, bytes)}`).toBe(row.transferId);
      expect(viemKeccak(concat([vectors.lanes[0]!.laneId as `0x${string}`, row.bytes]))).toBe(row.transferId);
      accumulator = accumulate(accumulator, bytes);
      judged = viemKeccak(concat([judged, row.bytes]));
      expect(toHex(accumulator)).toBe(row.accumulator);
      expect(judged).toBe(row.accumulator);
    }
  });

  it('a transfer id depends on the lane and on each byte of the packet', () => {
    const ids = new Set([transferIdOf(lane, goodBytes), transferIdOf(laneId(vectors.lanes[1]!.laneId), goodBytes)]);
    for (let i = 0; i < PACKET_BYTES; i++) ids.add(transferIdOf(lane, changed(i, goodBytes[i]! ^ 1)));
    expect(ids.size).toBe(PACKET_BYTES + 2);
  });

  it('the accumulator of many packets at once is that of one after the other', () => {
    const flat = fromHex(vectors.checkpoint.packets);
    expect(toHex(accumulate(new Uint8Array(32), flat))).toBe(vectors.packets.at(-1)!.accumulator);
    expect(() => accumulate(new Uint8Array(32), flat.subarray(1))).toThrow('whole packets');
  });
});
