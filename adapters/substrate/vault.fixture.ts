/** A vault gateway for tests: the chain's coin stands for asset 1, pallet asset 7 for asset 2; lanes lead to two chains. */
import { assetId, caip2, chainName } from '../../relayer/core/ids.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import type { SubstrateGateway, VaultAccount } from './gateway.ts';

/** The entropy of the well-known development phrase: worthless keys. */
export const DEV_SEED = Uint8Array.from(
  Buffer.from('fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e', 'hex'),
);
/** Planck of one coin; canonical units as well. */
export const COIN = 10n ** 12n;
export const ASSET = assetId(1);
export const MINTED = assetId(2);
export const MINTED_ID = 7n;

const source = { chain: caip2('polkadot:viaduct-local'), gateway: new Uint8Array(32).fill(1) };
const evm = { chain: caip2('eip155:31337'), gateway: new Uint8Array(20).fill(2) };
export const EVM_LANE = laneIdOf(source, evm);
export const IN_LANE = laneIdOf(evm, source);
export const HOME_LANE = laneIdOf(source, source);

export function makeGateway(vaults: readonly VaultAccount[], startHeight = 1n): SubstrateGateway {
  const issuer = vaults[0]?.account ?? new Uint8Array(32);
  const minted = { asset: MINTED, minAmount: 1n, maxAmount: undefined, granularity: 1n };
  return {
    startHeight,
    slotMs: 12_000,
    ss58Prefix: 42,
    vaults,
    assets: [
      {
        asset: ASSET,
        token: { kind: 'native' },
        custody: { kind: 'lock' },
        decimals: 12,
        canonicalDecimals: 12,
        refundMinimum: COIN / 10n,
      },
      {
        asset: MINTED,
        token: { kind: 'asset', id: MINTED_ID },
        custody: { kind: 'mint', issuer },
        decimals: 6,
        canonicalDecimals: 8,
        refundMinimum: 0n,
      },
    ],
    outbound: [
      {
        lane: EVM_LANE,
        target: chainName('anvil-a'),
        enabled: true,
        receiverLengths: [20],
        assets: [{ asset: ASSET, minAmount: COIN, maxAmount: 1_000n * COIN, granularity: 1_000n }, minted],
      },
    ],
    inbound: [{ lane: IN_LANE, opposite: EVM_LANE }],
    home: HOME_LANE,
  };
}
