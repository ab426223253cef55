/**
 * Load on an EVM chain: the gateway's own `sendBatch`, many deposits in one transaction, from several accounts that one funder
 * gives coins and tokens. Nothing of it is made for tests: the contract is the deployed one, and the price is the real price.
 *
 * It signs with keys made from a seed, which anybody can make too: for local networks only.
 */
import {
  balanceOf,
  createEvmSender,
  createRpcEndpoint,
  type EvmSender,
  type Fees,
  type RpcEndpoint,
} from '../../adapters/evm/index.ts';
import { DEFAULT_FEE_LIMITS, nextFees } from '../../adapters/evm/fees.ts';
import { readFeeMarket } from '../../adapters/evm/feeMarket.ts';
import { laneArgument, readViews } from '../../adapters/evm/gatewayCalls.ts';
import { asList, asRecord, parseQuantity, quantity } from '../../adapters/evm/json.ts';
import { signTransaction, TRANSACTION_GAS_MAX } from '../../adapters/evm/transaction.ts';
import { concatBytes, padWord, toHex, utf8, word } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type AssetId, idBytes, type LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import type { IncludedBatch, LoadBatch, LoadDriver } from './load.ts';
import type { Receivers } from './receivers.ts';

export interface EvmLoadOptions {
  readonly url: string;
  readonly chainId: number;
  /** 20 bytes. */
  readonly gateway: Uint8Array;
  readonly lane: LaneId;
  readonly asset: AssetId;
  /** 20 bytes; undefined for the chain's own coin. */
  readonly token: Uint8Array | undefined;
  /** Whether the gateway takes the tokens by allowance; a bridged token needs none. */
  readonly needsApproval: boolean;
  /** Token units of one step of the receivers' amounts. */
  readonly unit: bigint;
  readonly receivers: Receivers;
  /** 32 bytes: has the coins and tokens that the senders get. */
  readonly funder: Uint8Array;
  /** Accounts that send in turn. */
  readonly senders: number;
  readonly seed: string;
}

export interface EvmLoad extends LoadDriver {
  /** The lane's next sequence on the source, as the gateway says now. */
  nextSequence(signal: AbortSignal): Promise<bigint>;
}

interface Sender {
  readonly key: Uint8Array;
  readonly address: Uint8Array;
  nonce: bigint;
  /** Batches taken by the node, by nonce. */
  readonly waiting: Map<bigint, number>;
}

/** `sendBatch` has five arguments. */
const HEAD_WORDS = 5;
/** Of a batch the size of the plan's; the rest of a block's gas is left to others. */
const SENDER_COINS = 100n * 10n ** 18n;
const GAS_MARGIN_PERCENT = 10n;
/** Once a second: full blocks raise the base fee by an eighth each. */
const FEES_MS = 1_000;
const SHOWN_TRIES = 20;
const SHOWN_MS = 250;

