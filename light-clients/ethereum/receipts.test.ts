import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keccak256 } from '../keccak.ts';
import { encodeRlp } from '../merkle/rlp.ts';
import {
  decodeReceipt,
  encodeReceipt,
  logsBloom,
  proveLogs,
  proveLogsOfValues,
  type Receipt,
  RECEIPT_BYTES_MAX,
  RECEIPTS_MAX,
  receiptsRootOf,
  type ReceiptType,
} from './receipts.ts';
import { changedReceipts, hex, receiptOfRpc, type RpcReceipt, unhex } from './receipts.fixture.ts';

const CONTRACT = new Uint8Array(20).fill(0xcc);
const OTHER = new Uint8Array(20).fill(0xdd);
const topic = (name: number): Uint8Array => new Uint8Array(32).fill(name);

const receipts: readonly Receipt[] = [
  receipt(0, [log(OTHER, 1), log(CONTRACT, 2)]),
  receipt(1, []),
  receipt(2, [log(CONTRACT, 3), log(CONTRACT, 4), log(OTHER, 0)], false),
  receipt(3, [log(OTHER, 1)]),
  receipt(4, [log(CONTRACT, 4)]),
  { ...receipt(0, [log(CONTRACT, 0)]), outcome: { kind: 'stateRoot', root: topic(9) } },
];
const root = receiptsRootOf(receipts.map(encodeReceipt));

function receipt(type: ReceiptType, logs: Receipt['logs'], succeeded = true): Receipt {
  return { type, outcome: { kind: 'status', succeeded }, cumulativeGasUsed: 21_000n, logs };
}

function log(address: Uint8Array, topics: number): Receipt['logs'][number] {
  return { address, topics: Array.from({ length: topics }, (_, i) => topic(i)), data: Uint8Array.of(1, 2, 3) };
}

describe('receipts of every type', () => {
  it('give every log of the contract with its transaction and its place in the block', () => {
    const verdict = proveLogsOfValues(root, receipts, CONTRACT);
    if (verdict.kind !== 'valid') throw new Error(verdict.kind);
    expect(verdict.value.map(({ transactionIndex, logIndex }) => [transactionIndex, logIndex])).toEqual([
      [0, 1],
      [2, 2],
      [2, 3],
      [4, 6],
      [5, 7],
    ]);
    expect(verdict.value[0]).toMatchObject(log(CONTRACT, 2));
    expect(proveLogsOfValues(root, receipts, new Uint8Array(20))).toEqual({ kind: 'valid', value: [] });
  });

  it('are refused with any one thing changed', () => {
    let tried = 0;
    for (const [index, value] of receipts.entries()) {
      for (const [what, changed] of changedReceipts(value)) {
        tried++;
        expect(proveLogsOfValues(root, receipts.with(index, changed), CONTRACT).kind, `${index} ${what}`).toBe(
          'invalid',
        );
      }
    }
    expect(tried).toBeGreaterThan(120);
  });

  it('are refused left out, doubled, swapped, under another root and for what is no address', () => {
    const raw = receipts.map(encodeReceipt);
    for (const changed of [raw.slice(1), raw.slice(0, -1), [...raw, raw[1]!], raw.toReversed(), []]) {
      expect(proveLogs(root, changed, CONTRACT).kind).toBe('invalid');
    }
    expect(proveLogs(topic(1), raw, CONTRACT).kind).toBe('invalid');
    expect(proveLogs(root.subarray(1), raw, CONTRACT).kind).toBe('invalid');
    expect(proveLogs(root, raw, CONTRACT.subarray(1)).kind).toBe('invalid');
    expect(proveLogs(root, [...raw, new Uint8Array(0)], CONTRACT).kind).toBe('invalid');
  });

  it('of an empty block have the empty root', () => {
    expect(hex(receiptsRootOf([]))).toBe('0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
    expect(proveLogs(receiptsRootOf([]), [], CONTRACT)).toEqual({ kind: 'valid', value: [] });
  });

  it('are bounded', () => {
    const many = Array.from({ length: RECEIPTS_MAX + 1 }, () => Uint8Array.of(0xc0));
    expect(proveLogs(root, many, CONTRACT)).toMatchObject({ reason: `more than ${RECEIPTS_MAX} receipts` });
    const big = Array.from({ length: 5 }, () => new Uint8Array(RECEIPT_BYTES_MAX));
    expect(proveLogs(root, big, CONTRACT)).toMatchObject({ reason: /bytes/ });
  });

  it('that are malformed are refused even under their own root', () => {
    const bloom = new Uint8Array(256);
    const list = (...fields: Parameters<typeof encodeRlp>[0][]): Uint8Array => encodeRlp(fields);
    const one = Uint8Array.of(1);
    const address = CONTRACT;
    const good = list(one, one, bloom, [[address, [topic(1)], one]]);
    expect(decodeReceipt(good)).toBeDefined();
    const malformed: Record<string, Uint8Array> = {
      'type 5': Uint8Array.from([5, ...good]),
      'an L2 deposit type': Uint8Array.from([0x7e, ...good]),
      'type 0 spelled out': Uint8Array.from([0, ...good]),
      'two type bytes': Uint8Array.from([2, 2, ...good]),
      'a type alone': Uint8Array.of(2),
      'a trailing byte': Uint8Array.from([...good, 0]),
      'a string': encodeRlp(good),
      'three fields': list(one, one, bloom),
      'five fields': list(one, one, bloom, [], one),
      'status 2': list(Uint8Array.of(2), one, bloom, []),
      'status 0x00': list(Uint8Array.of(0), one, bloom, []),
      'a root of 31 bytes': list(new Uint8Array(31), one, bloom, []),
      'a root in a typed receipt': Uint8Array.from([2, ...list(topic(1), one, bloom, [])]),
      'a status list': list([], one, bloom, []),
      'gas with a leading zero': list(one, Uint8Array.of(0, 1), bloom, []),
      'gas of 9 bytes': list(one, topic(1).subarray(0, 9), bloom, []),
      'a short bloom': list(one, one, bloom.subarray(1), []),
      'logs that are bytes': list(one, one, bloom, one),
      'a log that is bytes': list(one, one, bloom, [one]),
      'a log of two fields': list(one, one, bloom, [[address, []]]),
      'a short address': list(one, one, bloom, [[address.subarray(1), [], one]]),
      'topics that are bytes': list(one, one, bloom, [[address, one, one]]),
      'a short topic': list(one, one, bloom, [[address, [topic(1).subarray(1)], one]]),
      'five topics': list(one, one, bloom, [[address, [1, 2, 3, 4, 5].map(topic), one]]),
      'data that is a list': list(one, one, bloom, [[address, [], [one]]]),
    };
    for (const [what, bytes] of Object.entries(malformed)) {
      expect(decodeReceipt(bytes), what).toBeUndefined();
      expect(proveLogs(receiptsRootOf([bytes]), [bytes], CONTRACT), what).toMatchObject({
        kind: 'invalid',
        reason: 'receipt 0 does not decode',
      });
    }
  });

  it('decode to what was encoded, and hostile bytes to nothing or to what encodes to them', () => {
    for (const value of receipts) expect(decodeReceipt(encodeReceipt(value))).toEqual(value);
    const raw = encodeReceipt(receipts[2]!);
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = raw.map((byte, i) => (i === at ? byte ^ change : byte));
        const decoded = decodeReceipt(bytes);
        // The bloom is not kept: it alone may differ.
        if (decoded !== undefined) expect(encodeReceipt(decoded).length).toBe(bytes.length);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => decodeReceipt(bytes) === undefined));
  });
});

