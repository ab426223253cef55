/** What a chunk needs before it is opened, by a node made up for it: a runtime's real types, and any weights. */
import { describe, expect, it } from 'vitest';
import { encodePacket } from '../../relayer/core/packet.ts';
import type { Delivery, Preparation } from '../../relayer/core/ports.ts';
import { key, RUNTIME } from './blocks.fixture.ts';
import type { ChainView } from './chainView.ts';
import { fieldOf, integerOf, isStruct, type Value } from './codec.ts';
import { vaultAccount } from './multisig.ts';
import { createVaultCalls } from './multisigCalls.ts';
import { prepareRelease } from './prepareRelease.ts';
import { createReleaseWeights } from './releaseWeights.ts';
import type { Weight } from './runtime.ts';
import { ASSET, COIN, IN_LANE, makeGateway } from './vault.fixture.ts';

const signers = { members: ['//m1', '//m2', '//m3'].map((path) => key(path).account), threshold: 2 };
const vault = vaultAccount(signers, key('//opener').account, key('//executor').account);
const signal = new AbortController().signal;

function deliveryOf(amount: bigint): Delivery {
  const packets = encodePacket({
    kind: 'transfer',
    sequence: 0n,
    asset: ASSET,
    amount,
    receiver: new Uint8Array(32).fill(0x50),
    deadline: 0n,
    sourceReference: new Uint8Array(32).fill(7),
    sender: new Uint8Array(20).fill(8),
  });
  const zero = new Uint8Array(32);
  const checkpoint = {
    ...{ lane: IN_LANE, signerEpoch: 1n, signerSetHash: zero, manifestHash: zero, firstSequence: 0n },
    ...{ packetCount: 1, chunkSize: 1, root: zero, sourceHeight: 1n, sourceBlockHash: zero },
  };
  return { checkpoint, signatures: new Uint8Array(0), chunkIndex: 0, packets, proof: [] };
}

/** The vault's account has a hundred coins, nobody else has an account. */
async function prepare(weigh: (call: string) => Weight, amount = COIN): Promise<Preparation> {
  const account = RUNTIME.codec.encode(RUNTIME.metadata.pallets.get('System')?.storage.get('Account')?.value ?? 0, {
    ...{ nonce: 0, consumers: 0, providers: 1, sufficients: 0 },
    data: { free: 100n * COIN, reserved: 0n, frozen: 0n, flags: 1n << 127n },
  });
  const own = RUNTIME.storageKey('System', 'Account', vault.account);
  const read = (asked: Uint8Array): Uint8Array | undefined => (Buffer.compare(asked, own) === 0 ? account : undefined);
  const view = {
    now: async () => Promise.resolve({ runtime: RUNTIME, finalized: { number: 9, hash: '0x09' } }),
    storage: async (_runtime: unknown, asked: Uint8Array) => Promise.resolve(read(asked)),
    storages: async (asked: readonly Uint8Array[]) => Promise.resolve(asked.map(read)),
    weightOf: async (_runtime: unknown, call: Uint8Array) => {
      const name = RUNTIME.callName(call);
      return Promise.resolve(weigh(`${name?.pallet}.${name?.name}`));
    },
  } as unknown as ChainView;
  const weights = createReleaseWeights(view, createVaultCalls(signers, vault), vault.executor);
  const deps = {
    ...{ view, recentNow: view.now, weights, gateway: makeGateway([vault]), staleBlocks: 100 },
    cursor: async () => Promise.resolve(undefined),
  };
  return prepareRelease(deps, vault, deliveryOf(amount), signal);
}

/** The most that an extrinsic may weigh, by the runtime's constants. */
function most(): Weight {
  const inner = (value: Value | undefined, ...names: readonly string[]): Value | undefined =>
    names.reduce((at, name) => (isStruct(at) ? fieldOf(at, name, 0) : undefined), value);
  const limit = inner(RUNTIME.constant('System', 'BlockWeights'), 'per_class', 'normal', 'max_extrinsic');
  const weight = isStruct(limit) ? limit.values[0] : undefined;
  const part = (name: string): bigint => integerOf(inner(weight, name)) ?? 0n;
  return { refTime: part('ref_time'), proofSize: part('proof_size') };
}

describe('a release that is prepared', () => {
  it('is opened when its execution fits into a block, whatever its payments alone weigh', async () => {
    const weighing = (whole: Weight) => (call: string) =>
      call === 'Multisig.as_multi' ? whole : { refTime: 1n, proofSize: 1n };
    const { refTime, proofSize } = most();
    expect(refTime).toBeGreaterThan(0n);
    expect(proofSize).toBeGreaterThan(0n);
    expect(await prepare(weighing(most()))).toMatchObject({ kind: 'send' });
    expect(await prepare(weighing({ refTime: refTime + 1n, proofSize }))).toMatchObject({ kind: 'refused' });
    // Proofs limit as well as time.
    const limit = `${refTime} ps and ${proofSize} bytes of proof`;
    expect(await prepare(weighing({ refTime: 5n, proofSize: proofSize + 1n }))).toEqual({
      kind: 'refused',
      reason: `it weighs 5 ps and ${proofSize + 1n} bytes of proof, an extrinsic may weigh ${limit}`,
    });
  });

  it('waits while the account holds too little', async () => {
    const light = (): Weight => ({ refTime: 1n, proofSize: 0n });
    expect(await prepare(light, 101n * COIN)).toMatchObject({ kind: 'wait' });
  });
});
