/**
 * The fastest engine that this host runs and that agrees with plain JavaScript: chosen once, at start, by hashing the same
 * messages with both. It shows that the engine works here, not that it is right for every message: tests show that.
 */
import { equalBytes } from '../bytes.ts';
import { PACKET_BYTES } from '../limits.ts';
import type { HashChain, KeccakEngine } from './engine.ts';
import { createNobleEngine } from './nobleEngine.ts';
import { createWasmEngine } from './wasmEngine.ts';

export interface EngineChoice {
  readonly engine: KeccakEngine;
  /** Why faster engines were passed over. */
  readonly passedOver: readonly string[];
}

const CANDIDATES: readonly (() => KeccakEngine)[] = [
  () => createWasmEngine({ simd: true }),
  () => createWasmEngine({ simd: false }),
];

export function chooseEngine(candidates = CANDIDATES): EngineChoice {
  const judge = createNobleEngine();
  const passedOver: string[] = [];
  for (const create of candidates) {
    try {
      const engine = create();
      if (agrees(engine, judge)) return { engine, passedOver };
      passedOver.push(`${engine.name}: gives other digests than plain JavaScript`);
    } catch (error) {
      passedOver.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { engine: judge, passedOver };
}

/** Every function on messages around the edges of a block, an odd number of them. */
function agrees(engine: KeccakEngine, judge: KeccakEngine): boolean {
  const bytes = Uint8Array.from({ length: 5 * PACKET_BYTES }, (_, index) => (index * 167 + 13) & 0xff);
  const prefix = bytes.subarray(0, 32);
  const chains: HashChain[] = [1, 5, 2].map((count) => ({ first: prefix, records: bytes.subarray(0, count * 135) }));
  const all = (one: KeccakEngine): Uint8Array[] => [
    ...[0, 1, 7, 8, 135, 136, 137, 272, 600].map((length) => one.hash([prefix, bytes.subarray(0, length)])),
    ...[1, 33, 64, 135, 136, 200].map((stride) => one.hashEach(bytes, stride)),
    one.hashPrefixed(prefix, bytes),
    ...one.runChains(chains),
  ];
  const given = all(engine);
  const expected = all(judge);
  return (
    given.length === expected.length && expected.every((digests, index) => equalBytes(digests, given[index] ?? NONE))
  );
}

const NONE = new Uint8Array(0);
