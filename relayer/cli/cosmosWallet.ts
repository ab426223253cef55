/** A Cosmos account as a user has it: payments to a vault with a routing memo, balances of coins. */
import {
  balanceOf,
  createCometEndpoint,
  createCosmosSender,
  depositMany,
  type DepositTerms,
  formatAccount,
} from '../../adapters/cosmos/index.ts';
import { createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import type { Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import type { CosmosChain, Representation } from '../manifest/index.ts';
import type { ChainWallet, Sent } from './chainWallet.ts';
import { createShardTurns } from './shardTurns.ts';

export interface CosmosWalletOptions {
  readonly chain: CosmosChain;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly url: string;
}

/** Deposits sent and not yet included: a node takes as many of one account and more. */
const IN_FLIGHT_MAX = 50;

export async function createCosmosWallet(
  deps: { readonly clock: Clock },
  options: CosmosWalletOptions,
): Promise<ChainWallet> {
  const { chain, key, url } = options;
  const { chainId, prefix, feeDenom, costs, gateway } = chain;
  const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url }), { chainId });
  const sender = await createCosmosSender(deps, { url, chainId, prefix, privateKey: key, feeDenom, costs });
  const nextShard = createShardTurns(gateway.shards, deps);

  return {
    account: sender.account,
    /** A memo names one receiver, so each payment is a transaction of its own. */
    async send({ target, local }, payments, deadline, signal) {
      const sent: Sent[] = [];
      for (let first = 0; first < payments.length; first += IN_FLIGHT_MAX) {
        const terms = payments.slice(first, first + IN_FLIGHT_MAX).map(({ amount, receiver }): DepositTerms => {
          const vault = nextShard();
          return { vault, denom: denomOf(local), amounts: [amount], target: target.name, receiver, deadline };
        });
        for (const { transaction, height } of await depositMany(sender, terms, signal)) {
          sent.push({ transaction, height, places: [] });
        }
      }
      return sent;
    },
    balance: async (token, account, signal) =>
      balanceOf(endpoint, denomOf(token), formatAccount(account, prefix), signal),
  };
}

export function denomOf(local: Representation): string {
  assert(local.family === 'cosmos', 'a representation on a Cosmos chain');
  return local.denom;
}
