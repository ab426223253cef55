/** One look for many operations, by a node made up for it. */
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../../test/sim/testClock.ts';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { key, RUNTIME } from './blocks.fixture.ts';
import type { ChainView } from './chainView.ts';
import { vaultAccount } from './multisig.ts';
import { createOperationsLooks } from './operationsLooks.ts';
import { createRecentNow } from './recentNow.ts';

const signers = { members: ['//m1', '//m2', '//m3'].map((path) => key(path).account), threshold: 2 };
const vault = vaultAccount(signers, key('//opener').account, key('//executor').account);
const { signal } = new AbortController();
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** The operation with hash 1 is open in both blocks, 2 in the best one only, 3 was opened by somebody else. */
function setUp() {
  const clock = createTestClock();
  const asked = { now: 0, storages: 0 };
  const typeOf = (pallet: string, item: string): number =>
    RUNTIME.metadata.pallets.get(pallet)?.storage.get(item)?.value ?? 0;
  const operation = (depositor: Uint8Array): Uint8Array =>
    RUNTIME.codec.encode(typeOf('Multisig', 'Multisigs'), {
      ...{ when: { height: 5, index: 2 }, deposit: 1n, depositor, approvals: [depositor] },
    });
  const account = (nonce: number): Uint8Array =>
    RUNTIME.codec.encode(typeOf('System', 'Account'), {
      ...{ nonce, consumers: 0, providers: 1, sufficients: 0 },
      data: { free: 1n, reserved: 0n, frozen: 0n, flags: 0n },
    });
  const stored = (at: string | undefined): Map<string, Uint8Array> => {
    const place = (byte: number): string =>
      bytesToHex(RUNTIME.storageKey('Multisig', 'Multisigs', vault.account, hash(byte)));
    return new Map([
      [bytesToHex(RUNTIME.storageKey('System', 'Account', vault.opener)), account(at === undefined ? 9 : 7)],
      [place(1), operation(vault.opener)],
      ...(at === undefined ? [[place(2), operation(vault.opener)] as const] : []),
      [place(3), operation(key('//m1').account)],
    ]);
  };
  const view = {
    now: async () => {
      asked.now++;
      return Promise.resolve({ runtime: RUNTIME, finalized: { number: asked.now, hash: '0x09' } });
    },
    storages: async (keys: readonly Uint8Array[], at: string | undefined) => {
      asked.storages++;
      return Promise.resolve(keys.map((one) => stored(at).get(bytesToHex(one))));
    },
  } as unknown as ChainView;
  const hashes: Uint8Array[] = [];
  const recent = createRecentNow(clock, view);
  const deps = { clock, view, fresh: recent.fresh, derived: async () => Promise.resolve(undefined) };
  return { clock, asked, hashes, recent, looks: createOperationsLooks(deps, vault, () => hashes) };
}

describe('a look at the operations of an account', () => {
  it('says which are open, finalized and not, and how many nonces are used', async () => {
    const { hashes, looks } = setUp();
    hashes.push(hash(1), hash(2), hash(3), hash(4));
    const { finalized, best } = await looks.fresh(signal);
    expect([finalized.used, best.used]).toEqual([7n, 9n]);
    expect([...finalized.open.keys()]).toEqual([bytesToHex(hash(1))]);
    expect([...best.open.keys()]).toEqual([bytesToHex(hash(1)), bytesToHex(hash(2))]);
    expect(best.open.get(bytesToHex(hash(2)))).toMatchObject({ timepoint: { height: 5, index: 2 } });
  });

  it('serves every slot once, and not for long', async () => {
    const { clock, asked, hashes, looks } = setUp();
    hashes.push(hash(1), hash(2));
    const first = await looks.fresh(signal);
    expect(await looks.forSlot(1n, hash(1), signal)).toBe(first);
    expect(await looks.forSlot(2n, hash(2), signal)).toBe(first);
    expect(asked).toEqual({ now: 1, storages: 2 });
    const second = await looks.forSlot(1n, hash(1), signal);
    expect(second).not.toBe(first);
    await clock.advance(1_000);
    expect(await looks.forSlot(2n, hash(2), signal)).not.toBe(second);
  });

  it('is shared by slots that nobody has looked for yet', async () => {
    const { asked, hashes, looks } = setUp();
    await looks.fresh(signal);
    hashes.push(hash(1), hash(2), hash(4));
    const seen = await Promise.all([1, 2, 4].map(async (byte) => looks.forSlot(BigInt(byte), hash(byte), signal)));
    expect(new Set(seen).size).toBe(1);
    expect(asked).toEqual({ now: 2, storages: 4 });
  });
});

describe('the chain a moment ago', () => {
  it('is asked for once by all who ask at the same time, and anew after half a second', async () => {
    const { clock, asked, recent } = setUp();
    const [one, two] = await Promise.all([recent.recent(signal), recent.recent(signal)]);
    expect([one.finalized.number, two.finalized.number, asked.now]).toEqual([1, 1, 1]);
    await clock.advance(499);
    expect((await recent.recent(signal)).finalized.number).toBe(1);
    await clock.advance(1);
    expect((await recent.recent(signal)).finalized.number).toBe(2);
    await recent.fresh(signal);
    expect((await recent.recent(signal)).finalized.number).toBe(3);
  });
});
