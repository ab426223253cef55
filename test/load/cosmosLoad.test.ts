/** The load driver of Cosmos chains on the local chain. */
import { DirectSecp256k1Wallet } from '@cosmjs/proto-signing';
import { describe, expect, it } from 'vitest';
import { balanceOf, createCometEndpoint, formatAccount, SDK_053_COSTS } from '../../adapters/cosmos/index.ts';
import { createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { utf8 } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { startLocalCosmos } from '../devnet/cosmos/index.ts';
import { createCosmosLoad } from './cosmosLoad.ts';
import { runLoad } from './load.ts';
import { createReceivers } from './receivers.ts';

const deps = { clock: systemClock };
const signal = new AbortController().signal;
const CHAIN_ID = 'viaduct-load-1';

describe('load on a Cosmos chain', () => {
  it('deposits exactly what it says, many in each transaction', async () => {
    const funder = keccak256(utf8('funder of the load'));
    const [account] = await (await DirectSecp256k1Wallet.fromKey(funder, 'cosmos')).getAccounts();
    const local = await startLocalCosmos(deps, {
      chainId: CHAIN_ID,
      seed: 's',
      holders: [{ address: account!.address, coins: { utoken: 10n ** 13n } }],
      blockMs: 50,
    });
    try {
      const { url } = local.nodes[0]!;
      const receivers = createReceivers({ seed: 's', holders: 5, freshPercent: 0, per: 'transaction', length: 20 });
      const vaults = [1, 2].map((byte) => new Uint8Array(20).fill(byte));
      const driver = createCosmosLoad(deps, {
        url,
        chain: { chainId: CHAIN_ID, prefix: 'cosmos', feeDenom: 'utoken', costs: SDK_053_COSTS },
        vaults,
        target: chainName('anvil-a'),
        denom: 'utoken',
        unit: 10n,
        receivers,
        funder,
        senders: 2,
        seed: 's',
      });
      const plan = { perSecond: undefined, count: 70, seconds: undefined, batch: 20 };
      const report = await runLoad(driver, plan, deps, signal);
      expect(report).toMatchObject({ included: 70, failed: 0, transactions: 4 });
      const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url }), { chainId: CHAIN_ID });
      const held = await Promise.all(
        vaults.map(async (vault) => balanceOf(endpoint, 'utoken', formatAccount(vault, 'cosmos'), signal)),
      );
      expect(held.reduce((sum, amount) => sum + amount, 0n)).toBe(receivers.total(0, 70) * 10n);
    } finally {
      await local.stop();
    }
  });
});
