/** The adapter's own encodings: evidence, cursor, calls, transactions, topics and slots. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type AbiEvent,
  encodeAbiParameters,
  encodeFunctionData,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  toEventSelector,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { bytesToHex, fromHex, toHex } from '../../relayer/core/bytes.ts';
import { laneId } from '../../relayer/core/ids.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { checkpointPreimage, decodeAcceptedCheckpoint } from './acceptedCheckpoint.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import { replayWords } from './derive.ts';
import { decodeEvidence, encodeEvidence, type Evidence } from './evidence.ts';
import { acceptAndDeliverData, deliverData } from './gatewayCalls.ts';
import { accumulatorSlot, checkpointSlot, GATEWAY_ABI, readInboundLane, REFUSALS, TOPICS } from './gateway.ts';
import { headerFromRpc } from './headerFromRpc.ts';
import { parseData, parseQuantity } from './json.ts';
import { decodeCall, encodeCall, signTransaction } from './transaction.ts';

const LANE = laneId('ab'.repeat(32));
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const hash = bytes(32).map(toHex);
const nodes = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 });
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  accountProof: nodes,
  storage: fc.array(fc.record({ slot: bytes(32), proof: nodes }), { maxLength: 3 }),
  outbound: fc.array(fc.record({ lane: bytes(32).map(laneId), packets: fc.uint8Array({ maxLength: 300 }) }), {
    maxLength: 2,
  }),
  inbound: fc.array(
    fc.record({
      lane: bytes(32).map(laneId),
      checkpoints: fc.array(bytes(352), { maxLength: 2 }),
      deliveries: fc.array(fc.record({ ordinal: u64, transaction: hash }), { maxLength: 2 }),
      refusals: fc.array(fc.record({ sequence: u64, reason: fc.nat(255), transaction: hash }), { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
});

describe('evidence', () => {
  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(anyEvidence, (evidence) => {
        expect(decodeEvidence(encodeEvidence(evidence))).toEqual(evidence);
      }),
      { numRuns: 60 },
    );
  });

  it('of any bytes is a value or undefined', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        expect(decodeEvidence(any)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(anyEvidence, fc.nat(), fc.integer({ min: 1, max: 255 }), (evidence, at, change) => {
        const changed = encodeEvidence(evidence);
        changed[at % changed.length]! ^= change;
        decodeEvidence(changed);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a cursor', () => {
  it('decodes to what was encoded, and starts before the first block', () => {
    const cursor: Cursor = {
      height: 2n ** 63n,
      outbound: new Map([[LANE, { nextSequence: 2n ** 64n - 1n, accumulator: new Uint8Array(32).fill(3) }]]),
      inbound: new Map([
        [
          LANE,
          {
            acceptedSequence: 9n,
            acceptedChunks: 4n,
            open: [{ firstSequence: 2n, packetCount: 7, chunkSize: 2, chunkBase: 0n, delivered: 0b1010n }],
          },
        ],
      ]),
    };
    expect(decodeCursor(encodeCursor(cursor), 5n)).toEqual(cursor);
    expect(decodeCursor(undefined, 5n)).toEqual({ height: 4n, outbound: new Map(), inbound: new Map() });
  });

  it('that is damaged stops everything', () => {
    for (const text of ['', '{}', '{"version":2}', '{"version":1,"height":"x"}']) {
      expect(() => decodeCursor(new TextEncoder().encode(text), 5n)).toThrow(
        expect.objectContaining({ code: 'STORE_CORRUPT' }),
      );
    }
  });
});

describe('the gateway', () => {
  it('prints the events this adapter reads', () => {
    const events = GATEWAY_ABI.filter((entry): entry is AbiEvent => entry.type === 'event');
    const selector = (name: string): string => toEventSelector(events.find((event) => event.name === name)!);
    expect(TOPICS).toEqual({
      packetSent: selector('PacketSent'),
      checkpointAccepted: selector('CheckpointAccepted'),
      chunkDelivered: selector('ChunkDelivered'),
      packetRefused: selector('PacketRefused'),
    });
    expect(REFUSALS).toHaveLength(7);
  });

  it('keeps mappings where Solidity puts them', () => {
    const layout = JSON.parse(
      readFileSync(path.resolve(import.meta.dirname, '../../contracts/evm/artifacts/Gateway.json'), 'utf8'),
    ) as { storageLayout: { storage: { label: string; slot: string }[] } };
    const slotOf = (label: string): bigint =>
      BigInt(layout.storageLayout.storage.find((entry) => entry.label === label)!.slot);
    const pair = [{ type: 'bytes32' }, { type: 'bytes32' }] as const;
    const at = (key: string, slot: string): `0x${string}` =>
      keccak256(encodeAbiParameters(pair, [key as never, slot as never]));
    const padded = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`;
    expect(toHex(accumulatorSlot(LANE))).toBe(at(`0x${LANE}`, padded(slotOf('accumulators'))));
    expect(toHex(checkpointSlot(LANE, 77n))).toBe(at(padded(77n), at(`0x${LANE}`, padded(slotOf('checkpoints')))));
    const value = fromHex(`${'ff'.repeat(16)}${'00'.repeat(7)}05${'00'.repeat(7)}09`);
    expect(readInboundLane(value)).toEqual({ acceptedSequence: 9n, acceptedChunks: 5n });
  });

  it('commits to checkpoints that decode within the limits', () => {
    const checkpoint = {
      lane: LANE,
      signerEpoch: 1n,
      signerSetHash: new Uint8Array(32).fill(1),
      manifestHash: new Uint8Array(32).fill(2),
      firstSequence: 2n ** 64n - 9n,
      packetCount: 130,
      chunkSize: 64,
      root: new Uint8Array(32).fill(3),
      sourceHeight: 8n,
      sourceBlockHash: new Uint8Array(32).fill(4),
    };
    const preimage = checkpointPreimage(checkpoint, 12n);
    expect(decodeAcceptedCheckpoint(preimage)).toEqual({ ...checkpoint, chunkBase: 12n });
    for (const [index, value] of [
      [6, 0],
      [6, 513],
      [5, 0],
      [5, 64 * 256 + 1],
    ] as const) {
      const changed = preimage.slice();
      new DataView(changed.buffer).setUint32(index * 32 + 28, value);
      expect(decodeAcceptedCheckpoint(changed), `${index}=${value}`).toBeUndefined();
    }
    const wide = preimage.slice();
    wide[4 * 32] = 1;
    expect(decodeAcceptedCheckpoint(wide)).toBeUndefined();
    expect(decodeAcceptedCheckpoint(preimage.slice(1))).toBeUndefined();
  });

  it('has replay words only for what is not delivered', () => {
    const open = { firstSequence: 0n, packetCount: 600, chunkSize: 10, delivered: 0n };
    expect(replayWords([{ ...open, chunkBase: 250n }])).toEqual([0n, 1n]);
    expect(replayWords([{ ...open, chunkBase: 250n, delivered: 0b111111n }])).toEqual([1n]);
    expect(replayWords([{ ...open, chunkBase: 250n, delivered: (1n << 60n) - 1n }])).toEqual([]);
  });
});

describe('transactions', () => {
  const key = new Uint8Array(32).fill(9);

  it('are what another implementation reads', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(20), u64, fc.uint8Array({ maxLength: 100 }), u64, async (to, value, data, nonce) => {
        const call = { to, value, gas: 50_000n, data };
        expect(decodeCall(encodeCall(call))).toEqual(call);
        const fees = { maxFeePerGas: 1_000n, maxPriorityFeePerGas: 7n };
        const { raw, hash: id } = signTransaction(call, 31337, nonce % 2n ** 53n, fees, key);
        const parsed = parseTransaction(toHex(raw) as `0x02${string}`);
        expect(parsed).toMatchObject({
          type: 'eip1559',
          chainId: 31337,
          to: toHex(to),
          gas: 50_000n,
          maxFeePerGas: 1_000n,
          maxPriorityFeePerGas: 7n,
        });
        expect(parsed.value ?? 0n).toBe(value);
        expect(parsed.data ?? '0x').toBe(toHex(data));
        expect(id).toBe(keccak256(raw));
        const from = await recoverTransactionAddress({ serializedTransaction: toHex(raw) as `0x02${string}` });
        expect(from.toLowerCase()).toBe(toHex(addressOf(key)));
      }),
      { numRuns: 20 },
    );
  });

  it('may deploy', () => {
    const call = { to: undefined, value: 0n, gas: 1n, data: Uint8Array.of(1) };
    expect(decodeCall(encodeCall(call))).toEqual(call);
    expect(() => decodeCall(Uint8Array.of(1, 2))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});

describe('JSON-RPC values', () => {
  it.each<[unknown, bigint | undefined]>([
    ['0x0', 0n],
    ['0xff', 255n],
    ['0x00', undefined],
    ['0x01', undefined],
    ['0x', undefined],
    ['ff', undefined],
    ['0xzz', undefined],
    [`0x1${'0'.repeat(64)}`, undefined],
    [5, undefined],
    [null, undefined],
  ])('quantity %o', (value, expected) => {
    expect(parseQuantity(value)).toBe(expected);
  });

  it.each<[unknown, number | undefined, string | undefined]>([
    ['0x', undefined, ''],
    ['0x0aFF', undefined, '0aff'],
    ['0x0aFF', 2, '0aff'],
    ['0x0aFF', 3, undefined],
    ['0x0', undefined, undefined],
    ['0x0g', undefined, undefined],
    ['0aff', undefined, undefined],
    [{}, undefined, undefined],
  ])('data %o of length %o', (value, length, expected) => {
    const data = parseData(value, length);
    expect(data === undefined ? undefined : bytesToHex(data)).toBe(expected);
  });

  it('headers of every fork, and none that is changed', () => {
    const file = path.resolve(import.meta.dirname, '../../light-clients/ethereum/anvil-headers.vector.json');
    const blocks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
    for (const [fork, block] of Object.entries(blocks)) {
      const header = headerFromRpc(block);
      expect(header === undefined ? undefined : toHex(header.hash), fork).toBe(block['hash']);
      expect(headerFromRpc({ ...block, number: '0x7' }), fork).toBeUndefined();
      expect(headerFromRpc({ ...block, stateRoot: toHex(new Uint8Array(32)) }), fork).toBeUndefined();
      expect(headerFromRpc({ ...block, hash: toHex(new Uint8Array(32)) }), fork).toBeUndefined();
      expect(headerFromRpc({ ...block, gasUsed: 7 }), fork).toBeUndefined();
    }
    for (const nonsense of [null, undefined, 5, [], {}, 'x']) expect(headerFromRpc(nonsense)).toBeUndefined();
  });
});

describe('call data of deliveries', () => {
  const anyDelivery = fc.record({
    checkpoint: fc.record({
      lane: bytes(32).map(laneId),
      signerEpoch: u64,
      signerSetHash: bytes(32),
      manifestHash: bytes(32),
      firstSequence: u64,
      packetCount: fc.integer({ min: 1, max: 2 ** 31 }),
      chunkSize: fc.integer({ min: 1, max: 512 }),
      root: bytes(32),
      sourceHeight: u64,
      sourceBlockHash: bytes(32),
    }),
    signatures: fc.uint8Array({ maxLength: 200 }),
    chunkIndex: fc.nat(255),
    packets: fc.uint8Array({ maxLength: 300 }),
    proof: fc.array(bytes(32), { maxLength: 8 }),
  });

  it('is what a general encoder makes of it', () => {
    fc.assert(
      fc.property(anyDelivery, u64, (delivery, chunkBase) => {
        const { checkpoint, signatures, chunkIndex, packets, proof } = delivery;
        const statement = {
          ...checkpoint,
          laneId: `0x${checkpoint.lane}`,
          signerSetHash: toHex(checkpoint.signerSetHash),
          manifestHash: toHex(checkpoint.manifestHash),
          root: toHex(checkpoint.root),
          sourceBlockHash: toHex(checkpoint.sourceBlockHash),
        };
        const rest = [chunkIndex, toHex(packets), proof.map(toHex)];
        const encode = (functionName: string, args: readonly unknown[]): string =>
          encodeFunctionData({ abi: GATEWAY_ABI, functionName, args });
        expect(toHex(deliverData(delivery, chunkBase))).toBe(encode('deliver', [statement, chunkBase, ...rest]));
        expect(toHex(acceptAndDeliverData(delivery, chunkBase))).toBe(
          encode('acceptAndDeliver', [statement, chunkBase, toHex(signatures), ...rest]),
        );
      }),
      { numRuns: 60 },
    );
  });
});
