/** The load driver of Substrate chains on the local asset hub. */
import { describe, expect, it } from 'vitest';
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import {
  balanceOf,
  createChainView,
  createRuntimes,
  createSubstrateEndpoint,
  formatAccount,
  keyFromSeed,
  metadataHash,
} from '../../adapters/substrate/index.ts';
import { utf8 } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { startLocalSubstrate } from '../devnet/substrate/index.ts';
import { runLoad } from './load.ts';
import { createReceivers } from './receivers.ts';
import { createSubstrateLoad, fastKey, giveExistence } from './substrateLoad.ts';

const deps = { clock: systemClock };
const signal = new AbortController().signal;
const COIN = 10n ** 12n;
const SS58_PREFIX = 42;

describe('a key that signs by WebAssembly', () => {
  it('is the account of the same seed', () => {
    const seed = keccak256(utf8('some seed'));
    expect(fastKey(seed).account).toEqual(keyFromSeed(seed).account);
    expect(fastKey(seed).sign(utf8('message'))).toHaveLength(65);
  });
});

describe('load on a Substrate chain', () => {
  it('deposits exactly what it says, an extrinsic each, and makes accounts exist', async () => {
    const funder = keccak256(utf8('funder of the load'));
    const holder = { address: formatAccount(keyFromSeed(funder).account, SS58_PREFIX), amount: 10n ** 6n * COIN };
    const local = await startLocalSubstrate(deps, { holders: [holder], blockMs: 150 });
    try {
      const { url, genesisHash, chain: hub } = local.assetHub;
      const { version, metadataBytes } = hub.runtime;
      const view = createChainView(
        createEndpointRing([createSubstrateEndpoint(createHttpEndpoint(deps, { url }), { genesisHash })]),
        createRuntimes(new Map([[version.specVersion, `0x${metadataHash(metadataBytes)}`]])),
        genesisHash,
      );
      const chain = { view, ss58Prefix: SS58_PREFIX };
      const receivers = createReceivers({ seed: 's', holders: 3, freshPercent: 0, per: 'deposit', length: 32 });
      const vaults = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
      await giveExistence(deps, chain, funder, [...receivers.holders, ...vaults], signal);
      const native = { kind: 'native' } as const;
      const held = async (accounts: readonly Uint8Array[]): Promise<bigint> => {
        const each = accounts.map(async (account) => balanceOf(view, native, account, signal));
        return (await Promise.all(each)).reduce((sum, amount) => sum + amount, 0n);
      };
      expect(await held(receivers.holders)).toBe((3n * COIN) / 10n);
      const before = await held(vaults);
      const driver = createSubstrateLoad(deps, {
        ...{ chain, vaults, receivers, funder, token: native, unit: COIN / 10n },
        target: chainName('anvil-a'),
        senders: 2,
        seed: 's',
      });
      const plan = { perSecond: undefined, count: 30, seconds: undefined, batch: 20 };
      const report = await runLoad(driver, plan, deps, signal);
      expect(report).toMatchObject({ included: 30, failed: 0, transactions: 30 });
      expect((await held(vaults)) - before).toBe((receivers.total(0, 30) * COIN) / 10n);
    } finally {
      await local.stop();
    }
  });
});
