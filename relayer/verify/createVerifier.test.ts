import { beforeEach, describe, expect, it } from 'vitest';
import { derivation, LANE, packetsFrom, SOURCE, stepAt } from '../../test/sim/statements.ts';
import { createTestClock } from '../../test/sim/testClock.ts';
import type { Derivation, LightClientStep, Verdict } from '../core/ports.ts';
import { createMemoryStore, type MemoryStore } from '../store/index.ts';
import { createJournal } from '../store/journal.ts';
import { createVerifier, type Verifier } from './createVerifier.ts';

const NONE = new Uint8Array(0);
let store: MemoryStore;
let verifier: Verifier;
/** What the light client and the derivation say next. */
let says: { start: Verdict<LightClientStep>; update: Verdict<LightClientStep>; derive: Verdict<Derivation> };
let asked: { nowSeconds: bigint[]; heights: bigint[] };

function build(on: MemoryStore, journal = createJournal(on)): Verifier {
  return createVerifier(SOURCE, {
    journal,
    clock: createTestClock(5_999),
    lightClient: {
      kind: 'fake',
      assurance: 'light client',
      start: () => says.start,
      update: (_, __, nowSeconds) => {
        asked.nowSeconds.push(nowSeconds);
        return says.update;
      },
    },
    derive: ({ head }) => {
      asked.heights.push(head.height);
      return says.derive;
    },
  });
}

beforeEach(() => {
  const outbound = [{ lane: LANE, firstSequence: 0n, packets: packetsFrom(0n, 3) }];
  says = {
    start: { kind: 'valid', value: stepAt(1n) },
    update: { kind: 'valid', value: stepAt(2n) },
    derive: { kind: 'valid', value: derivation(2n, { outbound }) },
  };
  asked = { nowSeconds: [], heights: [] };
  store = createMemoryStore();
  verifier = build(store);
});

describe('verifier', () => {
  it('starts once, advances, derives, and goes on from the journal', async () => {
    expect(await verifier.load()).toBeUndefined();
    expect(await verifier.start(NONE)).toMatchObject({ kind: 'valid', value: { head: { height: 1n } } });
    says.start = { kind: 'invalid', reason: 'not asked twice' };
    expect((await verifier.start(NONE)).kind).toBe('valid');
    expect(await verifier.advance(NONE)).toMatchObject({ kind: 'valid', value: { head: { height: 2n } } });
    expect(asked.nowSeconds).toEqual([5n]);
    const derived = await verifier.derive(NONE);
    expect(derived).toMatchObject({ kind: 'valid', value: { derivation: { height: 2n } } });
    expect(asked.heights).toEqual([2n]);
    const again = build(store);
    expect(await again.load()).toMatchObject({ derivedHeight: 2n, cursor: Uint8Array.of(2), head: { height: 2n } });
  });

  it.each(['invalid', 'needsMore'] as const)('changes nothing on a verdict of %s', async (kind) => {
    says.start = { kind, reason: 'bad' };
    expect(await verifier.start(NONE)).toEqual({ kind, reason: 'bad' });
    expect(await verifier.load()).toBeUndefined();
    says.start = { kind: 'valid', value: stepAt(1n) };
    await verifier.start(NONE);
    const before = await verifier.load();
    says.update = { kind, reason: 'bad' };
    says.derive = { kind, reason: 'bad' };
    expect(await verifier.advance(NONE)).toEqual({ kind, reason: 'bad' });
    expect(await verifier.derive(NONE)).toEqual({ kind, reason: 'bad' });
    expect(await verifier.load()).toEqual(before);
  });

  it.each(['update', 'derive'] as const)(
    'freezes for good on a conflict in %s, through a power failure',
    async (what) => {
      await verifier.start(NONE);
      const conflict = { kind: 'conflict', reason: 'two blocks at 2' } as const;
      const answer = what === 'update' ? verifier.advance : verifier.derive;
      says[what] = conflict;
      expect(await answer(NONE)).toEqual(conflict);
      const again = build(store.crash());
      says = {
        ...says,
        update: { kind: 'valid', value: stepAt(3n) },
        derive: { kind: 'valid', value: derivation(3n) },
      };
      asked = { nowSeconds: [], heights: [] };
      expect((await again.load())?.frozen).toBe('two blocks at 2');
      expect(await again.advance(NONE)).toEqual(conflict);
      expect(await again.derive(NONE)).toEqual(conflict);
      expect(asked).toEqual({ nowSeconds: [], heights: [] });
    },
  );

  it('says how far it is while the disk writes it, and derives only once it is written', async () => {
    await verifier.start(NONE);
    const journal = createJournal(store);
    let written: () => void = () => undefined;
    const putStep: typeof journal.putStep = async (name, step) => {
      await new Promise<void>((resolve) => (written = resolve));
      await journal.putStep(name, step);
    };
    const slow = build(store, { ...journal, putStep });
    expect(await slow.advance(NONE)).toMatchObject({ kind: 'valid', value: { head: { height: 2n } } });
    expect((await journal.chain(SOURCE))?.head.height).toBe(1n);
    const deriving = slow.derive(NONE);
    const loading = slow.load();
    await Promise.resolve();
    expect(asked.heights).toEqual([]);
    written();
    expect((await deriving).kind).toBe('valid');
    expect(asked.heights).toEqual([2n]);
    expect((await loading)?.head.height).toBe(2n);
  });

  it('goes no further on a step that the disk did not take', async () => {
    await verifier.start(NONE);
    store.breakDisk();
    await verifier.advance(NONE);
    await expect(verifier.derive(NONE)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(verifier.load()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(asked.heights).toEqual([]);
  });

  it('is started before it is used', async () => {
    await expect(verifier.advance(NONE)).rejects.toThrow('a light client is started before it is used');
    await expect(verifier.derive(NONE)).rejects.toThrow('a light client is started before it is used');
  });
});
