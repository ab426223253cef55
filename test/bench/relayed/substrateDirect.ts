/**
 * What a Substrate chain's runtime executes without us: the same batches of payments, out of a multisig account of the same shape
 * (k members, an opener and an executor). Once with openings and approvals on the chain before the clock starts, so that what is
 * timed is the execution of payments alone: the most that the runtime can do, and more than any relayer could ask of it. And once
 * with all three rounds timed, which is what it has to do for a relayer.
 */
import { fieldOf } from '../../../adapters/substrate/codec.ts';
import { signExtrinsic } from '../../../adapters/substrate/extrinsic.ts';
import { withMargin } from '../../../adapters/substrate/fees.ts';
import {
  createAsset,
  createSubstrateSender,
  fundAccounts,
  keyFromSeed,
  type SigningKey,
  type SubstrateSender,
  vaultAccount,
} from '../../../adapters/substrate/index.ts';
import type { ChainView } from '../../../adapters/substrate/chainView.ts';
import type { Timepoint } from '../../../adapters/substrate/cursor.ts';
import { createVaultCalls, type VaultCalls } from '../../../adapters/substrate/multisigCalls.ts';
import { callHash } from '../../../adapters/substrate/releaseCall.ts';
import type { Runtime } from '../../../adapters/substrate/runtime.ts';
import { toHex, utf8 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { ACCOUNT_IN_FLIGHT_MAX } from '../../../relayer/core/limits.ts';
import type { SubstrateChain } from '../../../relayer/manifest/index.ts';
import { openSubstrate } from '../../load/substrateLoad.ts';
import type { DirectAccount, DirectRun } from './directFeed.ts';
import type { LocalWorld } from './localWorld.ts';

const ASSET = 90_001n;
export const ROUNDS_ASSET = 90_002n;
const THRESHOLD = 2;
/** Of the native coin, for fees and the deposits of open operations. */
const FUNDING = 10_000n * 10n ** 12n;
/** Openings in one extrinsic, and approvals. */
const AT_ONCE = 10;
/** As long as the remark of a release. */
const REMARK = utf8('fed directly '.padEnd(160, '.'));

interface DirectVault {
  readonly view: ChainView;
  readonly runtime: Runtime;
  readonly calls: VaultCalls;
  readonly members: readonly SigningKey[];
  readonly opener: SigningKey;
  readonly executor: SigningKey;
  senderOf(key: SigningKey): SubstrateSender;
  /** The operation of a number: the call, which mints as much to each receiver in turn, and its hash. */
  operation(number: number): { readonly call: Uint8Array; readonly hash: Uint8Array };
}

/** A multisig of its own that issues an asset of its own; `asset`: which one. */
async function openDirectVault(
  world: LocalWorld,
  chain: SubstrateChain,
  receivers: readonly Uint8Array[],
  { asset, payments }: { readonly asset: bigint; readonly payments: number },
  signal: AbortSignal,
): Promise<DirectVault> {
  const deps = { clock: systemClock };
  const { view, ss58Prefix } = openSubstrate(deps, chain, world.urlOf(chain.name));
  const senderOf = (key: SigningKey) => createSubstrateSender({ ...deps, view }, { key, ss58Prefix, pollMs: 100 });
  const user = senderOf(keyFromSeed(world.network.user.key));
  const keyNamed = (name: string): SigningKey => keyFromSeed(keccak256(utf8(`fed directly, ${asset}, ${name}`)));
  const members = Array.from({ length: THRESHOLD + 1 }, (_, index) => keyNamed(`member ${index}`));
  const [opener, executor] = [keyNamed('opener'), keyNamed('executor')];
  const signers = { members: members.map(({ account }) => account), threshold: THRESHOLD };
  const vault = vaultAccount(signers, opener.account, executor.account);

  const payers = [...members, opener, executor].map(({ account }) => account);
  await fundAccounts(
    user,
    [...payers, vault.account].map((account) => ({ account, amount: FUNDING })),
    signal,
  );
  const token = { id: asset, name: 'Fed directly', symbol: 'DIRECT', decimals: 6, minBalance: 1n };
  await createAsset(user, { ...token, issuer: vault.account }, signal);

  const { runtime } = await view.now(signal);
  return {
    ...{ view, runtime, calls: createVaultCalls(signers, vault), members, opener, executor, senderOf },
    operation: (number) => {
      const mints = Array.from({ length: payments }, (_unused, position) => {
        const index = number * payments + position;
        const beneficiary = receivers[index % receivers.length] ?? vault.account;
        return runtime.call('Assets', 'mint', { id: asset, beneficiary, amount: BigInt(1 + (index % 9)) });
      });
      const remark = runtime.call('System', 'remark', { remark: Uint8Array.of(number >> 8, number & 0xff, ...REMARK) });
      const call = runtime.call('Utility', 'batch_all', { calls: [...mints, remark] });
      return { call, hash: callHash(call) };
    },
  };
}

/** An account whose operations are approved and wait to be carried out. */
export async function prepareSubstrateDirect(
  world: LocalWorld,
  chain: SubstrateChain,
  receivers: readonly Uint8Array[],
  { transactions, payments }: { readonly transactions: number; readonly payments: number },
  signal: AbortSignal,
): Promise<DirectAccount> {
  const direct = await openDirectVault(world, chain, receivers, { asset: ASSET, payments }, signal);
  const { view, runtime, calls, members, opener, executor, senderOf } = direct;
  const operations = Array.from({ length: transactions }, (_, number) => direct.operation(number));

  const inBatches = async (key: SigningKey, makeCall: (one: Uint8Array, index: number) => Uint8Array) => {
    const each = operations.map(({ hash }, index) => makeCall(hash, index));
    const batches = Array.from({ length: Math.ceil(each.length / AT_ONCE) }, (_, index) => {
      const some = each.slice(index * AT_ONCE, (index + 1) * AT_ONCE);
      return (now: Runtime): Uint8Array => now.call('Utility', 'batch_all', { calls: some });
    });
    return senderOf(key).sendMany(batches, signal);
  };
  const opened = await inBatches(opener, (hash) => calls.approve(runtime, opener.account, hash, undefined));
  const places = opened.flatMap(({ events, height, index }) =>
    events
      .filter(({ pallet, variant }) => pallet === 'Multisig' && variant === 'NewMultisig')
      .map((event) => ({ hash: fieldOf(event, 'call_hash', 2), timepoint: { height: Number(height), index } })),
  );
  const timepointOf = (index: number) => {
    const place = places[index];
    if (place === undefined) throw new Error('an operation that was not opened');
    return place.timepoint;
  };
  for (const member of members.slice(0, THRESHOLD)) {
    await inBatches(member, (hash, index) => calls.approve(runtime, member.account, hash, timepointOf(index)));
  }

  const [first] = operations;
  if (first === undefined) throw new Error('nothing to be fed directly');
  const weight = withMargin(await view.weightOf(runtime, first.call, signal));
  const { context } = await view.now(signal);
  const nonce = await view.nonce(runtime, executor.account, undefined, signal);
  return {
    transactions: operations.map(({ call }, index) => {
      const inner = calls.execute(runtime, executor.account, call, timepointOf(index), weight);
      return signExtrinsic(runtime, inner, executor, context, { nonce: nonce + BigInt(index), tip: 0n }).raw;
    }),
    included: async (stop) => Number((await view.nonce(runtime, executor.account, undefined, stop)) - nonce),
    async send(raw, stop) {
      const { meaning, words } = await view.submit(raw, stop);
      if (meaning !== 'taken' && meaning !== 'known') throw new Error(`the chain refuses it: ${words.join(' ')}`);
    },
  };
}

/** Operations between their opening and their execution, as many as the relayer has. */
const OPEN_MAX = 4 * ACCOUNT_IN_FLIGHT_MAX;
const LOOK_MS = 25;
const STALL_MS = 30_000;

/**
 * All three rounds, fed directly for so many seconds: each operation is opened, approved by the members that it takes once it is
 * finalized, and carried out. What the chain has to execute for a payment whoever asks for it; but nothing is verified, nothing
 * is written to disk, and the members are asked at once. The rate is that of executions between the first block with one and
 * the last.
 */
export async function feedRounds(
  world: LocalWorld,
  chain: SubstrateChain,
  receivers: readonly Uint8Array[],
  { seconds, payments }: { readonly seconds: number; readonly payments: number },
  signal: AbortSignal,
): Promise<DirectRun> {
  const direct = await openDirectVault(world, chain, receivers, { asset: ROUNDS_ASSET, payments }, signal);
  const { view, runtime, calls, opener, executor } = direct;
  const approvers = direct.members.slice(0, THRESHOLD);
  const weight = withMargin(await view.weightOf(runtime, direct.operation(0).call, signal));
  let now = await view.now(signal);
  const nonces = new Map<SigningKey, bigint>();
  for (const key of [opener, executor, ...approvers]) {
    nonces.set(key, await view.nonce(runtime, key.account, undefined, signal));
  }
  const submit = async (key: SigningKey, call: Uint8Array): Promise<void> => {
    const nonce = nonces.get(key) ?? 0n;
    nonces.set(key, nonce + 1n);
    const { raw } = signExtrinsic(runtime, call, key, now.context, { nonce, tip: 0n });
    const { meaning, words } = await view.submit(raw, signal);
    if (meaning !== 'taken') throw new Error(`the chain refuses it: ${words.join(' ')}`);
  };

  const byHash = new Map<string, { readonly call: Uint8Array; timepoint: Timepoint; approvals: number }>();
  const seen: { readonly atMs: number; readonly total: number }[] = [];
  const started = systemClock.now();
  let height = now.finalized.number;
  let [opened, executed, lastMs] = [0, 0, started];
  while (systemClock.now() - started < seconds * 1_000 || executed < opened) {
    const isOpen = systemClock.now() - started < seconds * 1_000;
    while (isOpen && opened - executed < OPEN_MAX) {
      const { call, hash } = direct.operation(opened++);
      byHash.set(toHex(hash), { call, timepoint: { height: 0, index: 0 }, approvals: 1 });
      const remark = runtime.call('System', 'remark', { remark: REMARK });
      const batch = [calls.approve(runtime, opener.account, hash, undefined), remark];
      await submit(opener, runtime.call('Utility', 'batch_all', { calls: batch }));
    }
    now = await view.now(signal);
    for (; height < now.finalized.number; height++) {
      const hashAt = await view.hashAt(height + 1, signal);
      for (const event of await view.events(runtime, hashAt ?? '', signal)) {
        if (event.pallet !== 'Multisig') continue;
        const hash = fieldOf(event, 'call_hash', event.variant === 'NewMultisig' ? 2 : 3);
        const operation = hash instanceof Uint8Array ? byHash.get(toHex(hash)) : undefined;
        if (operation === undefined || !(hash instanceof Uint8Array)) continue;
        if (event.variant === 'NewMultisig') {
          operation.timepoint = { height: height + 1, index: event.extrinsic ?? 0 };
          for (const key of approvers)
            await submit(key, calls.approve(runtime, key.account, hash, operation.timepoint));
        }
        if (event.variant === 'MultisigApproval' && ++operation.approvals === calls.approvalsNeeded) {
          const { call, timepoint } = operation;
          await submit(executor, calls.execute(runtime, executor.account, call, timepoint, weight));
        }
        if (event.variant === 'MultisigExecuted') executed++;
      }
      if (executed === (seen.at(-1)?.total ?? 0)) continue;
      lastMs = systemClock.now();
      seen.push({ atMs: lastMs, total: executed });
    }
    if (systemClock.now() - lastMs > STALL_MS) throw new Error('the chain carries nothing more out of what it is fed');
    await systemClock.sleep(LOOK_MS, signal);
  }
  const [first, last] = [seen[0], seen.at(-1)];
  const ms = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  const counted = (last?.total ?? 0) - (first?.total ?? 0);
  const perSecond = ms === 0 ? 0 : (counted * payments * 1_000) / ms;
  return { delivered: executed * payments, seconds: ms / 1_000, perSecond };
}

/** True when the receivers have what was paid: a multisig counts as included when what it carries out fails. */
export async function directArrived(
  world: LocalWorld,
  chain: SubstrateChain,
  receivers: readonly Uint8Array[],
  delivered: number,
  signal: AbortSignal,
  asset = ASSET,
): Promise<boolean> {
  const token = { family: 'substrate', assetId: asset } as Parameters<ReturnType<LocalWorld['eye']>['balances']>[0];
  const balances = await world.eye(chain.name).balances(token, receivers, signal);
  let expected = 0n;
  for (let index = 0; index < delivered; index++) expected += BigInt(1 + (index % 9));
  return balances.reduce((sum, one) => sum + one, 0n) === expected;
}
