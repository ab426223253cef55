import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../keccak.ts';
import { encodeRlp } from '../merkle/rlp.ts';
import {
  decodeExecutionHeader,
  encodeExecutionHeader,
  EXECUTION_HEADER_FIELDS,
  executionHeaderHash,
} from './executionHeader.ts';

type RpcBlock = Record<string, string>;

const vectors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'anvil-headers.vector.json'), 'utf8')) as Record<
  string,
  RpcBlock
>;
const mainnet = path.resolve(
  import.meta.dirname,
  '../../../shared/fixtures/ethereum/mainnet-block-21925176/block.json',
);

const FIELD_COUNTS: Record<string, number> = {
  berlin: 15,
  london: 16,
  paris: 16,
  shanghai: 17,
  cancun: 20,
  prague: 21,
  osaka: 21,
};

describe('execution headers', () => {
  it.each(Object.entries(FIELD_COUNTS))('of anvil on %s have %i fields and the hash anvil says', (fork, count) => {
    const block = vectors[fork]!;
    const rlp = encodeExecutionHeader(fieldsOf(block, count));
    expect(toHex(executionHeaderHash(rlp))).toBe(block['hash']);
    const decoded = decodeExecutionHeader(rlp);
    if (decoded.kind !== 'header') throw new Error(decoded.reason);
    expect(decoded.header.fieldCount).toBe(count);
    expect(decoded.header.number).toBe(BigInt(block['number']!));
    expect(decoded.header.timestamp).toBe(BigInt(block['timestamp']!));
    expect(toHex(decoded.header.stateRoot)).toBe(block['stateRoot']);
    expect(toHex(decoded.header.parentHash)).toBe(block['parentHash']);
  });

  // Skipped where the public fixtures are not beside the project: they are not part of it.
  it.skipIf(!existsSync(mainnet))('of a mainnet block (Cancun)', () => {
    const block = JSON.parse(readFileSync(mainnet, 'utf8')) as RpcBlock;
    const decoded = decodeExecutionHeader(encodeExecutionHeader(fieldsOf(block, 20)));
    if (decoded.kind !== 'header') throw new Error(decoded.reason);
    expect(toHex(decoded.header.hash)).toBe(block['hash']);
    expect(decoded.header.number).toBe(21925176n);
    expect(decoded.header.baseFeePerGas).toBe(BigInt(block['baseFeePerGas']!));
  });

  it('keep fields of later forks in the hash', () => {
    const rlp = encodeExecutionHeader([...fieldsOf(vectors['osaka']!, 21), new Uint8Array(32).fill(9)]);
    const decoded = decodeExecutionHeader(rlp);
    expect(decoded.kind === 'header' && decoded.header.fieldCount).toBe(22);
    expect(decoded.kind === 'header' && decoded.header.hash).toEqual(keccak256(rlp));
  });

  it('are refused when any field has a wrong shape', () => {
    const fields = fieldsOf(vectors['osaka']!, 21);
    for (const [index, [name, shape]] of EXECUTION_HEADER_FIELDS.entries()) {
      const bad = shape.kind === 'fixed' ? new Uint8Array(shape.bytes + 1) : new Uint8Array(shape.bytesMax + 1).fill(1);
      expect(decodeExecutionHeader(encodeRlp(fields.toSpliced(index, 1, bad))).kind, name).toBe('invalid');
      expect(
        decodeExecutionHeader(
          encodeRlp((fields as (Uint8Array | Uint8Array[])[]).toSpliced(index, 1, [fields[index]!])),
        ).kind,
        name,
      ).toBe('invalid');
      if (shape.kind === 'integer') {
        expect(decodeExecutionHeader(encodeRlp(fields.toSpliced(index, 1, Uint8Array.of(0, 1)))).kind, name).toBe(
          'invalid',
        );
      }
    }
    for (const count of [0, 1, 14, 18, 19]) {
      expect(decodeExecutionHeader(encodeRlp(fields.slice(0, count))).kind, String(count)).toBe('invalid');
    }
    expect(
      decodeExecutionHeader(encodeRlp([...fields, ...new Array<Uint8Array>(12).fill(Uint8Array.of(1))])).kind,
    ).toBe('invalid');
  });

  it('survive any bytes, and every byte changed gives another hash or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        expect(decodeExecutionHeader(bytes).kind).toBe('invalid');
      }),
      { numRuns: 300 },
    );
    const rlp = encodeExecutionHeader(fieldsOf(vectors['osaka']!, 21));
    const hash = toHex(keccak256(rlp));
    for (let i = 0; i < rlp.length; i++) {
      const changed = rlp.slice();
      changed[i]! ^= 1;
      const decoded = decodeExecutionHeader(changed);
      if (decoded.kind === 'header') expect(toHex(decoded.header.hash)).not.toBe(hash);
    }
  });
});

function fieldsOf(block: RpcBlock, count: number): Uint8Array[] {
  return EXECUTION_HEADER_FIELDS.slice(0, count).map(([name, shape]) => {
    const digits = block[name]!.slice(2);
    if (shape.kind === 'integer') {
      const value = BigInt(`0x${digits}`).toString(16);
      return value === '0'
        ? new Uint8Array(0)
        : Uint8Array.from(Buffer.from(value.length % 2 ? `0${value}` : value, 'hex'));
    }
    return Uint8Array.from(Buffer.from(digits, 'hex'));
  });
}

function toHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
