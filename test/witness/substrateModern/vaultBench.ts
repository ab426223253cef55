/**
 * A vault on an asset hub, worked by hand with the adapter's own calls: blocks are made one by one, so that what fits into one
 * can be seen. Opener, two members and executor sign as they would in the engine.
 */
import { fieldOf, integerOf, isStruct, type Value } from '../../../adapters/substrate/codec.ts';
import type { Timepoint } from '../../../adapters/substrate/cursor.ts';
import { signExtrinsic } from '../../../adapters/substrate/extrinsic.ts';
import { withMargin } from '../../../adapters/substrate/fees.ts';
import { type ChainView, keyFromSeed, type SubstrateGateway, vaultAccount } from '../../../adapters/substrate/index.ts';
import { createVaultCalls, STALE_BLOCKS } from '../../../adapters/substrate/multisigCalls.ts';
import { prepareRelease } from '../../../adapters/substrate/prepareRelease.ts';
import { callHash, chunkRemark, releaseCall } from '../../../adapters/substrate/releaseCall.ts';
import { encodeReleaseRemark, type ReleaseRemark } from '../../../adapters/substrate/releaseRemark.ts';
import { createReleaseWeights } from '../../../adapters/substrate/releaseWeights.ts';
import type { Runtime, RuntimeEvent, Weight } from '../../../adapters/substrate/runtime.ts';
import {
  ASSET,
  COIN,
  DEV_SEED,
  IN_LANE,
  makeGateway,
  MINTED,
  MINTED_ID,
} from '../../../adapters/substrate/vault.fixture.ts';
import { concatBytes, utf8 } from '../../../relayer/core/bytes.ts';
import { merkleRoot } from '../../../relayer/core/checkpoint.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { CHUNK_PACKETS_MAX, PACKET_BYTES } from '../../../relayer/core/limits.ts';
import { encodePacket } from '../../../relayer/core/packet.ts';
import type { Delivery, Preparation } from '../../../relayer/core/ports.ts';
import type { Block, LocalSubstrate } from '../../devnet/substrate/index.ts';
import { expectSame, expectThat } from '../checks.ts';

export const PAYOUT_KINDS = ['native, new accounts', 'native, known accounts', 'minted asset, known accounts'] as const;
export type PayoutKind = (typeof PAYOUT_KINDS)[number];

/** A release that is approved and not carried out yet. */
export interface ApprovedRelease {
  readonly first: bigint;
  readonly count: number;
  /** The executor's call. */
  readonly execution: Uint8Array;
}

export interface ExecutedBlock {
  readonly block: Block;
  /** How many of the releases it took: the first ones. */
  readonly taken: number;
  /** What each execution weighed, and its bytes. */
  readonly executions: readonly { readonly weight: Weight; readonly bytes: number }[];
}

/** Of normal extrinsics. */
export interface WeightLimits {
  /** Of all of them in a block together. */
  readonly block: Weight;
  readonly extrinsic: Weight;
}

export interface VaultBench {
  readonly gateway: SubstrateGateway;
  readonly limits: WeightLimits;
  /** The most payouts of one kind that a chunk may have and an extrinsic may weigh. */
  mostPayouts(kind: PayoutKind): Promise<number>;
  /** What the adapter says of a chunk of the next packets, which are not used up. */
  prepare(kind: PayoutKind, count: number): Promise<Preparation>;
  /** So many releases of the next packets. */
  approve(kind: PayoutKind, payouts: number, releases: number): Promise<readonly ApprovedRelease[]>;
  /** One block with as many of the releases as it takes. */
  execute(releases: readonly ApprovedRelease[]): Promise<ExecutedBlock>;
  packets(first: bigint, count: number): Uint8Array | undefined;
}

const key = (path: string): ReturnType<typeof keyFromSeed> => keyFromSeed(DEV_SEED, path);
const members = ['//m1', '//m2', '//m3'].map(key);
const [alice, opener, executor] = [key('//Alice'), key('//opener'), key('//executor')];
const signers = { members: members.map(({ account }) => account), threshold: 2 };
const vault = vaultAccount(signers, opener.account, executor.account);

/** Who needs money on the chain. */
export const BENCH_ACCOUNTS = [vault.account, opener.account, executor.account, ...signers.members];

/** A tenth of a coin, which is above what an account has to hold. */
const AMOUNT = COIN / 10n;
/** Of proofs, which older runtimes do not count. */
const NO_LIMIT = 1n << 64n;
/** One unit of the asset on the chain. */
const MINTED_AMOUNT = 100n;

