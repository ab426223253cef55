import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANE, packetsFrom, signedBy, KEYS, statementOver } from '../../test/sim/statements.ts';
import type { Certificate } from '../core/certificate.ts';
import type { LaneId } from '../core/ids.ts';
import { keccak256 } from '../core/keccak.ts';
import { type Certificates, createCertificates } from './certificates.ts';
import { createMemoryStore, rangeOf, type Store } from './index.ts';

const packets = packetsFrom(0n, 1);
const checkpoint = statementOver(packets);
const signatures = signedBy(checkpoint, KEYS.slice(0, 2)).signatures;

/** A certificate over [first, first + count); `salt` makes another statement over the same range. */
function certificate(first: number, count = 4, salt = 0, lane: LaneId = LANE): Certificate {
  const root = keccak256(Uint8Array.of(salt));
  return { checkpoint: { ...checkpoint, lane, firstSequence: BigInt(first), packetCount: count, root }, signatures };
}

async function starts(certificates: Certificates, sequence: number, limit = 1_000): Promise<number[]> {
  const found = await certificates.from(LANE, BigInt(sequence), limit);
  return found.map((one) => Number(one.checkpoint.firstSequence));
}

/** How often something asks the store for a range. */
function counted(store: Store): { readonly store: Store; readonly reads: () => number } {
  let reads = 0;
  const range: Store['range'] = (wanted) => {
    reads++;
    return store.range(wanted);
  };
  return { store: { ...store, range }, reads: () => reads };
}

describe('certificates', () => {
  it('are found from the one that covers a sequence on, of one lane, and read from the store once', async () => {
    const { store, reads } = counted(createMemoryStore());
    const certificates = createCertificates(store);
    for (const first of [0, 4, 8, 12]) await certificates.put(certificate(first));
    await certificates.put(certificate(0, 4, 0, 'f'.repeat(64) as LaneId));
    expect(await starts(certificates, 0)).toEqual([0, 4, 8, 12]);
    expect(await starts(certificates, 7)).toEqual([4, 8, 12]);
    expect(await starts(certificates, 8, 1)).toEqual([8]);
    expect(await starts(certificates, 16)).toEqual([]);
    expect(reads()).toBe(2);
    expect(await starts(createCertificates(store), 7)).toEqual([4, 8, 12]);
  });

  it('are written once however often they come, and again when their signatures differ', async () => {
    const store = createMemoryStore();
    const certificates = createCertificates(store);
    await certificates.put(certificate(0));
    await certificates.put(certificate(0));
    expect(store.stats().writes).toBe(1);
    const other = { ...certificate(0), signatures: signedBy(checkpoint, KEYS.slice(1, 3)).signatures };
    await certificates.put(other);
    expect(store.stats().writes).toBe(2);
    expect(await certificates.from(LANE, 0n, 5)).toEqual([other]);
  });

  it('of one start give way to the accepted one, which is there even when nobody had sent it', async () => {
    const store = createMemoryStore();
    const certificates = createCertificates(store);
    for (const salt of [0, 1, 2]) await certificates.put(certificate(0, 4, salt));
    await certificates.put(certificate(4));
    await store.write(await certificates.settle(certificate(0, 4, 1).checkpoint), { sync: false });
    expect(await certificates.from(LANE, 0n, 9)).toEqual([certificate(0, 4, 1), certificate(4)]);
    await store.write(await certificates.settle(certificate(4, 4, 7).checkpoint), { sync: false });
    const unsent = { checkpoint: certificate(4, 4, 7).checkpoint, signatures: new Uint8Array(0) };
    expect(await certificates.from(LANE, 4n, 9)).toEqual([unsent]);
    expect(await createCertificates(store).from(LANE, 4n, 9)).toEqual([unsent]);
  });

  it('that a failed write did not leave are not there', async () => {
    const store = createMemoryStore();
    const certificates = createCertificates(store);
    await certificates.put(certificate(0));
    store.breakDisk();
    await expect(certificates.put(certificate(4))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await starts(certificates, 0)).toEqual([0]);
  });

  it('older than what is kept in memory come from the store', async () => {
    const store = createMemoryStore();
    const writer = createCertificates(store);
    for (let first = 0; first < 600 * 4; first += 4) await writer.put(certificate(first));
    for (const certificates of [writer, createCertificates(store)]) {
      expect(await starts(certificates, 1, 3)).toEqual([0, 4, 8]);
      expect(await starts(certificates, 4 * 90, 2)).toEqual([360, 364]);
      expect(await starts(certificates, 4 * 598 + 3)).toEqual([4 * 598, 4 * 599]);
      expect((await certificates.settle(certificate(0, 4, 9).checkpoint)).map(({ kind }) => kind)).toEqual([
        'del',
        'put',
      ]);
      expect(await certificates.settle(certificate(0).checkpoint)).toEqual([]);
    }
  });

  it('are the same in memory as in the store, whatever was written before and after it was read', async () => {
    const step = fc.record({
      first: fc.integer({ min: 0, max: 12 }),
      count: fc.integer({ min: 1, max: 6 }),
      salt: fc.integer({ min: 0, max: 2 }),
      isSettled: fc.boolean(),
      look: fc.integer({ min: 0, max: 16 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const store = createMemoryStore();
        const certificates = createCertificates(store);
        for (const { first, count, salt, isSettled, look } of steps) {
          const one = certificate(first, count, salt);
          // A look that is not awaited reads while the write runs.
          const looking = certificates.from(LANE, BigInt(look), 4);
          if (isSettled) {
            const operations = await certificates.settle(one.checkpoint);
            if (operations.length > 0) await store.write(operations, { sync: false });
          } else await certificates.put(one);
          await looking;
          const fresh = createCertificates(store);
          expect(await certificates.from(LANE, BigInt(look), 4)).toEqual(await fresh.from(LANE, BigInt(look), 4));
        }
        let count = 0;
        for await (const _ of store.range(rangeOf('certificate', LANE))) count++;
        expect(await starts(certificates, 0)).toHaveLength(count);
      }),
      { numRuns: 40 },
    );
  });
});
