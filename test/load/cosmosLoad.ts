/**
 * Load on a Cosmos chain: transactions of many `MsgSend`s to the vault, from several accounts that one funder pays. A memo names
 * one receiver for all deposits of its transaction, so each transaction has a receiver of its own.
 *
 * It signs with keys made from a seed, which anybody can make too: for local networks only.
 */
import {
  balanceOf,
  createCometEndpoint,
  createCosmosSender,
  type CosmosSender,
  encodeMemo,
  formatAccount,
} from '../../adapters/cosmos/index.ts';
import { createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { utf8 } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { asViaductError, ViaductError } from '../../relayer/core/errors.ts';
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

type Outcome = { readonly height: bigint; readonly succeeded: boolean };

/** 500 `MsgSend`s are 60 kB; nodes take transactions of some 700 kB through RPC. */
const BATCH_MAX = 500;
/** Fees of any run: the local chain's are some units a transaction. */
const FEES = 1_000_000_000n;

export function createCosmosLoad(deps: { readonly clock: Clock }, options: CosmosLoadOptions): LoadDriver {
  const { url, chain, vaults, target, denom, unit, receivers } = options;
  const { chainId, prefix, feeDenom, costs } = chain;
  const senders: CosmosSender[] = [];
  const outcomes = new Map<string, Outcome>();
  let waiting = 0;
  let turn = 0;
  let failure: ViaductError | undefined;

  const open = async (privateKey: Uint8Array): Promise<CosmosSender> =>
    createCosmosSender(deps, { url, chainId, prefix, privateKey, feeDenom, costs });

  return {
    batchMax: BATCH_MAX,
    waitingMax: 20 * BATCH_MAX,
    parallel: options.senders,

    async prepare(deposits, batch, signal) {
      const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url }), { chainId });
      const funder = await open(options.funder);
      const share = receivers.total(0, Math.ceil(deposits / options.senders) + batch + 9) * unit;
      for (let index = 0; index < options.senders; index++) {
        const sender = await open(keccak256(utf8(`${options.seed} sender ${index}`)));
        senders.push(sender);
        const needed = new Map([[denom, share]]);
        needed.set(feeDenom, (needed.get(feeDenom) ?? 0n) + FEES);
        const gifts: { denom: string; amount: string }[] = [];
        for (const [coin, amount] of [...needed].sort(([a], [b]) => (a < b ? -1 : 1))) {
          const missing = amount - (await balanceOf(endpoint, coin, sender.address, signal));
          if (missing > 0n) gifts.push({ denom: coin, amount: missing.toString() });
        }
        if (gifts.length > 0) await funder.send([send(funder.address, sender.address, gifts)], '', signal);
      }
      funder.close();
    },

    async send(first, count, signal) {
      if (failure !== undefined) throw failure;
      const number = turn++;
      const sender = senders[number % senders.length];
      const vault = vaults[number % vaults.length];
      if (sender === undefined || vault === undefined) throw failed('has no sender or no vault');
      const to = formatAccount(vault, prefix);
      const messages = Array.from({ length: count }, (_, index) => {
        const amount = (receivers.amount(first + index) * unit).toString();
        return send(sender.address, to, [{ denom, amount }]);
      });
      const memo = encodeMemo({ target, receiver: receivers.receiver(first), deadline: 0n });
      const transaction = await sender.submit(messages, memo, signal);
      waiting += count;
      sender
        .wait(transaction, signal)
        .then(
          ({ height }) => void outcomes.set(transaction, { height, succeeded: true }),
          (thrown: unknown) => {
            const error = asViaductError(thrown);
            if (error.code === 'TX_REVERTED') outcomes.set(transaction, { height: 0n, succeeded: false });
            else failure ??= error;
          },
        )
        .finally(() => {
          waiting -= count;
        });
      return { first, count, transaction };
    },

    waiting: async () => Promise.resolve(waiting),

    async settle(batches) {
      for (const sender of senders) sender.close();
      if (failure !== undefined) throw failure;
      return Promise.resolve(
        batches.map((batch): IncludedBatch => {
          const outcome = outcomes.get(batch.transaction);
          if (outcome === undefined) throw failed(`lost transaction ${batch.transaction}`);
          return { ...batch, ...outcome };
        }),
      );
    },
  };
}

function send(fromAddress: string, toAddress: string, amount: readonly { denom: string; amount: string }[]) {
  return { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: { fromAddress, toAddress, amount: [...amount] } };
}

function failed(what: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `The loaded chain ${what}.` });
}
