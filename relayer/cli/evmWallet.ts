/** An EVM account as a user has it: deposits into a gateway contract, balances of its tokens. */
import {
  balanceOf,
  createEvmSender,
  createRpcEndpoint,
  deposit,
  depositBatch,
  type SentDeposits,
} from '../../adapters/evm/index.ts';
import type { Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import { readSequence } from '../core/packet.ts';
import type { EvmChain, Representation } from '../manifest/index.ts';
import type { ChainWallet, Sent } from './chainWallet.ts';

export interface EvmWalletOptions {
  readonly chain: EvmChain;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly url: string;
}

export function createEvmWallet(deps: { readonly clock: Clock }, options: EvmWalletOptions): ChainWallet {
  const { chain, key, url } = options;
  const { chainId } = chain;
  const endpoint = createRpcEndpoint(deps, { url, chainId });
  const sender = createEvmSender(deps, { endpoint, chainId, privateKey: key });
  return {
    account: sender.address,
    async send({ lane, asset, local }, payments, deadline, signal) {
      const terms = {
        gateway: chain.gateway.address,
        lane: lane.id,
        asset: asset.id,
        token: tokenOf(local),
        deadline,
      };
      const [only] = payments;
      if (only === undefined) return [];
      return [
        sentOf(
          payments.length === 1
            ? await deposit(sender, { ...terms, ...only }, signal)
            : await depositBatch(sender, { ...terms, transfers: payments }, signal),
        ),
      ];
    },
    balance: async (token, account, signal) => balanceOf(endpoint, tokenOf(token), account, signal),
  };
}

/** Undefined for the chain's own coin. */
export function tokenOf(local: Representation): Uint8Array | undefined {
  assert(local.family === 'evm', 'a representation on an EVM chain');
  return local.custody === 'native' ? undefined : local.token;
}

function sentOf({ receipt, packets }: SentDeposits): Sent {
  const { transaction, height } = receipt;
  return { transaction, height, places: packets.map(({ lane, packet }) => `${lane}-${readSequence(packet)}`) };
}
