/**
 * What a Substrate chain's runtime executes without us: the same batches of payments, out of a multisig account of the same shape
 * (k members, an opener and an executor). Openings and approvals are on the chain before the clock starts, so that what is timed
 * is the execution of payments alone: the most that the runtime can do, and more than any relayer could ask of it.
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
  vaultAccount,
} from '../../../adapters/substrate/index.ts';
import { createVaultCalls } from '../../../adapters/substrate/multisigCalls.ts';
import { callHash } from '../../../adapters/substrate/releaseCall.ts';
import type { Runtime } from '../../../adapters/substrate/runtime.ts';
import { utf8 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import type { SubstrateChain } from '../../../relayer/manifest/index.ts';
import { openSubstrate } from '../../load/substrateLoad.ts';
import type { DirectAccount } from './directFeed.ts';
import type { LocalWorld } from './localWorld.ts';

const ASSET = 90_001n;
const THRESHOLD = 2;
/** Of the native coin, for fees and the deposits of open operations. */
const FUNDING = 10_000n * 10n ** 12n;
/** Openings in one extrinsic, and approvals. */
const AT_ONCE = 10;
/** As long as the remark of a release. */
const REMARK = utf8('fed directly '.padEnd(160, '.'));

/** An account whose operations are approved and wait to be carried out; each mints `payments` to the receivers in turn. */
export async function prepareSubstrateDirect(
  world: LocalWorld,
  chain: SubstrateChain,
  receivers: readonly Uint8Array[],
  { transactions, payments }: { readonly transactions: number; readonly payments: number },
  signal: AbortSignal,
): Promise<DirectAccount> {
  const deps = { clock: systemClock };
  const { view, ss58Prefix } = openSubstrate(deps, chain, world.urlOf(chain.name));
  const senderOf = (key: SigningKey) => createSubstrateSender({ ...deps, view }, { key, ss58Prefix, pollMs: 100 });
  const user = senderOf(keyFromSeed(world.network.user.key));
  const keyNamed = (name: string): SigningKey => keyFromSeed(keccak256(utf8(`fed directly, ${name}`)));
  const members = Array.from({ length: THRESHOLD + 1 }, (_, index) => keyNamed(`member ${index}`));
  const [opener, executor] = [keyNamed('opener'), keyNamed('executor')];
  const signers = { members: members.map(({ account }) => account), threshold: THRESHOLD };
  const vault = vaultAccount(signers, opener.account, executor.account);
  const calls = createVaultCalls(signers, vault);

  const payers = [...members, opener, executor].map(({ account }) => account);
  await fundAccounts(
    user,
    [...payers, vault.account].map((account) => ({ account, amount: FUNDING })),
    signal,
  );
  const token = { id: ASSET, name: 'Fed directly', symbol: 'DIRECT', decimals: 6, minBalance: 1n };
  await createAsset(user, { ...token, issuer: vault.account }, signal);

  const { runtime } = await view.now(signal);
  const operations = Array.from({ length: transactions }, (_, number) => {
    const mints = Array.from({ length: payments }, (_unused, position) => {
      const index = number * payments + position;
      const beneficiary = receivers[index % receivers.length] ?? vault.account;
      return runtime.call('Assets', 'mint', { id: ASSET, beneficiary, amount: BigInt(1 + (index % 9)) });
    });
    const remark = runtime.call('System', 'remark', { remark: Uint8Array.of(number >> 8, number & 0xff, ...REMARK) });
    const call = runtime.call('Utility', 'batch_all', { calls: [...mints, remark] });
    return { call, hash: callHash(call) };
  });

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

/** True when the receivers have what was paid: a multisig counts as included when what it carries out fails. */
export async function directArrived(
  world: LocalWorld,
  chain: SubstrateChain,
  receivers: readonly Uint8Array[],
  delivered: number,
  signal: AbortSignal,
): Promise<boolean> {
  const token = { family: 'substrate', assetId: ASSET } as Parameters<ReturnType<LocalWorld['eye']>['balances']>[0];
  const balances = await world.eye(chain.name).balances(token, receivers, signal);
  let expected = 0n;
  for (let index = 0; index < delivered; index++) expected += BigInt(1 + (index % 9));
  return balances.reduce((sum, one) => sum + one, 0n) === expected;
}