export async function createVaultBench(
  local: LocalSubstrate,
  view: ChainView,
  signal: AbortSignal,
): Promise<VaultBench> {
  const gateway = makeGateway([vault], 1n);
  const calls = createVaultCalls(signers, vault);
  const { runtime } = await view.now(signal);
  let packets = new Uint8Array(0);

  /** One block with these calls of one account, and its events. Extrinsics that it does not take are left out. */
  const produce = async (by: typeof opener, some: readonly Uint8Array[]) => {
    const { context } = await view.now(signal);
    const nonce = await view.nonce(runtime, by.account, undefined, signal);
    const extrinsics = some.map(
      (call, at) => signExtrinsic(runtime, call, by, context, { nonce: nonce + BigInt(at), tip: 0n }).raw,
    );
    const block = local.assetHub.produceBlock(extrinsics);
    const events = await view.events(runtime, block.hash, signal);
    const indexes = extrinsics.map((raw) => block.extrinsics.findIndex((one) => Buffer.compare(one, raw) === 0));
    return { block, events, indexes: indexes.filter((index) => index >= 0) };
  };
  const produceAll = async (by: typeof opener, some: readonly Uint8Array[]) => {
    const made = await produce(by, some);
    expectSame(made.indexes.length, some.length, 'extrinsics taken');
    const failed = made.events.filter(({ variant }) => variant === 'ExtrinsicFailed');
    expectSame(failed.length, 0, 'extrinsics that failed');
    return made;
  };

  const draft = (kind: PayoutKind, count: number): { own: Uint8Array; remark: ReleaseRemark; call: Uint8Array } => {
    const first = BigInt(packets.length / PACKET_BYTES);
    const own = concatBytes(...Array.from({ length: count }, (_, at) => packetOf(kind, first + BigInt(at), at)));
    const remark = chunkRemark(IN_LANE, first, own, []);
    const call = releaseCall(gateway, runtime, vault.account, remark, own);
    expectThat(call !== undefined, 'a chunk that the vault cannot pay');
    return { own, remark, call };
  };
  const chunk = (kind: PayoutKind, count: number): ReturnType<typeof draft> => {
    const made = draft(kind, count);
    packets = concatBytes(packets, made.own);
    return made;
  };
  const execution = async (call: Uint8Array, timepoint: Timepoint): Promise<Uint8Array> => {
    const weight = withMargin(await view.weightOf(runtime, call, signal));
    return calls.execute(runtime, executor.account, call, timepoint, weight);
  };
  const limits = limitsOf(runtime);
  const fits = async (kind: PayoutKind, count: number): Promise<boolean> => {
    const call = await execution(draft(kind, count).call, { height: 1, index: 0 });
    const { refTime, proofSize } = await view.weightOf(runtime, call, signal);
    return refTime <= limits.extrinsic.refTime && proofSize <= limits.extrinsic.proofSize;
  };

  if (runtime.hasCall('Assets', 'create')) await produceAll(alice, [assetCall(runtime)]);
  return {
    gateway,
    limits,
    mostPayouts: async (kind) => {
      let [least, most] = [1, CHUNK_PACKETS_MAX];
      while (least < most) {
        const middle = (least + most + 1) >> 1;
        if (await fits(kind, middle)) least = middle;
        else most = middle - 1;
      }
      return least;
    },
    prepare: async (kind, count) => {
      const { own, remark } = draft(kind, count);
      const cursor = async (): Promise<undefined> => Promise.resolve(undefined);
      const weights = createReleaseWeights(view, calls, vault.executor);
      const deps = { view, recentNow: view.now, weights, gateway, cursor, staleBlocks: STALE_BLOCKS };
      return prepareRelease(deps, vault, deliveryOf(remark, own), signal);
    },
    approve: async (kind, payouts, releases) => {
      const chunks = Array.from({ length: releases }, () => chunk(kind, payouts));
      const openings = chunks.map(({ remark, call }) => {
        const approval = calls.approve(runtime, opener.account, callHash(call), undefined);
        const note = runtime.call('System', 'remark', { remark: encodeReleaseRemark('opens', remark) });
        return runtime.call('Utility', 'batch_all', { calls: [approval, note] });
      });
      const { block, indexes } = await produceAll(opener, openings);
      const timepoints = indexes.map((index) => ({ height: block.number, index }));
      for (const member of members.slice(0, signers.threshold)) {
        const approvals = chunks.map(({ call }, at) =>
          calls.approve(runtime, member.account, callHash(call), timepoints[at]),
        );
        await produceAll(member, approvals);
      }
      return Promise.all(
        chunks.map(async ({ remark, call }, at) => {
          return {
            first: remark.firstSequence,
            count: remark.count,
            execution: await execution(call, timepoints[at]!),
          };
        }),
      );
    },
    execute: async (releases) => {
      const { block, events, indexes } = await produce(
        executor,
        releases.map((release) => release.execution),
      );
      const executed = events.filter(({ variant }) => variant === 'MultisigExecuted');
      expectSame(executed.length, indexes.length, 'releases carried out');
      for (const event of executed) {
        const result = fieldOf(event, 'result', 4);
        expectThat(isStruct(result) && result.variant === 'Ok', 'a release failed inside');
      }
      const executions = indexes.map((index) => {
        return { weight: settledWeight(events, index), bytes: block.extrinsics[index]?.length ?? 0 };
      });
      return { block, taken: indexes.length, executions };
    },
    packets: (first, count) => {
      const [start, end] = [Number(first) * PACKET_BYTES, (Number(first) + count) * PACKET_BYTES];
      return end <= packets.length ? packets.subarray(start, end) : undefined;
    },
  };
}