export function createEvmLoad(deps: { readonly clock: Clock }, options: EvmLoadOptions): EvmLoad {
  const { chainId, gateway, lane, asset, token, unit, receivers } = options;
  const endpoint = createRpcEndpoint(deps, { url: options.url, chainId });
  const funder = createEvmSender(deps, { endpoint, chainId, privateKey: options.funder });
  const senders: Sender[] = [];
  let turn = 0;
  let gasPerDeposit = 0n;
  let fees: { readonly offer: Fees; readonly atMs: number } | undefined;
  let firstHeight = 0n;
  let firstSequence = 0n;

  /** `sendBatch(lane, asset, amounts, receivers, 0)`, laid out by hand: a general encoder costs 40 us a deposit. */
  function batchData(first: number, count: number): Uint8Array {
    const accountBytes = receivers.receiver(first).length;
    const accounts = new Uint8Array(Math.ceil((count * accountBytes) / 32) * 32);
    const amounts: Uint8Array[] = [];
    for (let index = 0; index < count; index++) {
      amounts.push(word(receivers.amount(first + index) * unit));
      accounts.set(receivers.receiver(first + index), index * accountBytes);
    }
    const head = [word(BigInt(asset)), word(HEAD_WORDS * 32), word((HEAD_WORDS + 1 + count) * 32), word(0)];
    const lengths = [word(count), word(count * accountBytes)] as const;
    return concatBytes(SEND_BATCH, idBytes(lane), ...head, lengths[0], ...amounts, lengths[1], accounts);
  }

  async function currentFees(signal: AbortSignal): Promise<Fees> {
    const now = deps.clock.now();
    if (fees !== undefined && now - fees.atMs < FEES_MS) return fees.offer;
    const offer = nextFees(await readFeeMarket(endpoint, signal), 0, undefined, {
      ...DEFAULT_FEE_LIMITS,
      maxFeePerGasMax: 10n ** 15n,
    });
    if (offer.kind === 'capped') throw failed('asks more for gas than this load offers');
    fees = { offer: offer.fees, atMs: now };
    return offer.fees;
  }

  async function nextSequence(signal: AbortSignal): Promise<bigint> {
    const [view] = await readViews(
      endpoint,
      gateway,
      [{ functionName: 'outboundLanes', args: [laneArgument(lane)] }],
      signal,
    );
    return (view as readonly [bigint])[0];
  }

  return {
    // 2,000 receivers and amounts are 104 kB of call data; geth's pool takes transactions of 128 kB.
    batchMax: 2_000,
    waitingMax: 50_000,
    // One for each sender: the node must see the nonces of an account in their order.
    parallel: options.senders,
    nextSequence,

    async prepare(deposits, batch, signal) {
      // Every sender may have to send all of it but what the others took; a batch more for the way it divides.
      const share = Math.ceil(deposits / options.senders) + batch;
      const amount = receivers.total(0, share + 9) * unit;
      const accounts = Array.from({ length: options.senders }, (_, index) => {
        const privateKey = keccak256(utf8(`${options.seed} sender ${index}`));
        return { privateKey, account: createEvmSender(deps, { endpoint, chainId, privateKey }) };
      });
      const waitFor = async (hashes: readonly string[]): Promise<void> => {
        await Promise.all(hashes.map(async (hash) => funder.wait(hash, signal)));
      };
      const gifts: string[] = [];
      for (const { account } of accounts) gifts.push(...(await fund(funder, account, token, amount, signal)));
      await waitFor(gifts);
      if (token !== undefined && options.needsApproval) {
        const data = tokenCall(APPROVE, gateway, amount);
        await waitFor(
          await Promise.all(accounts.map(async ({ account }) => account.submit({ to: token, data }, signal))),
        );
      }
      for (const { privateKey, account } of accounts) {
        const nonce = await countOf(endpoint, account.address, signal);
        senders.push({ key: privateKey, address: account.address, nonce, waiting: new Map() });
      }
      const [first] = senders;
      if (first === undefined) throw failed('has no sender');
      const value = token === undefined ? receivers.total(0, batch) * unit : 0n;
      const call = { from: toHex(first.address), to: toHex(gateway), value: quantity(value) };
      const data = toHex(batchData(0, batch));
      const gas = parseQuantity(await endpoint.result('eth_estimateGas', [{ ...call, data }], signal));
      if (gas === undefined) throw failed('does not estimate a batch');
      if (gas > TRANSACTION_GAS_MAX)
        throw failed(`needs ${gas} gas for ${batch} deposits: more than a transaction may use`);
      gasPerDeposit = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n / BigInt(batch) + 1n;
      firstHeight = parseQuantity(await endpoint.result('eth_blockNumber', [], signal)) ?? 0n;
      firstSequence = await nextSequence(signal);
    },

    async send(first, count, signal) {
      const sender = senders[turn++ % senders.length];
      if (sender === undefined) throw failed('was not prepared');
      const value = token === undefined ? receivers.total(first, count) * unit : 0n;
      // What a batch costs whatever its size is in the estimate of a full one: a smaller one gets it on top.
      const gas = 100_000n + gasPerDeposit * BigInt(count);
      const call = { to: gateway, value, data: batchData(first, count), gas: least(gas, TRANSACTION_GAS_MAX) };
      const nonce = sender.nonce++;
      const { raw, hash } = signTransaction(call, chainId, nonce, await currentFees(signal), sender.key);
      await endpoint.result('eth_sendRawTransaction', [toHex(raw)], signal);
      sender.waiting.set(nonce, count);
      return { first, count, transaction: hash };
    },

    async waiting(signal) {
      const calls = senders.map(({ address }) => {
        return { method: 'eth_getTransactionCount', params: [toHex(address), 'latest'] };
      });
      const answers = await endpoint.batch(calls, signal);
      let waiting = 0;
      for (const [index, sender] of senders.entries()) {
        const answer = answers[index];
        const used = answer?.kind === 'result' ? parseQuantity(answer.value) : undefined;
        if (used === undefined) throw failed('answered a malformed nonce');
        for (const [nonce, count] of sender.waiting) {
          if (nonce < used) sender.waiting.delete(nonce);
          else waiting += count;
        }
      }
      return waiting;
    },

    async settle(batches, signal) {
      let heights = await heightsOf(endpoint, firstHeight, signal);
      // A node may count a transaction a moment before it shows the block that holds it.
      for (
        let tries = 0;
        tries < SHOWN_TRIES && !batches.every(({ transaction }) => heights.has(transaction));
        tries++
      ) {
        await deps.clock.sleep(SHOWN_MS, signal);
        heights = await heightsOf(endpoint, firstHeight, signal);
      }
      const sent = batches.reduce((sum, { count }) => sum + count, 0);
      // Nobody else sent on the lane and nothing failed: no receipt, with all its logs, needs to be read.
      const allSucceeded = (await nextSequence(signal)) - firstSequence === BigInt(sent);
      const included: IncludedBatch[] = [];
      for (const batch of batches) {
        const height = heights.get(batch.transaction);
        if (height === undefined) throw failed(`lost transaction ${batch.transaction}`);
        const succeeded = allSucceeded || (await didSucceed(endpoint, batch, signal));
        included.push({ ...batch, height, succeeded });
      }
      return included;
    },
  };
}

