/**
 * One funded account that submits to one EVM gateway. It has no authority: it pays gas.
 *
 * What a target says is only a hint; settlement comes from the chain's own verified blocks. Several transactions of the
 * account may be in flight, so estimates are made at the latest block and never depend on pending ones.
 */
import type { Hex } from 'viem';
import { equalBytes, fromHex, toHex } from '../../relayer/core/bytes.ts';
import { chunkCount } from '../../relayer/core/checkpoint.ts';
import { asViaductError, ViaductError } from '../../relayer/core/errors.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { ACCOUNT_IN_FLIGHT_MAX, RETRY_MS_MIN } from '../../relayer/core/limits.ts';
import type {
  Delivery,
  Preparation,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
} from '../../relayer/core/ports.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { checkpointPreimage } from './acceptedCheckpoint.ts';
import { createEndpointRing, type EndpointRing, isEndpointsFault } from '../endpoints/endpointRing.ts';
import { broadcastMeaning, revertData, type RevertMeaning, revertMeaning } from './errors.ts';
import { DEFAULT_FEE_LIMITS, type FeeLimits, type Fees, nextFees } from './fees.ts';
import { readFeeMarket } from './feeMarket.ts';
import { createGasLimits, type GasLimits } from './gasLimits.ts';
import { acceptAndDeliverData, deliverData, laneArgument, readViews } from './gatewayCalls.ts';
import { asRecord, dataHex, parseQuantity, quantity } from './json.ts';
import { SKIP } from './listReader.ts';
import type { RpcEndpoint } from './rpc.ts';
import { decodeCall, encodeCall, signTransaction, TRANSACTION_GAS_MAX } from './transaction.ts';

export interface EvmAccountOptions {
  readonly chainId: number;
  readonly endpoints: readonly RpcEndpoint[];
  /** The gateway's address, 20 bytes. */
  readonly gateway: Uint8Array;
  /** 32 bytes. Kept in memory, never shown. */
  readonly privateKey: Uint8Array;
  readonly feeLimits?: FeeLimits;
}

/** The chain moves on between the estimate and the inclusion: a receiver's first token costs a new slot more. */
const GAS_MARGIN_PERCENT = 15n;
/** The gateway wants this much left before a payment (`PAYMENT_GAS_NEEDED`): more is needed than is used. */
const PAYMENT_RESERVE = 145_000n;
/** Chunk bases tried backwards from the lane's count: 0.1 s of hashing. An older checkpoint is not worth finding here. */
const CHUNK_BASES_TRIED_MAX = 20_000;

export function createEvmAccount(options: EvmAccountOptions): TargetAccount {
  const { chainId, gateway, privateKey } = options;
  const feeLimits = options.feeLimits ?? DEFAULT_FEE_LIMITS;
  const ring = createEndpointRing(options.endpoints);
  const own = addressOf(privateKey);
  const address = toHex(own);
  /** What was offered last for a slot, so that a replacement offers enough more. Lost with the process: see `nextFees`. */
  const offered = new Map<bigint, { readonly attempt: number; readonly fees: Fees }>();
  const limits = createGasLimits();

  return {
    address,
    nextSlot: async (signal) => ring.ask(async (endpoint) => nonceOf(endpoint, address, signal), signal),
    prepare: async (delivery, signal) =>
      ring.ask(async (endpoint) => prepare(endpoint, gateway, address, limits, delivery, signal), signal),
    sign: async (call, slot, attempt, signal) => {
      const market = await ring.ask(async (endpoint) => readFeeMarket(endpoint, signal), signal);
      const last = offered.get(slot);
      const offer = nextFees(
        market,
        attempt,
        last !== undefined && last.attempt < attempt ? last.fees : undefined,
        feeLimits,
      );
      if (offer.kind === 'capped') {
        throw new ViaductError({
          code: 'TX_UNDERPRICED',
          shortMessage: `The fee limit of account ${address} leaves no room to replace its transaction ${slot}.`,
          metaMessages: [`Needed ${offer.needed} wei a gas, allowed ${feeLimits.maxFeePerGasMax}.`],
        });
      }
      offered.set(slot, { attempt, fees: offer.fees });
      for (const old of [...offered.keys()].slice(0, -4 * ACCOUNT_IN_FLIGHT_MAX)) offered.delete(old);
      return { slot, attempt, call, ...signTransaction(decodeCall(call), chainId, slot, offer.fees, privateKey) };
    },
    broadcast: async (transaction, signal) => broadcast(ring, address, transaction, signal),
    outcome: async (transaction, signal) => {
      const outcome = await ring.ask(async (endpoint) => outcomeOf(endpoint, address, transaction, signal), signal);
      if (outcome.kind === 'included') {
        const { data } = decodeCall(transaction.call);
        if (data.length > 0) limits.learn(data.length, outcome.gasUsed + PAYMENT_RESERVE);
      }
      return outcome;
    },
    blank: () => encodeCall({ to: own, value: 0n, gas: 21_000n, data: new Uint8Array(0) }),
  };
}

