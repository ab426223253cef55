import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors/load.ts';
import { concatBytes, fromHex, writeU32, writeU64 } from './bytes.ts';
import {
  decodeCertificate,
  decodeDelivery,
  decodeWorkItem,
  encodeCertificate,
  encodeDelivery,
  encodeWorkItem,
  endSequence,
  packetsInChunk,
  SIGNATURE_BYTES,
} from './certificate.ts';
import { type Checkpoint, chunkHashes, merkleProof } from './checkpoint.ts';
import { DecodeError, ViaductError } from './errors.ts';
import { laneId } from './ids.ts';
import { PACKET_BYTES, SIGNERS_MAX } from './limits.ts';

const { checkpoint: row } = loadVectors();
const packets = fromHex(row.packets);
const checkpoint: Checkpoint = {
  lane: laneId(row.laneId),
  signerEpoch: BigInt(row.signerEpoch),
  signerSetHash: fromHex(row.signerSetHash, 32),
  manifestHash: fromHex(row.manifestHash, 32),
  firstSequence: 0n,
  packetCount: row.packetCount,
  chunkSize: row.chunkSize,
  root: fromHex(row.root, 32),
  sourceHeight: BigInt(row.sourceHeight),
  sourceBlockHash: fromHex(row.sourceBlockHash, 32),
};
const signatures = new Uint8Array(2 * SIGNATURE_BYTES).map((_, i) => i);
const good = encodeCertificate({ checkpoint, signatures });
const hashes = chunkHashes(packets, checkpoint.chunkSize);

function delivery(chunkIndex: number) {
  const first = chunkIndex * checkpoint.chunkSize * PACKET_BYTES;
  const chunk = packets.subarray(first, first + packetsInChunk(checkpoint, chunkIndex) * PACKET_BYTES);
  return { checkpoint, signatures, chunkIndex, packets: chunk, proof: merkleProof(hashes, chunkIndex) };
}
const changed = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  change(copy);
  return copy;
};

describe('certificate', () => {
  it('comes back as it was', () => {
    expect(decodeCertificate(good)).toEqual({ checkpoint, signatures });
    expect(good).toHaveLength(197 + 130);
    expect(endSequence(checkpoint)).toBe(20n);
  });

  it.each([
    ['another magic', changed(good, (b) => (b[3] = 0x32)), 'unknown magic'],
    ['signatures that nobody counts', changed(good, (b) => (b[196] = 0)), '130 trailing bytes'],
    ['too many signatures', changed(good, (b) => (b[196] = SIGNERS_MAX + 1)), '33 signatures'],
    ['a signature too few', changed(good, (b) => (b[196] = 3)), '3 signatures do not fit'],
    ['a signature too many', changed(good, (b) => (b[196] = 1)), '65 trailing bytes'],
    ['a byte too many', concatBytes(good, Uint8Array.of(0)), '1 trailing bytes'],
    ['a chunk size of 0', changed(good, (b) => writeU32(b, 120, 0)), 'chunk size 0'],
    ['a chunk size of 513', changed(good, (b) => writeU32(b, 120, 513)), 'chunk size 513'],
    ['no packets', changed(good, (b) => writeU32(b, 116, 0)), 'packet count 0'],
    ['more chunks than allowed', changed(good, (b) => writeU32(b, 116, 256 * 8 + 1)), 'packet count 2049'],
    ['a range past the last sequence', changed(good, (b) => writeU64(b, 108, (1n << 64n) - 20n)), 'sequence overflows'],
  ])('refuses %s', (_, bytes, problem) => {
    expect(() => decodeCertificate(bytes)).toThrow(
      new DecodeError({ shortMessage: `Malformed certificate: ${problem}.` }),
    );
  });

  it('refuses every truncation with a typed error', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeCertificate(good.subarray(0, length))).toThrow(DecodeError);
    }
  });

  it('gives another value or a typed error for every changed byte', () => {
    for (const bytes of [good, encodeDelivery(delivery(2))]) {
      const decode = bytes === good ? decodeCertificate : decodeDelivery;
      for (let at = 0; at < bytes.length; at++) {
        for (const flip of [0x01, 0x80]) {
          try {
            const value = decode(changed(bytes, (copy) => (copy[at] = (copy[at] as number) ^ flip)));
            expect(value.checkpoint.packetCount).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }
      }
    }
  });

  it('is not made with half a signature', () => {
    expect(() => encodeCertificate({ checkpoint, signatures: signatures.subarray(1) })).toThrow(ViaductError);
  });
});

describe('delivery', () => {
  it('comes back as it was, the short last chunk too', () => {
    for (const index of [0, 1, 2]) expect(decodeDelivery(encodeDelivery(delivery(index)))).toEqual(delivery(index));
    expect([0, 1, 2].map((index) => packetsInChunk(checkpoint, index))).toEqual([8, 8, 4]);
  });

  it('may leave its packets out as a work item, and nothing less', () => {
    const whole = delivery(1);
    const short = { ...whole, packets: undefined };
    const bytes = encodeWorkItem(short);
    expect(decodeWorkItem(bytes)).toEqual(short);
    expect(decodeWorkItem(encodeWorkItem(whole))).toEqual(whole);
    expect(() => decodeDelivery(bytes)).toThrow(DecodeError);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeWorkItem(bytes.subarray(0, length))).toThrow(DecodeError);
    }
    expect(() => decodeWorkItem(concatBytes(bytes, Uint8Array.of(0)))).toThrow(DecodeError);
  });

  it('refuses every truncation and a byte too many with a typed error', () => {
    const bytes = encodeDelivery(delivery(2));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeDelivery(bytes.subarray(0, length))).toThrow(DecodeError);
    }
    expect(() => decodeDelivery(concatBytes(bytes, Uint8Array.of(0)))).toThrow(DecodeError);
  });

  it('refuses a chunk outside the checkpoint, one of another size, and too many siblings', () => {
    const bytes = encodeDelivery(delivery(0));
    const at = good.length;
    const refuse = (change: (copy: Uint8Array) => void): void => {
      expect(() => decodeDelivery(changed(bytes, change))).toThrow(DecodeError);
    };
    refuse((b) => writeU32(b, at, 3));
    refuse((b) => writeU32(b, at, 0xffffffff));
    refuse((b) => writeU32(b, at, 2));
    refuse((b) => (b[at + 4] = 9));
    refuse((b) => (b[at + 4] = 255));
    refuse((b) => (b[at + 4] = b[at + 4]! + 1));
  });

  it('is total on arbitrary changes', () => {
    const bytes = encodeDelivery(delivery(1));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        try {
          decodeDelivery(changed(bytes, (copy) => (copy[at] = value)));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});