/** Coins for gas and the tokens of its share: what is missing of each. Hashes of what was sent. */
async function fund(
  funder: EvmSender,
  sender: EvmSender,
  token: Uint8Array | undefined,
  amount: bigint,
  signal: AbortSignal,
): Promise<string[]> {
  const { endpoint, address } = sender;
  const sent: string[] = [];
  const coins = SENDER_COINS + (token === undefined ? amount : 0n);
  const missingCoins = coins - (await balanceOf(endpoint, undefined, address, signal));
  const nothing = new Uint8Array(0);
  if (missingCoins > 0n) sent.push(await funder.submit({ to: address, data: nothing, value: missingCoins }, signal));
  if (token === undefined) return sent;
  const missing = amount - (await balanceOf(endpoint, token, address, signal));
  if (missing > 0n) sent.push(await funder.submit({ to: token, data: tokenCall(TRANSFER, address, missing) }, signal));
  return sent;
}

const SEND_BATCH = selector('sendBatch(bytes32,uint32,uint256[],bytes,uint64)');
const TRANSFER = selector('transfer(address,uint256)');
const APPROVE = selector('approve(address,uint256)');

function selector(signature: string): Uint8Array {
  return keccak256(utf8(signature)).slice(0, 4);
}

function tokenCall(function_: Uint8Array, account: Uint8Array, amount: bigint): Uint8Array {
  return concatBytes(function_, padWord(account), word(amount));
}

async function countOf(endpoint: RpcEndpoint, address: Uint8Array, signal: AbortSignal): Promise<bigint> {
  const count = parseQuantity(await endpoint.result('eth_getTransactionCount', [toHex(address), 'latest'], signal));
  if (count === undefined) throw failed('answered a malformed nonce');
  return count;
}

/** Height by transaction, of all blocks since `first`. */
async function heightsOf(endpoint: RpcEndpoint, first: bigint, signal: AbortSignal): Promise<Map<string, bigint>> {
  const heights = new Map<string, bigint>();
  const last = parseQuantity(await endpoint.result('eth_blockNumber', [], signal)) ?? first;
  for (let height = first; height <= last; height++) {
    const block = asRecord(await endpoint.result('eth_getBlockByNumber', [quantity(height), false], signal));
    for (const hash of asList(block?.['transactions']) ?? []) heights.set(String(hash), height);
  }
  return heights;
}

async function didSucceed(endpoint: RpcEndpoint, batch: LoadBatch, signal: AbortSignal): Promise<boolean> {
  const receipt = asRecord(await endpoint.result('eth_getTransactionReceipt', [batch.transaction], signal));
  return parseQuantity(receipt?.['status']) === 1n;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function failed(what: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `The loaded chain ${what}.` });
}
