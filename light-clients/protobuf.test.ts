import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Malformed,
  bytesField,
  decoding,
  fixed64Field,
  joinBytes,
  messageField,
  readMessage,
  varintBytes,
  varintField,
} from './protobuf.ts';

const schema = { 1: 'varint', 2: 'bytes', 3: 'fixed64', 4: 'repeatedBytes' } as const;
const read = (...bytes: number[]): ReturnType<typeof readMessage> =>
  readMessage(Uint8Array.from(bytes), schema, 'test');

describe('protobuf', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.uint8Array(),
        fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
        fc.array(fc.uint8Array()),
        (a, b, c, d) => {
          const bytes = joinBytes([
            varintField(1, a),
            bytesField(2, b),
            fixed64Field(3, c),
            ...d.map((item) => messageField(4, item)),
          ]);
          const message = readMessage(bytes, schema, 'test');
          expect([message.uint64(1), message.bytes(2), message.int64(3), message.repeated(4)]).toEqual([a, b, c, d]);
        },
      ),
    );
  });

  it('reads signed integers in two’s complement and defaults for what is absent', () => {
    expect(readMessage(varintField(1, -5n), schema, 'test').int64(1)).toBe(-5n);
    expect(varintBytes(-1n).length).toBe(10);
    const none = read();
    expect([none.uint64(1), none.bytes(2).length, none.int64(3), none.repeated(4), none.has(1)]).toEqual([
      0n,
      0,
      0n,
      [],
      false,
    ]);
  });

  it('knows one spelling of a message only', () => {
    for (const [what, bytes] of [
      ['longer varint than needed', [0x08, 0x80, 0x00]],
      ['varint of eleven bytes', [0x08, ...Array<number>(10).fill(0x80), 0x01]],
      ['varint above 64 bits', [0x08, ...Array<number>(9).fill(0xff), 0x02]],
      ['cut short in a varint', [0x08, 0x80]],
      ['cut short in a field', [0x12, 0x05, 0x01]],
      ['cut short in a fixed field', [0x19, 0x01]],
      ['unknown field', [0x28, 0x01]],
      ['field zero', [0x00, 0x01]],
      ['wrong wire type', [0x0a, 0x01, 0x01]],
      ['singular field twice', [0x08, 0x01, 0x08, 0x01]],
      ['fields out of order', [0x12, 0x00, 0x08, 0x01]],
      ['group', [0x0b]],
      ['length beyond the end by far', [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ] as const) {
      expect(() => read(...bytes), what).toThrow(Malformed);
    }
    expect(() => readMessage(varintField(1, 1n << 32n), schema, 'test').uint32(1)).toThrow(Malformed);
    expect(() => readMessage(varintField(1, 2), schema, 'test').bool(1)).toThrow(Malformed);
    expect(() => readMessage(bytesField(2, Uint8Array.of(0xff)), schema, 'test').text(2)).toThrow(Malformed);
  });

  it('never throws anything but Malformed, which becomes a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const verdict = decoding('test', () => readMessage(bytes, schema, 'test'));
        expect(['valid', 'invalid']).toContain(verdict.kind);
      }),
      { numRuns: 2_000 },
    );
    expect(() =>
      decoding('test', () => {
        throw new TypeError('ours');
      }),
    ).toThrow('ours');
  });
});
