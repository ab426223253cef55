/**
 * One account of a vault towards the engine: slots are its sequences, and `sign` asks the members. It has no authority of its
 * own: what the members do not sign does not happen, and settlement comes from the chain's verified blocks.
 *
 * A node keeps the first transaction of a sequence that it took, whatever is offered later. So a replacement takes effect
 * when the one before it has left the node's mempool: at its timeout height, or when the node forgot it.
 */
import { equalBytes } from '../../relayer/core/bytes.ts';
import { decodeDelivery, encodeDelivery, packetsInChunk } from '../../relayer/core/certificate.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { ACCOUNT_IN_FLIGHT_MAX, RETRY_MS_MIN } from '../../relayer/core/limits.ts';
import type {
  Cosigners,
  Delivery,
  Preparation,
  ReleaseRequest,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
} from '../../relayer/core/ports.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { formatAccount } from './account.ts';
import { broadcastTx } from './broadcastTx.ts';
import type { Claims } from './claims.ts';
import {
  type ChainAccount,
  type ChainTip,
  readAccount,
  readAccountAndTip,
  readBalance,
  readTx,
} from './chainQueries.ts';
import type { CosmosGateway } from './gateway.ts';
import { createPacketJudge, type Judgement, mintingShard, type Payout } from './judgePackets.ts';
import { encodeTerms, FEE_STEPS_MAX, type ReleaseTerms } from './releaseTerms.ts';
import { firstSequenceOf, hashOfTx, isSignedBy, releaseCosts, releaseTx } from './releaseTx.ts';
import type { CometEndpoint } from './rpc.ts';
import type { VaultShard } from './shards.ts';
import { ANSWER_BYTES } from './vaultMember.ts';

export interface ShardAccountDeps {
  readonly cosigners: Cosigners;
  /** Whether packets are settled, as far as the chain is derived here: spares the members a question. */
  readonly isDelivered?: ((lane: LaneId, firstSequence: bigint, count: number) => Promise<boolean>) | undefined;
  /** Shared by the shards of a vault. */
  readonly claims: Claims;
}

export interface ShardAccountOptions {
  readonly endpoints: readonly CometEndpoint[];
  readonly gateway: CosmosGateway;
  readonly shard: VaultShard;
}

/** Before a shard that has no other beside it is looked at again. */
const UNFUNDED_MS = 5_000;
/** Blocks after which a node has indexed what it included. */
const INDEXED_BLOCKS = 2n;
/** Transactions remembered that could not be found at first. */
const UNFOUND_MAX = 4 * ACCOUNT_IN_FLIGHT_MAX;

/** Chunks prepared and not signed yet: a few at a time. */
const PREPARED_MAX = 8;

interface Prepared {
  readonly packets: Uint8Array;
  readonly account: ChainAccount;
  readonly tip: ChainTip;
  readonly judgement: Judgement;
}

const BLANK = 0;
const RELEASE = 1;

