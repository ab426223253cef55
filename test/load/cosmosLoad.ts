/**
 * Load on a Cosmos chain: transactions of many `MsgSend`s to the vault, from several accounts that one funder pays. A memo names
 * one receiver for all deposits of its transaction, so each transaction has a receiver of its own.
 *
 * It signs with keys made from a seed, which anybody can make too: for local networks only.
 */
import {
  balanceOf,
  type CometEndpoint,
  createCometEndpoint,
  createCosmosSender,
  type CosmosSender,
  encodeMemo,
  formatAccount,
} from '../../adapters/cosmos/index.ts';
import { readAccount, readTip, readTx } from '../../adapters/cosmos/chainQueries.ts';
import { createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { bytesToHex, utf8 } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { ChainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import type { CosmosChain } from '../../relayer/manifest/index.ts';
import type { IncludedBatch, LoadDriver } from './load.ts';
import type { Receivers } from './receivers.ts';

export interface CosmosLoadOptions {
  readonly url: string;
  readonly chain: Pick<CosmosChain, 'chainId' | 'prefix' | 'feeDenom' | 'costs'>;
  /** Accounts of the vault, used in turn. */
  readonly vaults: readonly Uint8Array[];
  readonly target: ChainName;
  readonly denom: string;
  /** Units of the coin in one step of the receivers' amounts. */
  readonly unit: bigint;
  /** With one receiver per transaction. */
  readonly receivers: Receivers;
  /** 32 bytes: has the coins that the senders get. */
  readonly funder: Uint8Array;
  readonly senders: number;
  readonly seed: string;
}

interface Sender {
  readonly sender: CosmosSender;
  /** Sequence of its first transaction here. */
  readonly first: bigint;
  /** Of the coin, before that. */
  readonly held: bigint;
  /** Deposits of its transactions, in their order. */
  readonly sent: number[];
  /** Units of the coin in all of them. */
  amount: bigint;
}

/** 500 `MsgSend`s are 60 kB; nodes take transactions of some 700 kB through RPC. */
const BATCH_MAX = 500;
/** Fees of any run: the local chain's are some units a transaction. */
const FEES = 1_000_000_000n;

export function createCosmosLoad(deps: { readonly clock: Clock }, options: CosmosLoadOptions): LoadDriver {
  const { url, chain, vaults, target, denom, unit, receivers } = options;
  const { chainId, prefix, feeDenom, costs } = chain;
  const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url }), { chainId });
  const senders: Sender[] = [];
  let firstHeight = 0n;
  let turn = 0;

  const open = async (privateKey: Uint8Array): Promise<CosmosSender> =>
    createCosmosSender(deps, { url, chainId, prefix, privateKey, feeDenom, costs });

  /** Transactions of a sender that blocks hold. */
  async function included({ sender, first }: Sender, signal: AbortSignal): Promise<number> {
    return Number(((await readAccount(endpoint, sender.address, signal))?.sequence ?? first) - first);
  }

  /** A sender that has just what it sent less has sent it: no result, with all its events, needs to be read. */
  async function haveAllSucceeded(signal: AbortSignal): Promise<boolean> {
    const spent = senders.map(async ({ sender, held, amount }) => {
      return held - (await balanceOf(endpoint, denom, sender.address, signal)) === amount;
    });
    return (await Promise.all(spent)).every(Boolean);
  }

  return {
    batchMax: BATCH_MAX,
    waitingMax: 20 * BATCH_MAX,
    parallel: options.senders,

    async prepare(deposits, batch, signal) {
      const funder = await open(options.funder);
      const share = receivers.total(0, Math.ceil(deposits / options.senders) + batch + 9) * unit;
      firstHeight = (await readTip(endpoint, signal)).height + 1n;
      for (let index = 0; index < options.senders; index++) {
        const sender = await open(keccak256(utf8(`${options.seed} sender ${index}`)));
        const needed = new Map([[denom, share]]);
        needed.set(feeDenom, (needed.get(feeDenom) ?? 0n) + FEES);
        const gifts: { denom: string; amount: string }[] = [];
        for (const [coin, amount] of [...needed].sort(([a], [b]) => (a < b ? -1 : 1))) {
          const missing = amount - (await balanceOf(endpoint, coin, sender.address, signal));
          if (missing > 0n) gifts.push({ denom: coin, amount: missing.toString() });
        }
        if (gifts.length > 0) await funder.send([send(funder.address, sender.address, gifts)], '', signal);
        const first = (await readAccount(endpoint, sender.address, signal))?.sequence ?? 0n;
        const held = await balanceOf(endpoint, denom, sender.address, signal);
        senders.push({ sender, first, held, sent: [], amount: 0n });
      }
      funder.close();
    },

    async send(first, count, signal) {
      const number = turn++;
      const one = senders[number % senders.length];
      const vault = vaults[number % vaults.length];
      if (one === undefined || vault === undefined) throw failed('has no sender or no vault');
      const { sender } = one;
      const to = formatAccount(vault, prefix);
      const messages = Array.from({ length: count }, (_, index) => {
        const amount = (receivers.amount(first + index) * unit).toString();
        return send(sender.address, to, [{ denom, amount }]);
      });
      const memo = encodeMemo({ target, receiver: receivers.receiver(first), deadline: 0n });
      const transaction = await sender.submit(messages, memo, signal);
      one.sent.push(count);
      one.amount += receivers.total(first, count) * unit;
      return { first, count, transaction };
    },

    async waiting(signal) {
      const left = senders.map(async (one) => {
        return one.sent.slice(await included(one, signal)).reduce((sum, count) => sum + count, 0);
      });
      return (await Promise.all(left)).reduce((sum, count) => sum + count, 0);
    },

    async settle(batches, signal) {
      for (const { sender } of senders) sender.close();
      const heights = new Map<string, bigint>();
      const { height: last } = await readTip(endpoint, signal);
      for (let height = firstHeight; height <= last; height++) {
        for (const hash of await hashesAt(endpoint, height, signal)) heights.set(hash, height);
      }
      const allSucceeded = await haveAllSucceeded(signal);
      const settled: IncludedBatch[] = [];
      for (const batch of batches) {
        const height = heights.get(batch.transaction);
        if (height === undefined) throw failed(`lost transaction ${batch.transaction}`);
        const succeeded = allSucceeded || (await readTx(endpoint, batch.transaction, signal))?.code === 0;
        settled.push({ ...batch, height, succeeded });
      }
      return settled;
    },
  };
}

/** Of the transactions in a block, as the chain writes them. */
async function hashesAt(endpoint: CometEndpoint, height: bigint, signal: AbortSignal): Promise<string[]> {
  const { block } = (await endpoint.result('block', { height: height.toString() }, signal)) as {
    readonly block: { readonly data: { readonly txs: readonly string[] | null } };
  };
  return (block.data.txs ?? []).map((text) => bytesToHex(sha256(Buffer.from(text, 'base64'))).toUpperCase());
}

function send(fromAddress: string, toAddress: string, amount: readonly { denom: string; amount: string }[]) {
  return { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: { fromAddress, toAddress, amount: [...amount] } };
}

function failed(what: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `The loaded chain ${what}.` });
}