async function prepare(
  endpoint: RpcEndpoint,
  gateway: Uint8Array,
  from: string,
  limits: GasLimits,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<Preparation> {
  const { checkpoint } = delivery;
  const lane = laneArgument(checkpoint.lane);
  const [laneView, commitmentHex, paused] = (await readViews(
    endpoint,
    gateway,
    [
      { functionName: 'inboundLanes', args: [lane] },
      { functionName: 'checkpoints', args: [lane, checkpoint.firstSequence] },
      { functionName: 'paused', args: [] },
    ],
    signal,
  )) as [readonly [bigint, bigint], Hex, boolean];
  const [acceptedSequence, acceptedChunks] = laneView;
  if (paused) return { kind: 'wait', reason: 'the gateway is paused', retryMs: 30_000 };
  if (checkpoint.firstSequence > acceptedSequence) {
    return { kind: 'wait', reason: `the gateway accepted up to ${acceptedSequence} so far`, retryMs: RETRY_MS_MIN };
  }

  const commitment = fromHex(commitmentHex, 32);
  const isAccepted = commitment.some((byte) => byte !== 0);
  const findBase = async (): Promise<bigint | undefined> => {
    const found = findChunkBase(delivery, commitment, acceptedChunks);
    if (found !== undefined) return found;
    // The checkpoint may have been accepted between two of these answers: what the lane says now is not older than it.
    const again = await readViews(endpoint, gateway, [{ functionName: 'inboundLanes', args: [lane] }], signal);
    const [[, chunksNow]] = again as [readonly [bigint, bigint]];
    return chunksNow === acceptedChunks ? undefined : findChunkBase(delivery, commitment, chunksNow);
  };
  const chunkBase = isAccepted ? await findBase() : acceptedChunks;
  if (chunkBase === undefined) return { kind: 'refused', reason: 'another checkpoint was accepted at this sequence' };
  // That a chunk is delivered already is what the call itself says: asking first would be a request for each.
  const data = isAccepted ? deliverData(delivery, chunkBase) : acceptAndDeliverData(delivery, chunkBase);
  const tried = await tryGas(endpoint, { from, to: toHex(gateway), data: dataHex(data) }, data.length, limits, signal);
  return tried.kind === 'gas'
    ? { kind: 'send', call: encodeCall({ to: gateway, value: 0n, gas: tried.limit, data }) }
    : tried;
}

type Tried = { readonly kind: 'gas'; readonly limit: bigint } | Exclude<Preparation, { kind: 'send' }>;

/** A gas limit that the call passed with at the latest block, with its margin; or what the call reverts with. */
async function tryGas(
  node: RpcEndpoint,
  call: Readonly<Record<string, string>>,
  dataBytes: number,
  limits: GasLimits,
  signal: AbortSignal,
): Promise<Tried> {
  const suggested = limits.suggest(dataBytes);
  if (suggested !== undefined && suggested <= TRANSACTION_GAS_MAX) {
    const answer = await node.call('eth_call', [{ ...call, gas: quantity(suggested) }, 'latest'], signal);
    if (answer.kind === 'result') return { kind: 'gas', limit: withMargin(suggested) };
    // What another limit could mend is left to the estimate.
    const reverted = revertData(answer.data);
    const meaning = reverted === undefined ? undefined : revertMeaning(reverted);
    if (meaning !== undefined && meaning.kind !== 'refused') return preparationOf(meaning);
  }
  const estimated = await node.call('eth_estimateGas', [call, 'latest'], signal);
  const gas = estimated.kind === 'result' ? parseQuantity(estimated.value) : undefined;
  if (gas !== undefined) {
    if (gas > TRANSACTION_GAS_MAX)
      return { kind: 'refused', reason: `needs ${gas} gas, a transaction may use ${TRANSACTION_GAS_MAX}` };
    limits.learn(dataBytes, gas);
    return { kind: 'gas', limit: withMargin(gas) };
  }
  // Some nodes give the revert's data only for a call.
  const direct = estimated.kind === 'error' ? revertData(estimated.data) : undefined;
  const reverted = direct ?? (await revertOf(node, call, 'latest', signal));
  if (reverted === undefined) throw failed(node, 'could not estimate the gas of a delivery');
  return preparationOf(revertMeaning(reverted));
}

function withMargin(gas: bigint): bigint {
  const more = gas + (gas * GAS_MARGIN_PERCENT) / 100n;
  return more < TRANSACTION_GAS_MAX ? more : TRANSACTION_GAS_MAX;
}

function preparationOf(meaning: RevertMeaning): Exclude<Preparation, { kind: 'send' }> {
  return meaning.kind === 'alreadyDelivered' ? { kind: 'alreadyDelivered' } : meaning;
}

/** The chunk base with which this very checkpoint gives the stored commitment, or undefined. */
function findChunkBase({ checkpoint }: Delivery, commitment: Uint8Array, acceptedChunks: bigint): bigint | undefined {
  let base = acceptedChunks - BigInt(chunkCount(checkpoint));
  for (let i = 0; i < CHUNK_BASES_TRIED_MAX && base >= 0n; i++, base--) {
    if (equalBytes(keccak256(checkpointPreimage(checkpoint, base)), commitment)) return base;
  }
  return undefined;
}

/** Sends to every endpoint; one that takes or knows it is enough. */
async function broadcast(
  ring: EndpointRing<RpcEndpoint>,
  address: string,
  transaction: SignedTransaction,
  signal: AbortSignal,
): Promise<void> {
  const raw = dataHex(transaction.raw);
  const meanings = await Promise.all(
    ring.all.map(async (endpoint) => {
      try {
        const answer = await endpoint.call('eth_sendRawTransaction', [raw], signal);
        return answer.kind === 'result'
          ? 'known'
          : { meaning: broadcastMeaning(answer.message), words: answer.message };
      } catch (error) {
        const failure = asViaductError(error);
        if (!isEndpointsFault(failure)) throw failure;
        return { meaning: 'other' as const, words: failure.shortMessage };
      }
    }),
  );
  const refusals = meanings.filter((meaning) => meaning !== 'known');
  if (refusals.length < meanings.length || refusals.some(({ meaning }) => meaning === 'known')) return;

  const has = (wanted: string): boolean => refusals.some(({ meaning }) => meaning === wanted);
  const metaMessages = refusals.map(({ words }) => `An endpoint says: ${words}`);
  if (has('nonceTooLow')) {
    // The slot is used: by this very transaction, which is what was wanted, or by another.
    const outcome = await ring.ask(async (endpoint) => outcomeOf(endpoint, address, transaction, signal), signal);
    if (outcome.kind !== 'slotTaken') return;
    throw new ViaductError({
      code: 'TX_NONCE_TAKEN',
      shortMessage: `Another transaction of account ${address} took nonce ${transaction.slot}.`,
      metaMessages,
    });
  }
  if (has('underpriced')) {
    throw new ViaductError({
      code: 'TX_UNDERPRICED',
      shortMessage: `Transaction ${transaction.slot} of account ${address} offers too little.`,
      metaMessages,
    });
  }
  if (has('outOfFunds')) {
    throw new ViaductError({
      code: 'ACCOUNT_OUT_OF_FUNDS',
      shortMessage: `Account ${address} cannot pay for its transaction.`,
      metaMessages: [...metaMessages, 'Send it native coin of this chain.'],
    });
  }
  throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint took the transaction.', metaMessages });
}

async function outcomeOf(
  endpoint: RpcEndpoint,
  address: string,
  transaction: SignedTransaction,
  signal: AbortSignal,
): Promise<TransactionOutcome> {
  // The nonce is read first: a receipt that is missing afterwards was not hidden by the order of the questions.
  const nonce = await nonceOf(endpoint, address, signal);
  const receipt = await receiptOf(endpoint, transaction.hash, signal);
  if (receipt === undefined) {
    if (nonce <= transaction.slot) return { kind: 'pending' };
    // Included, and its receipt not indexed yet; or another transaction used the nonce.
    const known = asRecord(await endpoint.result('eth_getTransactionByHash', [transaction.hash], signal));
    return parseQuantity(known?.['blockNumber']) === undefined ? { kind: 'slotTaken' } : { kind: 'pending' };
  }
  const height = parseQuantity(receipt['blockNumber']);
  const gasUsed = parseQuantity(receipt['gasUsed']);
  const status = parseQuantity(receipt['status']);
  if (height === undefined || gasUsed === undefined || status === undefined)
    throw failed(endpoint, 'answered a malformed receipt');
  if (status === 1n) return { kind: 'included', height, gasUsed };

  // A receipt has no reason: the same call at the same block says why.
  const { to, gas, data } = decodeCall(transaction.call);
  const call = { from: address, to: toHex(to ?? new Uint8Array(20)), gas: quantity(gas), data: dataHex(data) };
  const reverted = await revertOf(endpoint, call, quantity(height), signal);
  const meaning = reverted === undefined ? undefined : revertMeaning(reverted);
  const unknown = gasUsed >= gas ? 'it ran out of gas' : 'no reason: it does not revert when replayed';
  return {
    kind: 'reverted',
    reason: meaning?.reason ?? unknown,
    height,
    alreadyDelivered: meaning?.kind === 'alreadyDelivered',
  };
}

/** A receipt without its logs: those of 512 payments are half a megabyte of JSON, and nothing here looks at them. */
async function receiptOf(
  endpoint: RpcEndpoint,
  hash: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const method = 'eth_getTransactionReceipt';
  const answer = await endpoint.callList({ method, params: [hash] }, 'logs', SKIP, signal);
  if (answer.kind === 'error') throw failed(endpoint, `refused ${method}`);
  return asRecord(answer.value);
}

/** The revert data of a call at a block, or undefined when it does not revert there. */
async function revertOf(
  endpoint: RpcEndpoint,
  call: Readonly<Record<string, string>>,
  block: string,
  signal: AbortSignal,
): Promise<Hex | undefined> {
  const answer = await endpoint.call('eth_call', [{ gas: quantity(TRANSACTION_GAS_MAX), ...call }, block], signal);
  return answer.kind === 'error' ? revertData(answer.data) : undefined;
}

async function nonceOf(endpoint: RpcEndpoint, address: string, signal: AbortSignal): Promise<bigint> {
  const nonce = parseQuantity(await endpoint.result('eth_getTransactionCount', [address, 'latest'], signal));
  if (nonce === undefined) throw failed(endpoint, 'answered a malformed nonce');
  return nonce;
}

function failed(endpoint: RpcEndpoint, what: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `${endpoint.name} ${what}.` });
}
