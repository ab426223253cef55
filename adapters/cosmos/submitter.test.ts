/** The engine's own slots driving the account of a vault on the local chain: what is lost, dropped or too late is mended. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordTelemetry } from '../../test/sim/statements.ts';
import { balanceOf } from '../../test/devnet/cosmos/app/state.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { silentLogger } from '../../relayer/core/log.ts';
import type { Delivery, TargetAccount } from '../../relayer/core/ports.ts';
import { createIntents } from '../../relayer/store/intents.ts';
import { createMemoryStore, type MemoryStore } from '../../relayer/store/memoryStore.ts';
import { createSlots, type Slots } from '../../relayer/submit/slots.ts';
import { formatAccount } from './account.ts';
import { chunkOf, cosignersOf, packet, startVaultChain, type VaultChain } from './vaultChain.fixture.ts';

const NAME = chainName('cosmos-a');
/** Blocks are a second of chain time apart. */
const REPLACE_MS = 6_000;

let vault: VaultChain;
let account: TargetAccount;
let store: MemoryStore;
let slots: Slots;
let closed: string[];
let next = 0n;

beforeAll(async () => {
  vault = await startVaultChain('s');
});

afterAll(async () => {
  await vault.stop();
});

beforeEach(async () => {
  store = createMemoryStore();
  closed = [];
  await start();
});

async function start(): Promise<void> {
  [account] = vault.vaultOf(undefined).accounts(cosignersOf(vault)) as [TargetAccount];
  const deps = {
    intents: createIntents(store, NAME, account.address),
    account,
    clock: vault.clock,
    log: silentLogger,
    telemetry: recordTelemetry(),
    onClosed: ({ firstSequence }: { firstSequence: bigint }, kind: string) => {
      closed.push(`${kind} ${firstSequence}`);
    },
  };
  slots = createSlots(NAME, deps, { replaceMs: REPLACE_MS }, vault.signal);
  await slots.start();
}

async function open(): Promise<Delivery> {
  const delivery = chunkOf(next, 2);
  next += 2n;
  const preparation = await account.prepare(delivery, vault.signal);
  if (preparation.kind !== 'send') throw new Error(preparation.kind);
  const { lane, firstSequence } = delivery.checkpoint;
  await slots.open(preparation.call, { lane, firstSequence, chunkIndex: 0 });
  return delivery;
}

async function trackFor(blocks: number): Promise<void> {
  for (let i = 0; i < blocks && slots.pending > 0; i++) {
    vault.local.chain.produceBlock();
    await slots.track();
  }
}

function expectPaidOnce(deliveries: readonly Delivery[]): void {
  const firsts = deliveries.map(({ checkpoint }) => checkpoint.firstSequence);
  expect(closed.toSorted()).toEqual(firsts.map((first) => `done ${first}`).toSorted());
  for (const first of firsts) {
    for (const sequence of [first, first + 1n]) {
      const address = formatAccount(packet(sequence).receiver, 'cosmos');
      expect(balanceOf(vault.local.chain.app.state, address, 'utoken')).toBe(10n);
    }
  }
}

describe('a vault account in the submitter', () => {
  it('pays several chunks before a block', async () => {
    const deliveries = [await open(), await open(), await open()];
    await trackFor(3);
    expectPaidOnce(deliveries);
  });

  it('sends again what a node forgot, and what waited behind it', async () => {
    vault.local.nodes[0]!.faults.add({ kind: 'dropBroadcast', count: 1 });
    const deliveries = [await open(), await open(), await open()];
    await trackFor(20);
    expectPaidOnce(deliveries);
  });

  it('replaces what timed out', async () => {
    vault.local.nodes[0]!.faults.add({ kind: 'dropBroadcast', count: 1_000_000 });
    const deliveries = [await open(), await open()];
    await trackFor(30);
    expect(closed).toEqual([]);
    vault.local.nodes[0]!.faults.clear();
    await trackFor(30);
    expectPaidOnce(deliveries);
  });

  it('goes on with the same bytes after a restart', async () => {
    vault.local.nodes[0]!.faults.add({ kind: 'dropBroadcast', count: 2 });
    const deliveries = [await open(), await open()];
    store = store.crash();
    await start();
    expect(slots.pending).toBe(2);
    await trackFor(20);
    expectPaidOnce(deliveries);
  });

  it('fills a slot that nothing of its own waits for', async () => {
    const slot = await account.nextSlot(vault.signal);
    const delivery = chunkOf(next, 2);
    next += 2n;
    const preparation = await account.prepare(delivery, vault.signal);
    if (preparation.kind !== 'send') throw new Error(preparation.kind);
    const { lane, firstSequence } = delivery.checkpoint;
    // The journal holds this one only: whatever was to use the slot before it is lost.
    const { call } = preparation;
    const attempts = [await account.sign(call, slot + 1n, 0, vault.signal)];
    const chunk = { lane, firstSequence, chunkIndex: 0 };
    const intent = { slot: slot + 1n, chunk, call, attempts, signedAtMs: vault.clock.now() };
    await createIntents(store, NAME, account.address).put(intent);
    await start();
    await trackFor(10);
    expectPaidOnce([delivery]);
    expect(await account.nextSlot(vault.signal)).toBe(slot + 2n);
  });
});
