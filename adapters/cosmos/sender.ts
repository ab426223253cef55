/**
 * A plain account that sends transactions: for users, operators and the local network. An unmodified cosmjs client makes
 * them; sequences are counted here, so that several transactions can wait for the same block.
 */
import { encodeSecp256k1Signature } from '@cosmjs/amino';
import {
  DirectSecp256k1Wallet,
  type EncodeObject,
  makeSignBytes,
  type OfflineDirectSigner,
} from '@cosmjs/proto-signing';
import { BroadcastTxError, SigningStargateClient, type StdFee } from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { abortedError, type Clock, nextDelay } from '../../relayer/core/clock.ts';
import { createSerial } from '../../relayer/core/concurrency.ts';
import { assert, ViaductError } from '../../relayer/core/errors.ts';
import { sign } from '../../relayer/core/secp256k1.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { parseAccount } from './account.ts';
import { nodeMeaning } from './errors.ts';
import { type CostModel, SDK_053_COSTS, transactionCost } from './fees.ts';
import { aminoTypes, hashOfTx, registry } from './releaseTx.ts';

export interface CosmosSenderOptions {
  /** Of one node's RPC. */
  readonly url: string;
  readonly chainId: string;
  readonly prefix: string;
  /** 32 bytes. Never shown. */
  readonly privateKey: Uint8Array;
  /** The coin that fees are paid in. */
  readonly feeDenom: string;
  readonly costs?: CostModel | undefined;
}

export interface SentTx {
  /** Upper-case hex, as the chain writes it. */
  readonly transaction: string;
  readonly height: bigint;
  readonly gasUsed: bigint;
}

export interface CosmosSender {
  /** Bech32. */
  readonly address: string;
  /** Account bytes. */
  readonly account: Uint8Array;
  readonly prefix: string;
  /** Sends without waiting; the hash. */
  submit(messages: readonly EncodeObject[], memo: string, signal: AbortSignal): Promise<string>;
  /** Waits until it is included. Throws `TX_REVERTED`. */
  wait(transaction: string, signal: AbortSignal): Promise<SentTx>;
  send(messages: readonly EncodeObject[], memo: string, signal: AbortSignal): Promise<SentTx>;
  close(): void;
}

const LOOKS_MAX = 120;
const ASKS_MAX = 6;
const LOOK_MS_MIN = 20;
const LOOK_MS_MAX = 1_000;

export async function createCosmosSender(
  deps: { readonly clock: Clock },
  options: CosmosSenderOptions,
): Promise<CosmosSender> {
  const { url, chainId, prefix, privateKey, feeDenom, costs = SDK_053_COSTS } = options;
  const wallet = await createWallet(privateKey, prefix);
  const address = (await wallet.getAccounts())[0]?.address ?? '';
  const account = parseAccount(address, prefix) ?? new Uint8Array(0);
  // Said, not guessed: nodes misstate their version.
  const reach = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    ask(deps.clock, url, work, signal);
  const comet = await reach(async () => Comet38Client.connect(url));
  const client = SigningStargateClient.createWithSigner(comet, wallet, { registry, aminoTypes });
  const serial = createSerial();
  let next = 0;

  const feeOf = (messages: number): StdFee => {
    const { gas, fee } = transactionCost(costs, { send: messages, mint: 0, multiSend: 0 }, 1);
    return { amount: fee === 0n ? [] : [{ denom: feeDenom, amount: fee.toString() }], gas: gas.toString() };
  };

  const submit: CosmosSender['submit'] = async (messages, memo, signal) =>
    serial(async () => {
      if (signal.aborted) throw abortedError(signal);
      const { accountNumber, sequence } = await reach(async () => client.getSequence(address), signal);
      if (sequence > next) next = sequence;
      const data = { accountNumber, sequence: next, chainId };
      const signed = await client.sign(address, messages, feeOf(messages.length), memo, data);
      const bytes = Uint8Array.from(TxRaw.encode(signed).finish());
      try {
        const hash = await reach(async () => broadcast(client, bytes), signal);
        next++;
        return hash;
      } catch (cause) {
        // What waited before may be lost: count from the chain again.
        next = 0;
        throw new ViaductError({
          code: 'TX_REVERTED',
          shortMessage: `A transaction of ${address} was refused.`,
          metaMessages: [cause instanceof Error ? cause.message.slice(0, 300) : 'no reason'],
          cause,
        });
      }
    });

  const wait: CosmosSender['wait'] = async (transaction, signal) => {
    for (let look = 0; look < LOOKS_MAX; look++) {
      // An endpoint that does not answer now may do so later.
      const found = await client.getTx(transaction).catch(() => null);
      if (found !== null && found.code === 0) {
        return { transaction, height: BigInt(found.height), gasUsed: found.gasUsed };
      }
      if (found !== null) {
        throw new ViaductError({
          code: 'TX_REVERTED',
          shortMessage: `Transaction ${transaction} was included and failed with code ${found.code}.`,
          metaMessages: [found.rawLog.slice(0, 300)],
        });
      }
      await deps.clock.sleep(nextDelay(look, LOOK_MS_MIN, LOOK_MS_MAX), signal);
    }
    throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `Transaction ${transaction} was not included.` });
  };

  return {
    address,
    account,
    prefix,
    submit,
    wait,
    send: async (messages, memo, signal) => wait(await submit(messages, memo, signal), signal),
    close: () => {
      client.disconnect();
    },
  };
}

/** As cosmjs has it, but for the digest: its hash in plain JavaScript takes longer than all the rest of a large transaction. */
async function createWallet(privateKey: Uint8Array, prefix: string): Promise<OfflineDirectSigner> {
  const key = Uint8Array.from(privateKey);
  const accounts = await (await DirectSecp256k1Wallet.fromKey(key, prefix)).getAccounts();
  return {
    getAccounts: async () => Promise.resolve(accounts),
    signDirect: async (address, signed) => {
      const account = accounts.find((one) => one.address === address);
      assert(account !== undefined, 'the account of this key');
      const signature = sign(sha256(makeSignBytes(signed)), key).slice(0, 64);
      return Promise.resolve({ signed, signature: encodeSecp256k1Signature(account.pubkey, signature) });
    },
  };
}

/** The same bytes again are known, which is as good as taken. */
async function broadcast(client: SigningStargateClient, bytes: Uint8Array): Promise<string> {
  try {
    return await client.broadcastTxSync(bytes);
  } catch (cause) {
    if (cause instanceof Error && nodeMeaning(cause.message) === 'known') return hashOfTx(bytes);
    throw cause;
  }
}

/**
 * Asks again what does no harm when it is asked twice: nodes close idle connections, and are late under load. What a node
 * says about a transaction passes through. What cosmjs throws about an endpoint may have its URL in it.
 */
async function ask<T>(clock: Clock, url: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof BroadcastTxError) throw cause;
      if (attempt + 1 < ASKS_MAX) {
        await clock.sleep(nextDelay(attempt, LOOK_MS_MIN, LOOK_MS_MAX), signal);
        continue;
      }
      const name = URL.canParse(url) ? new URL(url).host : 'the endpoint';
      throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `${name} did not answer usefully.`, cause });
    }
  }
}
