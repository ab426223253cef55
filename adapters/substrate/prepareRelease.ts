/**
 * What a chunk needs before an account of a vault opens an operation for it: which packets cannot be paid, whether the account
 * holds enough, whether the call fits into a block. By what a node says: members and the chain decide.
 */
import { equalBytes } from '../../relayer/core/bytes.ts';
import { readSequence, decodePacket } from '../../relayer/core/packet.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import type { Delivery, Preparation } from '../../relayer/core/ports.ts';
import { type BlockRef, type ChainView, freeBalance } from './chainView.ts';
import { fieldOf, integerOf, isStruct, type Value } from './codec.ts';
import { overlaps } from './derive.ts';
import { decodeCursor, type OpenOperation } from './cursor.ts';
import { fits } from './fees.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';
import { encodeOpening } from './opening.ts';
import { unpayable } from './receivable.ts';
import type { RecentNow } from './recentNow.ts';
import { chunkRemark, type Payout, payoutsOf, refusalOf, releaseCall } from './releaseCall.ts';
import type { ReleaseWeights } from './releaseWeights.ts';
import type { Runtime, Weight } from './runtime.ts';
import { assetKey } from './user.ts';

export interface PrepareDeps {
  readonly view: ChainView;
  readonly gateway: SubstrateGateway;
  readonly recentNow: RecentNow['recent'];
  readonly weights: ReleaseWeights;
  readonly cursor: () => Promise<Uint8Array | undefined>;
  /** Blocks after which an operation is given up. */
  readonly staleBlocks: number;
}

/** Another account may be the one that can pay; and money comes in by itself. */
const WAIT_MS = 5_000;
const NOT_OURS: Preparation = { kind: 'notOurs', reason: 'another account of the vault issues this asset' };

export async function prepareRelease(
  { view, gateway, recentNow, weights, cursor, staleBlocks }: PrepareDeps,
  vault: VaultAccount,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Preparation> {
  const { packets, checkpoint } = delivery;
  const wait = (reason: string): Preparation => ({ kind: 'wait', reason, retryMs: WAIT_MS });
  const { runtime, finalized } = await recentNow(signal);
  const chainSeconds = await timeAt(view, runtime, finalized, signal);
  const refused = new Set<number>();
  for (let position = 0; position * PACKET_BYTES < packets.length; position++) {
    const packet = decodePacket(packets, position * PACKET_BYTES);
    if (refusalOf(gateway, packet, chainSeconds) !== undefined) refused.add(position);
  }
  const first = payoutsOf(gateway, vault.account, packets, [...refused]);
  if (first === undefined) return NOT_OURS;
  const problems = await unpayable(view, runtime, finalized, first, signal);
  for (const position of problems.keys()) refused.add(position);
  const positions = [...refused].sort((a, b) => a - b);
  const payouts = first.filter(({ position }) => !refused.has(position));

  const remark = chunkRemark(checkpoint.lane, readSequence(packets), packets, positions);
  const { open } = decodeCursor(await cursor(), gateway.startHeight);
  // What this account gave up it takes back when it opens the next one.
  const isGivenUp = (operation: OpenOperation): boolean =>
    equalBytes(operation.vault, vault.account) && operation.timepoint.height + staleBlocks <= finalized.number;
  if (open.some((operation) => overlaps(operation, remark) && !isGivenUp(operation))) {
    return wait('an operation for these packets is open');
  }
  const short = await shortOf(view, runtime, finalized, vault.account, payouts, signal);
  if (short !== undefined) return wait(short);
  const call = releaseCall(gateway, runtime, vault.account, remark, packets);
  if (call === undefined) return NOT_OURS;
  const most = extrinsicWeightMax(runtime);
  // The execution as a whole counts: it weighs more than what it carries out.
  const { execution: weight } = await weights.of(runtime, call, payouts, signal);
  if (most !== undefined && !fits(weight, most)) {
    return { kind: 'refused', reason: `it weighs ${textOf(weight)}, an extrinsic may weigh ${textOf(most)}` };
  }
  return { kind: 'send', call: encodeOpening({ delivery, refused: positions }) };
}

async function timeAt(view: ChainView, runtime: Runtime, at: BlockRef, signal: AbortSignal): Promise<bigint> {
  const bytes = await view.storage(runtime, runtime.storageKey('Timestamp', 'Now'), at.hash, signal);
  const milliseconds = bytes === undefined ? undefined : integerOf(runtime.readStorage('Timestamp', 'Now', bytes));
  return (milliseconds ?? 0n) / 1000n;
}

/** What the account lacks to make the payouts, or undefined. What it mints it needs not hold. */
async function shortOf(
  view: ChainView,
  runtime: Runtime,
  at: BlockRef,
  account: Uint8Array,
  payouts: readonly Payout[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const needed = new Map<bigint | 'native', bigint>();
  for (const { asset, own } of payouts) {
    if (asset.custody.kind === 'mint') continue;
    const key = asset.token.kind === 'native' ? 'native' : asset.token.id;
    needed.set(key, (needed.get(key) ?? 0n) + own);
  }
  for (const [token, amount] of needed) {
    const held = await heldBy(view, runtime, at, account, token, signal);
    if (held < amount) return `the vault's account holds ${held} of the ${amount} that it takes`;
  }
  return undefined;
}

async function heldBy(
  view: ChainView,
  runtime: Runtime,
  at: BlockRef,
  account: Uint8Array,
  token: bigint | 'native',
  signal: AbortSignal,
): Promise<bigint> {
  if (token === 'native') {
    const bytes = await view.storage(runtime, runtime.storageKey('System', 'Account', account), at.hash, signal);
    const free = bytes === undefined ? 0n : freeBalance(runtime.readStorage('System', 'Account', bytes));
    // The account must stay alive.
    const least = integerOf(runtime.constant('Balances', 'ExistentialDeposit')) ?? 0n;
    return free > least ? free - least : 0n;
  }
  const key = runtime.storageKey('Assets', 'Account', assetKey(runtime, token), account);
  const bytes = await view.storage(runtime, key, at.hash, signal);
  const holding = bytes === undefined ? undefined : runtime.readStorage('Assets', 'Account', bytes);
  return (isStruct(holding) ? integerOf(fieldOf(holding, 'balance', 0)) : undefined) ?? 0n;
}

function textOf({ refTime, proofSize }: Weight): string {
  return `${refTime} ps and ${proofSize} bytes of proof`;
}

/** `System.BlockWeights.per_class.normal.max_extrinsic`; undefined where the runtime sets no bound. */
function extrinsicWeightMax(runtime: Runtime): Weight | undefined {
  const inner = (value: Value | undefined, name: string, position: number): Value | undefined =>
    isStruct(value) ? fieldOf(value, name, position) : undefined;
  const normal = inner(inner(runtime.constant('System', 'BlockWeights'), 'per_class', 2), 'normal', 0);
  const most = inner(normal, 'max_extrinsic', 1);
  const weight = isStruct(most) && most.variant === 'Some' ? most.values[0] : undefined;
  const number = integerOf(weight);
  if (number !== undefined) return { refTime: number, proofSize: 0n };
  const refTime = integerOf(inner(weight, 'ref_time', 0));
  const proofSize = integerOf(inner(weight, 'proof_size', 1));
  return refTime === undefined || proofSize === undefined ? undefined : { refTime, proofSize };
}
