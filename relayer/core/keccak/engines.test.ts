import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, equalBytes, fromHex, utf8 } from '../bytes.ts';
import { PACKET_BYTES } from '../limits.ts';
import { chooseEngine } from './chooseEngine.ts';
import type { KeccakEngine } from './engine.ts';
import { BLOCK_BYTES, generateKernel, INPUT_BYTES, KERNEL_AT } from './generateKernel.ts';
import { createNobleEngine } from './nobleEngine.ts';
import { createWasmEngine } from './wasmEngine.ts';

const judge = createNobleEngine();
const engines: readonly (readonly [string, KeccakEngine])[] = [
  ['wasm simd', createWasmEngine({ simd: true })],
  ['wasm', createWasmEngine({ simd: false })],
  ['noble', judge],
];

/** The Keccak team's ShortMsgKAT_256 and well-known messages. */
const VECTORS: readonly (readonly [message: Uint8Array, digest: string])[] = [
  [utf8(''), 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
  [fromHex('cc'), 'eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a'],
  [utf8('abc'), '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
  [
    utf8('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
    '45d3b367a6904e6e8d502ee04999a7c27647f91fa845d456525fd352ae3d7371',
  ],
  [
    utf8('The quick brown fox jumps over the lazy dog'),
    '4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15',
  ],
  [utf8('a'.repeat(1_000_000)), 'fadae6b49f129bbb812be8407b7b2894f34aecf6dbd1f9b0f0c7e9853098fc96'],
];

/** Bytes that differ from each other along the way, cheaply. */
function filled(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 2_654_435_761 + seed * 40_503) >>> 13;
  return bytes;
}

describe.each(engines)('the %s engine', (name, engine) => {
  it('says what it is, and gives the published digests', () => {
    expect(engine.name).toBe(name);
    for (const [message, digest] of VECTORS) {
      expect(bytesToHex(engine.hash([message]))).toBe(digest);
      expect(bytesToHex(engine.hash([message.subarray(0, 3), message.subarray(3)]))).toBe(digest);
    }
  });

  it('gives what plain JavaScript gives, whatever the parts', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (parts) => {
        expect(equalBytes(engine.hash(parts), judge.hash(parts))).toBe(true);
      }),
      { numRuns: 60 },
    );
    for (const length of [INPUT_BYTES - 1, INPUT_BYTES, INPUT_BYTES + 1, 2 * INPUT_BYTES + BLOCK_BYTES]) {
      const bytes = filled(length, 7);
      expect(engine.hash([bytes.subarray(0, 10), bytes.subarray(10)])).toEqual(judge.hash([bytes]));
    }
  });

  it('hashes slices of every length around a block, the last one shorter', () => {
    for (let stride = 1; stride <= 3 * BLOCK_BYTES; stride += stride < 130 ? 43 : 1) {
      const bytes = filled(5 * stride + Math.floor(stride / 2), stride);
      expect(engine.hashEach(bytes, stride)).toEqual(judge.hashEach(bytes, stride));
    }
    expect(engine.hashEach(new Uint8Array(0), 135)).toEqual(new Uint8Array(0));
    const many = filled(3_000 * 7, 1);
    expect(engine.hashEach(many, 7)).toEqual(judge.hashEach(many, 7));
  });

  it('hashes chunks, whole and broken, and messages longer than its memory', () => {
    for (const stride of [512 * PACKET_BYTES, INPUT_BYTES / 2, INPUT_BYTES / 2 + 1, INPUT_BYTES + 1, 100_003]) {
      const bytes = filled(Math.floor(stride * 2.5), stride);
      expect(engine.hashEach(bytes, stride)).toEqual(judge.hashEach(bytes, stride));
    }
  });

  it('hashes packets behind a prefix', () => {
    for (const count of [0, 1, 2, 3, 480, 1_200]) {
      const [prefix, packets] = [filled(32, count), filled(count * PACKET_BYTES, 3)];
      expect(engine.hashPrefixed(prefix, packets)).toEqual(judge.hashPrefixed(prefix, packets));
    }
  });

  it('runs chains of any lengths side by side, each as if alone', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(counts, (lengths) => {
        const chains = lengths.map((count, index) => ({
          first: filled(32, index),
          records: filled(count * PACKET_BYTES, index + 9),
        }));
        expect(engine.runChains(chains)).toEqual(judge.runChains(chains));
      }),
      { numRuns: 40 },
    );
    const long = [1_100, 1_100, 700].map((count) => ({ first: filled(32, 1), records: filled(count * 135, count) }));
    expect(engine.runChains(long)).toEqual(judge.runChains(long));
  });

  it('leaves nothing of one message for the next', () => {
    const packets = filled(6 * PACKET_BYTES, 5);
    const all = (): Uint8Array =>
      concatBytes(
        engine.hash([packets]),
        engine.hashEach(packets, 200),
        engine.hashPrefixed(packets.subarray(0, 32), packets),
        ...engine.runChains([{ first: packets.subarray(1, 33), records: packets }]),
        engine.hash([]),
      );
    expect(all()).toEqual(all());
  });
});