export function createShardAccount(deps: ShardAccountDeps, options: ShardAccountOptions): TargetAccount {
  const { gateway, shard } = options;
  const address = formatAccount(shard.account, gateway.prefix);
  const ring = createEndpointRing(options.endpoints);
  const judge = createPacketJudge(gateway);
  /** Who makes which coin: it never lacks it. */
  const issuers = new Map(
    gateway.coins.flatMap((coin) => {
      const issuer = mintingShard(coin);
      return issuer === undefined ? [] : [[coin.denom, issuer] as const];
    }),
  );
  // Another shard may hold enough: it should see the chunk soon.
  const retryMs = gateway.shards.length > 1 ? RETRY_MS_MIN : UNFUNDED_MS;
  const lanes = new Set([...gateway.inbound.map(({ lane }) => lane), gateway.home]);
  /** What transactions in flight take, by slot: balances on the chain do not show it yet. */
  const reserved = new Map<bigint, ReadonlyMap<string, bigint>>();
  /** What was seen and judged when a chunk was prepared, for the signature that follows. */
  const prepared = new Map<string, Prepared>();
  /** Since which block a transaction was not found though its slot is used. */
  const unfoundSince = new Map<string, bigint>();

  const judged = (delivery: Delivery | undefined, asOf: bigint) => judge(delivery?.packets ?? NONE, asOf, shard);

  const takePrepared = (delivery: Delivery): Prepared | undefined => {
    const found = prepared.get(chunkKey(delivery));
    prepared.delete(chunkKey(delivery));
    return found !== undefined && equalBytes(found.packets, delivery.packets) ? found : undefined;
  };

  const reserve = (slot: bigint, payouts: readonly Payout[]): void => {
    reserved.set(slot, needsOf(payouts));
    for (const old of [...reserved.keys()].slice(0, -UNFOUND_MAX)) reserved.delete(old);
  };

  /** Coins that a release takes out of the shard, its fee included. */
  const needsOf = (payouts: readonly Payout[]): Map<string, bigint> => {
    const needs = new Map<string, bigint>();
    const add = (denom: string, amount: bigint): void => void needs.set(denom, (needs.get(denom) ?? 0n) + amount);
    for (const { denom, amount, isMinted } of payouts) if (!isMinted) add(denom, amount);
    // Sent to itself, one unit at least has to be there.
    add(gateway.feeDenom, releaseCosts(gateway, shard, payouts).fee + (payouts.length === 0 ? 1n : 0n));
    return needs;
  };

  const prepare = async (delivery: Delivery, signal: AbortSignal): Promise<Preparation> => {
    const { checkpoint, chunkIndex } = delivery;
    if (!lanes.has(checkpoint.lane)) return { kind: 'refused', reason: 'the lane does not lead to this vault' };
    const first = firstSequenceOf(delivery);
    const count = packetsInChunk(checkpoint, chunkIndex);
    if ((await deps.isDelivered?.(checkpoint.lane, first, count)) === true) return { kind: 'alreadyDelivered' };
    return ring.ask(async (endpoint): Promise<Preparation> => {
      const { account, tip } = await readAccountAndTip(endpoint, address, signal);
      const { timeSeconds, height } = tip;
      if (account === undefined) return { kind: 'wait', reason: `${address} holds nothing yet`, retryMs };
      deps.claims.passed(address, account.sequence);
      const other = deps.claims.other(address, chunkKey(delivery), height);
      if (other !== undefined) return { kind: 'wait', reason: other, retryMs: RETRY_MS_MIN };
      const judgement = judged(delivery, timeSeconds);
      const { payouts } = judgement;
      const { gas, bytes } = releaseCosts(gateway, shard, payouts);
      const { txGasMax, txBytesMax } = gateway.costs;
      if (gas > txGasMax) return { kind: 'refused', reason: `needs ${gas} gas, a transaction may use ${txGasMax}` };
      if (bytes > txBytesMax)
        return { kind: 'refused', reason: `needs ${bytes} bytes, a transaction has ${txBytesMax}` };
      for (const slot of reserved.keys()) if (slot < account.sequence) reserved.delete(slot);
      for (const [denom, amount] of needsOf(payouts)) {
        if (amount === 0n) continue;
        const taken = [...reserved.values()].reduce((sum, needs) => sum + (needs.get(denom) ?? 0n), 0n);
        const holds = await readBalance(endpoint, address, denom, signal);
        if (holds >= amount + taken) continue;
        const reason = `${address} holds ${holds} ${denom}; needed are ${amount}, and ${taken} for what is in flight`;
        return issuers.has(denom) && issuers.get(denom) !== address
          ? { kind: 'notOurs', reason }
          : { kind: 'wait', reason, retryMs };
      }
      prepared.set(chunkKey(delivery), { packets: delivery.packets, account, tip, judgement });
      for (const old of [...prepared.keys()].slice(0, -PREPARED_MAX)) prepared.delete(old);
      return { kind: 'send', call: encodeCall(delivery) };
    }, signal);
  };

  const sign = async (
    call: Uint8Array,
    slot: bigint,
    attempt: number,
    signal: AbortSignal,
  ): Promise<SignedTransaction> => {
    const delivery = decodeCall(call);
    const before = attempt === 0 && delivery !== undefined ? takePrepared(delivery) : undefined;
    const { account, tip } =
      before ?? (await ring.ask(async (endpoint) => readAccountAndTip(endpoint, address, signal), signal));
    if (account === undefined) throw outOfFunds(address);
    // Members would promise their signatures to what cannot happen.
    if (account.sequence > slot) throw slotUsed(address, slot);
    const { payouts, refusals } = before?.judgement ?? judged(delivery, tip.timeSeconds);
    const terms: ReleaseTerms = {
      accountNumber: account.accountNumber,
      ...expiryOf(tip, gateway),
      feeStep: Math.min(attempt, FEE_STEPS_MAX),
      refused: refusals.map(({ position }) => position),
    };
    const request: ReleaseRequest = { account: address, slot, delivery, terms: encodeTerms(terms) };
    const tx = releaseTx(gateway, shard, slot, { delivery, payouts }, terms);
    const signatures = new Map<number, Uint8Array>();
    const take = (answer: Uint8Array): 'more' | 'enough' => {
      const [member = NOBODY] = answer;
      const signature = answer.slice(1);
      // Whatever is not a good signature of a member is nobody's answer.
      if (signatures.size < shard.threshold && answer.length === ANSWER_BYTES && !signatures.has(member)) {
        if (isSignedBy(shard, member, tx.signBytes, signature)) signatures.set(member, signature);
      }
      return signatures.size >= shard.threshold ? 'enough' : 'more';
    };
    try {
      await deps.cosigners.collect(request, take, signal);
    } catch (error) {
      // A member that signed is bound until the timeout: what it signed is asked for again, and nothing else in its place.
      if (signatures.size > 0 && delivery !== undefined) {
        deps.claims.put(address, { chunk: chunkKey(delivery), slot, untilHeight: terms.timeoutHeight });
      }
      throw error;
    }
    deps.claims.passed(address, slot + 1n);
    if (signatures.size < shard.threshold) throw tooFew(address, signatures.size, shard.threshold);
    const raw = tx.assemble(signatures);
    reserve(slot, payouts);
    return { slot, attempt, call, raw, hash: hashOfTx(raw) };
  };

  const outcome = async (
    { slot, hash }: SignedTransaction,
    endpoint: CometEndpoint,
    signal: AbortSignal,
  ): Promise<TransactionOutcome> => {
    // The sequence is read first: a transaction that is missing afterwards was not hidden by the order of the questions.
    const {
      account,
      tip: { height: tip },
    } = await readAccountAndTip(endpoint, address, signal);
    const found = await readTx(endpoint, hash, signal);
    if (found !== undefined) {
      unfoundSince.delete(hash);
      const { height, code, gasUsed } = found;
      if (code === 0) return { kind: 'included', height, gasUsed };
      return { kind: 'reverted', reason: `the chain answered code ${code}`, height, alreadyDelivered: false };
    }
    if ((account?.sequence ?? 0n) <= slot) return { kind: 'pending' };
    // Used, by this one and not indexed yet, or by another.
    const since = unfoundSince.get(hash) ?? tip;
    unfoundSince.set(hash, since);
    for (const old of [...unfoundSince.keys()].slice(0, -UNFOUND_MAX)) unfoundSince.delete(old);
    return { kind: tip >= since + INDEXED_BLOCKS ? 'slotTaken' : 'pending' };
  };

  return {
    address,
    nextSlot: async (signal) =>
      ring.ask(async (endpoint) => (await readAccount(endpoint, address, signal))?.sequence ?? 0n, signal),
    prepare,
    sign,
    broadcast: async (transaction, signal) => {
      // After a restart this is the first that is heard of it.
      if (!reserved.has(transaction.slot)) {
        const delivery = decodeCall(transaction.call);
        reserve(transaction.slot, judged(delivery, 0n).payouts);
      }
      await broadcastTx(ring, address, transaction, signal);
    },
    outcome: async (transaction, signal) =>
      ring.ask(async (endpoint) => outcome(transaction, endpoint, signal), signal),
    blank: () => Uint8Array.of(BLANK),
  };
}

