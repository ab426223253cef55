/** A Substrate account as a user has it: payments to a vault with a routing memo beside them, balances of tokens. */
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import {
  balanceOf,
  createChainView,
  createRuntimes,
  createSubstrateEndpoint,
  createSubstrateSender,
  depositMany,
  type DepositTerms,
  keyFromSeed,
  type VaultToken,
} from '../../adapters/substrate/index.ts';
import { toHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import type { Representation, SubstrateChain } from '../manifest/index.ts';
import type { ChainWallet, Sent } from './chainWallet.ts';
import { createShardTurns } from './shardTurns.ts';

export interface SubstrateWalletOptions {
  readonly chain: SubstrateChain;
  /** The seed of an sr25519 key, 32 bytes. */
  readonly key: Uint8Array;
  readonly url: string;
}

/** Deposits sent and not yet included: pools take as many of one account and more. */
const IN_FLIGHT_MAX = 50;

export function createSubstrateWallet(
  deps: { readonly clock: Clock },
  { chain, key, url }: SubstrateWalletOptions,
): ChainWallet {
  const genesisHash = toHex(chain.genesisHash);
  const endpoint = createSubstrateEndpoint(createHttpEndpoint(deps, { url }), { genesisHash });
  const view = createChainView(createEndpointRing([endpoint]), createRuntimes(chain.runtimes), genesisHash);
  const { ss58Prefix, gateway } = chain;
  const sender = createSubstrateSender({ ...deps, view }, { key: keyFromSeed(key), ss58Prefix });
  const nextShard = createShardTurns(gateway.shards, deps);

  return {
    account: sender.account,
    async send({ target, local }, payments, deadline, signal) {
      const sent: Sent[] = [];
      for (let first = 0; first < payments.length; first += IN_FLIGHT_MAX) {
        const terms = payments.slice(first, first + IN_FLIGHT_MAX).map(({ amount, receiver }): DepositTerms => {
          return { vault: nextShard(), token: vaultTokenOf(local), amount, target: target.name, receiver, deadline };
        });
        for (const { height, index } of await depositMany(sender, terms, signal)) {
          // Blocks name extrinsics by their position: the hash of one may be there again.
          sent.push({ transaction: `${height}-${index}`, height, places: [] });
        }
      }
      return sent;
    },
    balance: async (token, account, signal) => balanceOf(view, vaultTokenOf(token), account, signal),
  };
}

export function vaultTokenOf(local: Representation): VaultToken {
  assert(local.family === 'substrate', 'a representation on a Substrate chain');
  return local.assetId === undefined ? { kind: 'native' } : { kind: 'asset', id: local.assetId };
}