export function receiverOf(kind: PayoutKind, sequence: bigint, at: number): Uint8Array {
  return keccak256(utf8(kind === 'native, new accounts' ? `new ${sequence}` : `known ${at}`));
}

function packetOf(kind: PayoutKind, sequence: bigint, at: number): Uint8Array {
  const isMinted = kind === 'minted asset, known accounts';
  return encodePacket({
    kind: 'transfer',
    sequence,
    asset: isMinted ? MINTED : ASSET,
    amount: isMinted ? MINTED_AMOUNT : AMOUNT,
    receiver: receiverOf(kind, sequence, at),
    deadline: 0n,
    sourceReference: new Uint8Array(32).fill(7),
    sender: new Uint8Array(20).fill(8),
  });
}

function deliveryOf({ lane, firstSequence, count, chunkHash }: ReleaseRemark, packets: Uint8Array): Delivery {
  const zero = new Uint8Array(32);
  const checkpoint = {
    ...{ lane, signerEpoch: 1n, signerSetHash: zero, manifestHash: zero, firstSequence, packetCount: count },
    ...{ chunkSize: count, root: merkleRoot([chunkHash]), sourceHeight: 1n, sourceBlockHash: zero },
  };
  return { checkpoint, signatures: new Uint8Array(0), chunkIndex: 0, packets, proof: [] };
}

/** Makes the asset that the vault issues. */
function assetCall(runtime: Runtime): Uint8Array {
  const id = MINTED_ID;
  return runtime.call('Utility', 'batch_all', {
    calls: [
      runtime.call('Assets', 'create', { id, admin: alice.account, min_balance: 1n }),
      runtime.call('Assets', 'set_team', { id, issuer: vault.account, admin: vault.account, freezer: vault.account }),
    ],
  });
}

/** As the chain accounts for it after the extrinsic. */
function settledWeight(events: readonly RuntimeEvent[], extrinsic: number): Weight {
  const success = events.find((event) => event.variant === 'ExtrinsicSuccess' && event.extrinsic === extrinsic);
  return readWeight(within(within(success, 'dispatch_info', 0), 'weight', 0));
}

function limitsOf(runtime: Runtime): WeightLimits {
  const perClass = within(runtime.constant('System', 'BlockWeights'), 'per_class', 2);
  const normal = within(perClass, 'normal', 0);
  const limit = (name: string, position: number): Weight => {
    const some = within(normal, name, position);
    return readWeight(isStruct(some) ? some.values[0] : undefined);
  };
  const block = limit('max_total', 2);
  const extrinsic = limit('max_extrinsic', 1);
  const isCounted = block.proofSize > 0n;
  return { block, extrinsic: isCounted ? extrinsic : { ...extrinsic, proofSize: NO_LIMIT } };
}

/** Older runtimes have one number. */
function readWeight(value: Value | undefined): Weight {
  const refTime = integerOf(value) ?? integerOf(within(value, 'ref_time', 0));
  expectThat(refTime !== undefined, 'a weight that is not read');
  return { refTime, proofSize: integerOf(within(value, 'proof_size', 1)) ?? 0n };
}

function within(value: Value | undefined, name: string, position: number): Value | undefined {
  return isStruct(value) ? fieldOf(value, name, position) : undefined;
}
