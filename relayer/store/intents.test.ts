import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANE, TARGET } from '../../test/sim/statements.ts';
import { concatBytes, utf8 } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { createMemoryStore, put, storeKey } from './index.ts';
import { keccak256 } from '../core/keccak.ts';
import { decodeIntent, encodeIntent } from './intentCodec.ts';
import type { Intent } from './intentCodec.ts';
import { createIntents } from './intents.ts';

const call = Uint8Array.of(1, 2, 3);
const intent: Intent = {
  slot: 7n,
  chunk: { lane: LANE, firstSequence: 16n, chunkIndex: 2 },
  call,
  attempts: [0, 1].map((attempt) => ({ slot: 7n, attempt, call, raw: Uint8Array.of(attempt), hash: `0x${attempt}` })),
  signedAtMs: 123,
};
const blank: Intent = { ...intent, slot: 16n, chunk: undefined, attempts: [] };

describe('intents', () => {
  it('are on disk when put resolves, and come back in slot order after a power failure', async () => {
    const store = createMemoryStore();
    const intents = createIntents(store, TARGET, '0xaa');
    await intents.put(blank);
    await intents.put(intent);
    expect(await createIntents(store.crash(), TARGET, '0xaa').load()).toEqual([intent, blank]);
  });

  it('belong to one account of one chain, and end', async () => {
    const store = createMemoryStore();
    const intents = createIntents(store, TARGET, '0xaa');
    await intents.put(intent);
    expect(await createIntents(store, TARGET, '0xab').load()).toEqual([]);
    await intents.remove(7n);
    expect(await intents.load()).toEqual([]);
  });

  it('survive the way through bytes, whatever is in them', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const attempt = fc.record({ attempt: fc.nat(), raw: bytes, hash: fc.string() });
    fc.assert(
      fc.property(
        fc.bigInt(0n, 2n ** 64n - 1n),
        bytes,
        fc.array(attempt, { maxLength: 4 }),
        fc.boolean(),
        fc.nat(),
        (slot, called, attempts, isBlank, signedAtMs) => {
          const one: Intent = {
            slot,
            call: called,
            chunk: isBlank ? undefined : intent.chunk,
            attempts: attempts.map((row) => ({ ...row, slot, call: called })),
            signedAtMs,
          };
          expect(decodeIntent(encodeIntent(one))).toEqual(one);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold a call once, however much of it the transactions carry', () => {
    const long = Uint8Array.from({ length: 5_000 }, (_, i) => keccak256(utf8(`${i}`))[0] as number);
    const raws = [
      concatBytes(utf8('head'), long, utf8('tail')),
      concatBytes(utf8('another head'), long.subarray(900), long.subarray(4_990)),
      long,
      long.subarray(0, 4_000),
      long.toReversed(),
    ];
    const one: Intent = {
      ...blank,
      call: long,
      attempts: raws.map((raw, attempt) => ({ slot: blank.slot, attempt, call: long, raw, hash: '0x' })),
    };
    expect(decodeIntent(encodeIntent(one))).toEqual(one);
    const carrying = encodeIntent({ ...one, attempts: one.attempts.slice(0, 3) });
    expect(carrying.length).toBeLessThan(long.length + 200);
    expect(encodeIntent(one).length).toBeGreaterThan(carrying.length + 9_000);
  });

  it('are damaged when cut, longer or of another kind', async () => {
    const good = encodeIntent(intent);
    const damaged = [...Array.from(good, (_, length) => good.subarray(0, length)), concatBytes(good, call), utf8('{}')];
    for (const bytes of [...damaged, good.with(0, 1), good.with(20, 2)]) {
      const store = createMemoryStore();
      await store.write([put(storeKey('intent', TARGET, '0xaa', 7n), bytes)], { sync: true });
      const loading = createIntents(store, TARGET, '0xaa').load();
      await expect(loading).rejects.toSatisfy((e) => e instanceof ViaductError && e.code === 'STORE_CORRUPT');
    }
  });
});