function expiryOf({ height, timeSeconds }: ChainTip, { releaseExpiryBlocks }: CosmosGateway) {
  return { asOf: timeSeconds, timeoutHeight: height + releaseExpiryBlocks };
}

function chunkKey(delivery: Delivery): string {
  return `${delivery.checkpoint.lane}/${firstSequenceOf(delivery)}`;
}

function encodeCall(delivery: Delivery): Uint8Array {
  const encoded = encodeDelivery(delivery);
  const call = new Uint8Array(1 + encoded.length);
  call[0] = RELEASE;
  call.set(encoded, 1);
  return call;
}

/** Undefined for the blank call. Throws `DecodeError`. */
function decodeCall(call: Uint8Array): Delivery | undefined {
  return call[0] === BLANK ? undefined : decodeDelivery(call.slice(1));
}

function outOfFunds(address: string): ViaductError {
  return new ViaductError({
    code: 'ACCOUNT_OUT_OF_FUNDS',
    shortMessage: `The vault account ${address} holds nothing, so the chain does not know it.`,
    metaMessages: ['Send it coins of this chain.'],
  });
}

function slotUsed(address: string, slot: bigint): ViaductError {
  return new ViaductError({
    code: 'TX_NONCE_TAKEN',
    shortMessage: `Sequence ${slot} of the vault account ${address} is used already.`,
  });
}

function tooFew(address: string, count: number, threshold: number): ViaductError {
  return new ViaductError({
    code: 'QUORUM_MISSING',
    shortMessage: `${count} good signatures for a release of ${address}, ${threshold} are needed.`,
  });
}

const NOBODY = 255;
const NONE = new Uint8Array(0);
