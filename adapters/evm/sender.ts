/**
 * A plain account that sends transactions one by one and waits for their receipts: for users, operators and the local
 * network. The relayer's own accounts are in `account.ts`: they journal before they send.
 */
import type { Hex } from 'viem';
import { type Clock, nextDelay } from '../../relayer/core/clock.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { revertData, revertMeaning } from './errors.ts';
import { DEFAULT_FEE_LIMITS, type FeeLimits, nextFees } from './fees.ts';
import { readFeeMarket } from './feeMarket.ts';
import { asRecord, parseData, parseQuantity, quantity } from './json.ts';
import type { RpcEndpoint } from './rpc.ts';
import { signTransaction, TRANSACTION_GAS_MAX } from './transaction.ts';

export interface EvmReceipt {
  /** 0x-prefixed hash. */
  readonly transaction: string;
  readonly height: bigint;
  /** 32 bytes. */
  readonly blockHash: Uint8Array;
  readonly gasUsed: bigint;
  /** Of a deployment, 20 bytes. */
  readonly contract: Uint8Array | undefined;
  /** The node's own object, unverified. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface EvmSend {
  /** 20 bytes; left out, the data is deployed. */
  readonly to?: Uint8Array;
  readonly data: Uint8Array;
  readonly value?: bigint;
}

export interface EvmSender {
  readonly endpoint: RpcEndpoint;
  readonly chainId: number;
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** Sends without waiting; the hash. The nonce counts what is pending. */
  submit(send: EvmSend, signal: AbortSignal): Promise<string>;
  /** Waits for a receipt. Throws `TX_REVERTED`. */
  wait(transaction: string, signal: AbortSignal): Promise<EvmReceipt>;
  send(send: EvmSend, signal: AbortSignal): Promise<EvmReceipt>;
}

export interface EvmSenderOptions {
  readonly endpoint: RpcEndpoint;
  readonly chainId: number;
  /** 32 bytes. Never shown. */
  readonly privateKey: Uint8Array;
  readonly feeLimits?: FeeLimits;
}

const RECEIPT_TRIES_MAX = 120;
const RECEIPT_MS_MIN = 20;
const RECEIPT_MS_MAX = 1_000;

export function createEvmSender(deps: { readonly clock: Clock }, options: EvmSenderOptions): EvmSender {
  const { endpoint, chainId, privateKey } = options;
  const address = addressOf(privateKey);
  const from = toHex(address);

  const submit = async ({ to, data, value = 0n }: EvmSend, signal: AbortSignal): Promise<string> => {
    const call = { from, ...(to === undefined ? {} : { to: toHex(to) }), data: toHex(data), value: quantity(value) };
    const estimated = await endpoint.call('eth_estimateGas', [call, 'pending'], signal);
    if (estimated.kind === 'error') throw refused(from, revertData(estimated.data), estimated.message);
    const gas = parseQuantity(estimated.value) ?? 0n;
    const withMargin = (gas * 6n) / 5n;
    const market = await readFeeMarket(endpoint, signal);
    const offer = nextFees(market, 0, undefined, options.feeLimits ?? DEFAULT_FEE_LIMITS);
    const nonce = parseQuantity(await endpoint.result('eth_getTransactionCount', [from, 'pending'], signal));
    if (offer.kind === 'capped' || nonce === undefined) throw refused(from, undefined, 'no nonce or no fee to offer');
    const { raw, hash } = signTransaction(
      { to, value, data, gas: withMargin < TRANSACTION_GAS_MAX ? withMargin : TRANSACTION_GAS_MAX },
      chainId,
      nonce,
      offer.fees,
      privateKey,
    );
    await endpoint.result('eth_sendRawTransaction', [toHex(raw)], signal);
    return hash;
  };

  const wait = async (transaction: string, signal: AbortSignal): Promise<EvmReceipt> => {
    for (let i = 0; i < RECEIPT_TRIES_MAX; i++) {
      const raw = asRecord(await endpoint.result('eth_getTransactionReceipt', [transaction], signal));
      if (raw !== undefined) return readReceipt(transaction, raw);
      await deps.clock.sleep(nextDelay(i, RECEIPT_MS_MIN, RECEIPT_MS_MAX), signal);
    }
    throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `No receipt of transaction ${transaction}.` });
  };

  return {
    endpoint,
    chainId,
    address,
    submit,
    wait,
    send: async (send, signal) => wait(await submit(send, signal), signal),
  };
}

function readReceipt(transaction: string, raw: Readonly<Record<string, unknown>>): EvmReceipt {
  const height = parseQuantity(raw['blockNumber']);
  const gasUsed = parseQuantity(raw['gasUsed']);
  const blockHash = parseData(raw['blockHash'], 32);
  if (height === undefined || gasUsed === undefined || blockHash === undefined) {
    throw new ViaductError({
      code: 'ENDPOINT_FAILED',
      shortMessage: `Malformed receipt of transaction ${transaction}.`,
    });
  }
  if (parseQuantity(raw['status']) !== 1n) {
    throw new ViaductError({
      code: 'TX_REVERTED',
      shortMessage: `Transaction ${transaction} was included and reverted.`,
    });
  }
  return { transaction, height, blockHash, gasUsed, contract: parseData(raw['contractAddress'], 20), raw };
}

function refused(from: string, data: Hex | undefined, words: string): ViaductError {
  return new ViaductError({
    code: 'TX_REVERTED',
    shortMessage: `A transaction of ${from} would be refused.`,
    metaMessages: [data === undefined ? `The endpoint says: ${words}` : revertMeaning(data).reason],
  });
}