describe('the generated kernel', () => {
  it('permutes zeros into the published state', () => {
    // KeccakF-1600-IntermediateValues of the Keccak team: the first five words.
    const state = [
      0xf1258f7940e1dde7n,
      0x84d5ccf933c0478an,
      0xd598261ea65aa9een,
      0xbd1547306f80494dn,
      0x8b284e056253d057n,
    ];
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: {
        Module: new (bytes: Uint8Array) => object;
        Instance: new (module: object) => {
          exports: { memory: { buffer: ArrayBuffer }; permute1(): void; permute2(): void };
        };
      };
    };
    const module = new WebAssembly.Module(generateKernel({ simd: true, recordBytes: PACKET_BYTES }));
    const { memory, permute1, permute2 } = new WebAssembly.Instance(module).exports;
    const view = new DataView(memory.buffer);
    permute1();
    expect(state.map((_, index) => view.getBigUint64(KERNEL_AT.state + 8 * index, true))).toEqual(state);
    new Uint8Array(memory.buffer).fill(0, KERNEL_AT.state, KERNEL_AT.state + 400);
    permute2();
    for (const lane of [0, 8]) {
      expect(state.map((_, index) => view.getBigUint64(KERNEL_AT.state + 16 * index + lane, true))).toEqual(state);
    }
  });

  it('is the same each time, and small', () => {
    const options = { simd: true, recordBytes: PACKET_BYTES };
    expect(generateKernel(options)).toEqual(generateKernel(options));
    expect(generateKernel(options).length).toBeLessThan(20_000);
  });
});

describe('the choice', () => {
  it('is the fastest that agrees with plain JavaScript, and says why not a faster one', () => {
    expect(chooseEngine()).toMatchObject({ engine: { name: 'wasm simd' }, passedOver: [] });
    const absent = (): KeccakEngine => {
      throw new Error('no SIMD here');
    };
    const lying = (): KeccakEngine => ({ ...createWasmEngine({ simd: true }), runChains: () => [] });
    const almost = (): KeccakEngine => {
      const honest = createWasmEngine({ simd: true });
      const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 100 ? byte ^ 1 : byte));
      return { ...honest, hashPrefixed: (prefix, records) => flip(honest.hashPrefixed(prefix, records)) };
    };
    const plain = (): KeccakEngine => createWasmEngine({ simd: false });
    expect(chooseEngine([absent, almost, plain])).toMatchObject({
      engine: { name: 'wasm' },
      passedOver: ['no SIMD here', 'wasm simd: gives other digests than plain JavaScript'],
    });
    expect(chooseEngine([lying, absent])).toMatchObject({ engine: { name: 'noble' } });
  });
});