const folder = path.resolve(import.meta.dirname, '../../../shared/fixtures/ethereum/mainnet-block-21925176');

// Skipped where the public fixtures are not beside the project: they are not part of it.
describe.skipIf(!existsSync(folder))('the 202 receipts of a mainnet block', () => {
  const read = (): { json: RpcReceipt[]; values: Receipt[]; receiptsRoot: Uint8Array } => {
    const json = JSON.parse(gunzipSync(readFileSync(path.join(folder, 'receipts.json.gz'))).toString()) as RpcReceipt[];
    const block = JSON.parse(readFileSync(path.join(folder, 'block.json'), 'utf8')) as { receiptsRoot: string };
    return { json, values: json.map(receiptOfRpc), receiptsRoot: unhex(block.receiptsRoot) };
  };

  it('have the root in the header and the blooms that the node says', () => {
    const { json, values, receiptsRoot } = read();
    expect(values).toHaveLength(202);
    expect(hex(receiptsRootOf(values.map(encodeReceipt)))).toBe(hex(receiptsRoot));
    expect(values.map(({ logs }) => hex(logsBloom(logs)))).toEqual(json.map(({ logsBloom: bloom }) => bloom));
  });

  it('prove the log of the deposit contract, as the node lists it', () => {
    const { values, receiptsRoot } = read();
    const listed = JSON.parse(readFileSync(path.join(folder, 'logs.json'), 'utf8')) as {
      address: string;
      topics: string[];
      data: string;
      transactionIndex: string;
      logIndex: string;
    }[];
    const verdict = proveLogsOfValues(receiptsRoot, values, unhex(listed[0]!.address));
    if (verdict.kind !== 'valid') throw new Error(verdict.kind);
    expect(
      verdict.value.map((found) => ({
        address: hex(found.address),
        topics: found.topics.map(hex),
        data: hex(found.data),
        transactionIndex: `0x${found.transactionIndex.toString(16)}`,
        logIndex: `0x${found.logIndex.toString(16)}`,
      })),
    ).toEqual(
      listed.map(({ address, topics, data, transactionIndex, logIndex }) => ({
        address,
        topics,
        data,
        transactionIndex,
        logIndex,
      })),
    );
  });

  it('are refused with any one thing of a receipt changed', () => {
    const { values, receiptsRoot } = read();
    const raw = values.map(encodeReceipt);
    // One receipt of each kind; the vector suite goes through all of them.
    for (const index of [0, 39, values.findIndex(({ type }) => type === 0), values.findIndex(failed)]) {
      for (const [what, changed] of changedReceipts(values[index]!)) {
        const verdict = proveLogs(receiptsRoot, raw.with(index, encodeReceipt(changed)), CONTRACT);
        expect(verdict.kind, `${index} ${what}`).toBe('invalid');
      }
    }
  });
});

function failed({ outcome }: Receipt): boolean {
  return outcome.kind === 'status' && !outcome.succeeded;
}

it('the bloom of a log is the one of the Yellow Paper', () => {
  const bits = [0, 2, 4].map((at) => {
    const hash = keccak256(CONTRACT);
    return ((hash[at]! << 8) | hash[at + 1]!) & 2047;
  });
  const bloom = logsBloom([{ address: CONTRACT, topics: [], data: new Uint8Array(0) }]);
  const set = Array.from({ length: 2048 }, (_, bit) => bit).filter(
    (bit) => (bloom[255 - (bit >> 3)]! >> (bit & 7)) & 1,
  );
  expect(set).toEqual([...new Set(bits)].sort((a, b) => a - b));
});
